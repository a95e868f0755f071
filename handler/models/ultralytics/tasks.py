"""What ultralytics answers for each task, read as detections."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ultralytics.engine.results import Results
from ultralytics.models.yolo.segment import SegmentationPredictor
from ultralytics.utils import ops

from handler.detection.detections import Detections, Mask
from handler.models import masks
from handler.models.regions import Regions


@dataclass(frozen=True)
class Reading:
    """What is chosen: how many classes a picture can have, and what pixels' classes become."""

    top_k: int
    regions: Regions


def _boxes(result: Any, _: float, __: Reading) -> Detections:
    boxes = result.boxes.cpu().numpy()
    return Detections(boxes=boxes.xyxy, scores=boxes.conf, classes=boxes.cls.astype(np.int64))


def _oriented(result: Any, _: float, __: Reading) -> Detections:
    found = result.obb.cpu().numpy()
    centre, size = found.xywhr[:, :2], found.xywhr[:, 2:4]
    return Detections(
        boxes=np.concatenate([centre - size / 2, centre + size / 2], axis=1),
        scores=found.conf,
        classes=found.cls.astype(np.int64),
        angles=np.degrees(found.xywhr[:, 4]),
    )


def _masks(result: Any, threshold: float, reading: Reading) -> Detections:
    found = _boxes(result, threshold, reading)
    return Detections(found.boxes, found.scores, found.classes, masks=result.cut_outs)


def _keypoints(result: Any, threshold: float, reading: Reading) -> Detections:
    found = _boxes(result, threshold, reading)
    points = result.keypoints.data.cpu().numpy()
    if points.shape[2] == 2:  # trained without visibility
        points = np.concatenate([points, np.ones_like(points[..., :1])], axis=2)
    return Detections(found.boxes, found.scores, found.classes, keypoints=points)


def _classes(result: Any, threshold: float, reading: Reading) -> Detections:
    scores = result.probs.data.cpu().numpy()
    best = np.argsort(-scores, kind="stable")[: reading.top_k]
    best = best[scores[best] >= threshold]
    height, width = result.orig_shape
    whole = np.array([0, 0, width, height], np.float32)
    return Detections(np.tile(whole, (len(best), 1)), scores[best], best)


def _pixels(result: Any, _: float, reading: Reading) -> Detections:
    return reading.regions.read(result.semantic_mask.data.cpu().numpy())


class _CutOuts(SegmentationPredictor):  # type: ignore[misc]
    """Ultralytics' own, but for the masks: of each object alone, in the picture's pixels."""

    def construct_result(
        self, pred: Any, img: Any, orig_img: Any, img_path: Any, proto: Any
    ) -> Any:
        height, width = orig_img.shape[:2]
        pred[:, :4] = ops.scale_boxes(img.shape[2:], pred[:, :4], orig_img.shape)
        rows = pred.float().cpu().numpy()
        cut_outs: list[Mask] = masks.decode(
            proto.float().cpu().numpy(), rows[:, 6:], rows[:, :4], height, width
        )
        seen = [index for index, mask in enumerate(cut_outs) if mask.pixels.size]
        result = Results(orig_img, path=img_path, names=self.model.names, boxes=pred[seen, :6])
        result.cut_outs = [cut_outs[index] for index in seen]
        return result


@dataclass(frozen=True)
class Task:
    """How a task's results are read. `noun` is for people, `without` are options it has no use for.

    read: takes a result, the threshold and what is chosen. predictor: None is the library's own.
    """

    noun: str
    read: Callable[[Any, float, Reading], Detections]
    without: frozenset[str]
    predictor: Any = None


_OF_CLASSIFICATION = frozenset({"top_k"})
_OF_DETECTION = frozenset({"iou", "max_detections", "agnostic_nms"})
_OF_PIXELS = frozenset({"iou", "agnostic_nms", "top_k"})
TASKS = {
    "detect": Task("detector", _boxes, _OF_CLASSIFICATION),
    "obb": Task("oriented detector", _oriented, _OF_CLASSIFICATION),
    "segment": Task("segmenter", _masks, _OF_CLASSIFICATION, _CutOuts),
    "pose": Task("pose model", _keypoints, _OF_CLASSIFICATION),
    "semantic": Task("semantic segmenter", _pixels, _OF_PIXELS),
    "classify": Task("classifier", _classes, _OF_DETECTION),
}
