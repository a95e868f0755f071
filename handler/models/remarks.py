"""What the user of a model has to know of it: sentences for `check` and the log of the start."""

SUPPRESSED = (
    "What overlaps is taken out inside the network (it was exported with nms=True): a threshold "
    "below the one it was exported with (0.25, unless `conf` was given) finds nothing more, and "
    "iou and agnostic_nms have no effect"
)
QUANTISED = (
    "The .onnx computes in whole numbers: it runs on ONNX Runtime, as with the library that "
    "exported it, since OpenVINO rounds otherwise and finds other objects"
)
