"""Models trained with YOLOv5's own repository: detection, segmentation, classification."""

from typing import Any, Self

import cv2
import numpy as np
import torch
import torchvision
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.models import masks
from handler.models.engines.device import torch_device
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.yolov5.weights import TASKS, names_of, read_network
from handler.pictures.decoding import Picture
from handler.pictures.letterbox import Letterbox
from handler.settings import Settings

# YOLOv5's own: detect.py's iou and max_det, and what it never hands to NMS.
_IOU, _MAX_DETECTIONS, _MAX_CANDIDATES = 0.45, 1000, 30_000
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, for classifiers

_NOUNS = {"detect": "detector", "segment": "segmenter", "classify": "classifier"}


class YOLOv5:
    """A checkpoint of YOLOv5's own repository, without its code: see `yolov5_layers`."""

    keypoints: tuple[str, ...] = ()

    def __init__(
        self, network: Any, names: ClassNames, options: Options, device: torch.device
    ) -> None:
        head = network.model[-1]
        self.task = TASKS[type(head)]
        self.classes = names.classes
        self.remarks = names.remarks
        self.description = f"YOLOv5 {_NOUNS[self.task]}"
        self.versions = {"torch": str(torch.__version__)}
        unused = {"iou", "max_detections", "agnostic_nms"} if self.task == "classify" else {"top_k"}
        self.without = frozenset(unused)
        self._network = network
        self._options = options
        self._device = device
        self._size = options.image_size or (224 if self.task == "classify" else 640)
        self.image_size = (self._size, self._size)
        self._stride = 32 if self.task == "classify" else int(head.stride.max())

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        device = torch_device(settings.device)
        network = read_network(folder, checkpoint)
        return cls(network.to(device), names_of(folder, network), options, device)

    @torch.inference_mode()
    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        if self.task == "classify":
            return self._classify(picture, threshold)
        seen, letterbox = Letterbox.fit(picture, (self._size, self._size), self._stride)
        answer = self._network(self._tensor(seen) / 255)
        rows, prototypes = answer if self.task == "segment" else (answer, None)
        best = self._suppress(rows[0], threshold).float().cpu().numpy()
        boxes = letterbox.undo(best[:, :4])
        found = Detections(boxes, best[:, 4], best[:, 5].astype(np.int64))
        if prototypes is None:
            return found
        height, width = picture.shape[:2]
        cut_outs = masks.decode(
            prototypes[0].float().cpu().numpy(),
            best[:, 6:],
            boxes,
            height,
            width,
            of_probabilities=True,
        )
        with_masks = Detections(found.boxes, found.scores, found.classes, masks=cut_outs)
        return with_masks.where(np.array([mask.pixels.size > 0 for mask in cut_outs], bool))

    def _tensor(self, picture: Picture) -> torch.Tensor:
        rgb = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))
        return torch.from_numpy(rgb)[None].to(self._device).float()

    def _suppress(self, rows: torch.Tensor, threshold: float) -> torch.Tensor:
        """Return (n, 6 + m): x1 y1 x2 y2, score, class and mask coefficients, best first."""
        count = len(self.classes)
        rows = rows[rows[:, 4] > threshold]
        scores, classes = (rows[:, 5 : 5 + count] * rows[:, 4:5]).max(1)
        keep = scores > threshold
        rows, scores, classes = rows[keep], scores[keep], classes[keep]
        order = scores.argsort(descending=True)[:_MAX_CANDIDATES]
        rows, scores, classes = rows[order], scores[order], classes[order]
        half = rows[:, 2:4] / 2
        boxes = torch.cat([rows[:, :2] - half, rows[:, :2] + half], 1)
        # Boxes of different classes never meet where each class has a plane of its own.
        planes = 0 if self._options.agnostic_nms else classes[:, None] * 7680
        iou = _IOU if self._options.iou is None else self._options.iou
        kept = torchvision.ops.nms(boxes + planes, scores, iou)
        kept = kept[: self._options.max_detections or _MAX_DETECTIONS]
        # YOLOv5 weighs them too, and interpolates what comes of it.
        coefficients = rows[:, 5 + count :] * rows[:, 4:5]
        return torch.cat([boxes, scores[:, None], classes[:, None], coefficients], 1)[kept]

    def _classify(self, picture: Picture, threshold: float) -> Detections:
        height, width = picture.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = picture[top : top + side, left : left + side]
        seen = np.asarray(cv2.resize(square, (self._size, self._size)), np.uint8)
        mean, std = (
            torch.tensor(values, device=self._device).view(3, 1, 1) for values in (_MEAN, _STD)
        )
        scores = self._network((self._tensor(seen) / 255 - mean) / std)[0].softmax(0)
        best = scores.float().topk(min(self._options.top_k, len(scores)))
        likely: NDArray[np.float32] = best.values.cpu().numpy()
        keep = likely >= threshold
        whole = np.array([[0, 0, width, height]], np.float32)
        return Detections(
            whole.repeat(keep.sum(), axis=0), likely[keep], best.indices.cpu().numpy()[keep]
        )
