"""What torchvision's models take and answer; scripted ones do the same.

Detectors: a picture in, a dictionary of boxes, labels and scores out, best first; label 0 is the
background. Classifiers: a normalised batch in, logits out. Source: torchvision's documentation of
`torchvision.models.detection` and of the weights' `transforms`.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from handler.detection.detections import Detections, Mask
from handler.detection.names import ClassNames
from handler.models.folder.model_folder import ModelFolder
from handler.pictures.decoding import Picture

_BACKGROUND = ("__background__", "background")
_MASK = 0.5  # the share of certainty from which torchvision counts a pixel as the object's


def listed_classes(folder: ModelFolder) -> ClassNames:
    """Return the classes of classes.txt, without the background if it comes first.

    Raises:
        WeightsError: there is no classes.txt; these weights carry no names.
    """
    listed = folder.classes
    if listed is not None:
        listed = listed[listed[0] in _BACKGROUND :]
    return ClassNames.of(None, listed, None, folder.weights, folder.classes_file)


def tensor_of(picture: Picture, device: torch.device) -> torch.Tensor:
    """Return a picture as (3, height, width) float32, RGB, 0 to 1."""
    rgb = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))
    return torch.from_numpy(rgb).to(device).float() / 255


def found_objects(
    answer: dict[str, torch.Tensor], threshold: float, most: int | None
) -> Detections:
    """Return a detector's answer: the `most` best of what scores `threshold` or more."""
    keep = (answer["scores"] >= threshold).nonzero()[:most, 0]
    boxes: NDArray[np.float32] = answer["boxes"][keep].float().cpu().numpy()
    return Detections(
        boxes=boxes,
        scores=answer["scores"][keep].float().cpu().numpy(),
        classes=answer["labels"][keep].cpu().numpy() - 1,
        masks=_cut_outs(answer["masks"][keep, 0], boxes) if "masks" in answer else None,
        keypoints=_keypoints(answer, keep) if "keypoints" in answer else None,
    )


def likely_classes(
    logits: torch.Tensor, threshold: float, top_k: int, picture: Picture
) -> Detections:
    """Return the best of a classifier's logits (n,), at most `top_k`, as the whole picture."""
    best = logits.float().softmax(0).topk(min(top_k, len(logits)))
    scores: NDArray[np.float32] = best.values.cpu().numpy()
    likely = scores >= threshold
    height, width = picture.shape[:2]
    whole = np.array([[0, 0, width, height]], np.float32).repeat(likely.sum(), axis=0)
    return Detections(whole, scores[likely], best.indices.cpu().numpy()[likely])


def _cut_outs(masks: torch.Tensor, boxes: NDArray[np.float32]) -> list[Mask]:
    cut_outs = []
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        # torchvision pastes a mask into its box, which it rounds outwards by a pixel.
        left, top = max(int(x1) - 1, 0), max(int(y1) - 1, 0)
        part = mask[top : int(y2) + 3, left : int(x2) + 3] > _MASK
        cut_outs.append(Mask.of(part.cpu().numpy(), left, top))
    return cut_outs


def _keypoints(answer: dict[str, torch.Tensor], keep: torch.Tensor) -> NDArray[np.float32]:
    places = answer["keypoints"][keep, :, :2].float()
    confidence = answer["keypoints_scores"][keep].float().sigmoid()
    return np.asarray(torch.cat([places, confidence[..., None]], 2).cpu().numpy(), np.float32)
