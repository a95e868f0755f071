"""How good both sides' answers are, where the pictures are labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from handler.detection.detections import Detections
from handler.errors import SettingsError
from handler.models.export.ground_truth import has_labels, objects_on
from handler.models.libraries import check_tool
from handler.parity.ways import Models, as_script_reads


class Measures:
    """The labels of the pictures, and both sides' answers; nothing without labels."""

    def __init__(self, models: Models, folder: Path | None, *, labelled: bool) -> None:
        self._models = models
        self._folder = folder
        self._labelled = labelled
        self._truths: list[Detections] = []
        self._answers: dict[str, list[Detections]] = {"script": [], "cvat": []}

    @classmethod
    def of(cls, models: Models, pictures: Sequence[Path], folder: Path | None) -> Self:
        """Look for labels; `folder` is where they have to be.

        Raises:
            SettingsError: there are none in `folder`, or what measures is not installed.
        """
        labelled = has_labels(pictures, models.service.model, folder)
        if folder is not None:
            if not labelled:
                raise SettingsError(
                    f"No label file in {folder} has the name of a picture",
                    "Labels are NAME.txt for NAME.jpg, in YOLO's format.",
                )
            check_tool("--labels", "ultralytics")
        return cls(models, folder, labelled=labelled and folder is not None)

    def add(self, path: Path, script: Detections, cvat: Detections) -> None:
        """Take a picture's answers in.

        Raises:
            SettingsError: its labels do not fit the model.
        """
        if not self._labelled:
            return
        picture = as_script_reads(path, self._models.service.max_pixels)
        self._truths.append(objects_on(path, picture, self._models.service.model, self._folder))
        for side, found in (("script", script), ("cvat", cvat)):
            self._answers[side].append(found)

    def results(self) -> Mapping[str, Mapping[str, float]]:
        """Return for each side mAP50 and mAP50-95, or of a classifier its accuracy, in points.

        They are of the answers as they are shown: what is below the threshold is not there.
        """
        if not self._labelled:
            return {}
        from handler.models.export.accuracy import accuracy, mean_precisions

        task = self._task()
        if task == "classify":
            return {
                side: {"top-1 accuracy": round(accuracy(task, self._truths, found), 2)}
                for side, found in self._answers.items()
            }
        named = {
            side: mean_precisions(task, self._truths, [self._whole(each) for each in found])
            for side, found in self._answers.items()
        }
        return {
            side: {"mAP50": round(fifty, 2), "mAP50-95": round(whole, 2)}
            for side, (fifty, whole) in named.items()
        }

    def _task(self) -> str:
        """Return what to measure: boxes where a side gives no masks or keypoints."""
        task = self._models.service.model.task
        part = {"segment": "masks", "pose": "keypoints"}.get(task)
        found = [each for side in self._answers.values() for each in side if len(each)]
        if part and any(getattr(each, part) is None for each in found):
            return "detect"
        return task

    def _whole(self, found: Detections) -> Detections:
        """Return an answer with nothing in it as one with no masks and no keypoints."""
        if len(found):
            return found
        points = np.zeros((0, len(self._models.service.model.keypoints), 3), np.float32)
        return replace(found, masks=[], keypoints=points, angles=np.zeros(0, np.float32))
