"""Which weights can be exported, and by what: a small table that knows no family's code."""

from handler.models.folder.checkpoint import Checkpoint

# A family whose .pt files are converted, and the function that does it, imported when needed.
CONVERTERS = {
    "ultralytics": "handler.models.ultralytics.conversion:convert",
    "yolov5": "handler.models.yolov5.conversion:convert",
}


def is_exportable(family: str, checkpoint: Checkpoint) -> bool:
    """Tell whether weights can be exported: what `recognise` returns for their folder."""
    return family in CONVERTERS and checkpoint.kind == "pickle"
