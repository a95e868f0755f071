"""A bound on MMRotate's suppression, whose time on a CPU grows with the square of its boxes."""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from typing import Any

_FUNCTIONS = ("nms_rotated", "nms_quadri")


def bound(modules: Iterable[str], most: int) -> None:
    """Have the functions that `modules` call by these names look at the `most` best boxes only.

    Boxes are gone through from the best to the worst, so the answer is that of all boxes, up to
    the first that is left out. Neither generation's test_cfg can say this: `nms_pre` counts per
    level and, in 0.x, before each box becomes one of every class.
    """
    for module in map(importlib.import_module, modules):
        for name in _FUNCTIONS:
            if hasattr(module, name):
                setattr(module, name, _of_the_best(inspect.unwrap(getattr(module, name)), most))


def _of_the_best(suppress: Callable[..., Any], most: int) -> Callable[..., Any]:
    @functools.wraps(suppress)
    def bounded(
        dets: Any, scores: Any, iou_threshold: float, labels: Any = None, **options: Any
    ) -> Any:
        if len(scores) <= most:
            return suppress(dets, scores, iou_threshold, labels, **options)
        best = scores.topk(most).indices
        if labels is not None:
            labels = labels[best]
        kept, indices = suppress(dets[best], scores[best], iou_threshold, labels, **options)
        return kept, best[indices]

    return bounded
