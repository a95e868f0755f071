"""The handler that a team writes first: Pillow, ultralytics and json, a model for each task.

It takes the shape of the functions that CVAT publishes, and does what they do: base64 decoded by
the standard library, the picture by Pillow, `YOLO("best.pt")` asked with the request's threshold,
each object turned into one of CVAT's shapes, all of them written by `json.dumps`.
"""

import base64
import io
import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from ultralytics import YOLO

Shape = dict[str, Any]


def init_context(context: Any) -> None:
    context.logger.info("Init context...  0%")
    context.user_data.model = YOLO(os.environ["WEIGHTS"])
    context.logger.info("Init context...100%")


def handler(context: Any, event: Any) -> Any:
    context.logger.info("Run the model")
    request = event.body
    threshold = float(request.get("threshold", 0.5))
    image = Image.open(io.BytesIO(base64.b64decode(request["image"]))).convert("RGB")
    shapes = list(shapes_on(image, context.user_data.model, threshold))
    return context.Response(
        body=json.dumps(shapes), headers={}, content_type="application/json", status_code=200
    )


def shapes_on(image: Any, model: Any, threshold: float) -> Iterator[Shape]:
    # Masks of the network's own resolution do not lie on the picture.
    result = model.predict(image, conf=threshold, retina_masks=True, verbose=False)[0]
    yield from SHAPES[model.task](result, threshold)


def rectangles(result: Any, _: float) -> Iterator[Shape]:
    for box in result.boxes:
        yield {
            "confidence": str(float(box.conf[0])),
            "label": result.names[int(box.cls[0])],
            "points": box.xyxy[0].tolist(),
            "type": "rectangle",
        }


def turned_rectangles(result: Any, _: float) -> Iterator[Shape]:
    for box in result.obb:
        x, y, width, height, angle = box.xywhr[0].tolist()
        yield {
            "confidence": str(float(box.conf[0])),
            "label": result.names[int(box.cls[0])],
            "points": [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
            "rotation": float(np.degrees(angle)) % 360,
            "type": "rectangle",
        }


def masks(result: Any, _: float) -> Iterator[Shape]:
    for box, outline, pixels in zip(
        result.boxes, result.masks.xy, result.masks.data.numpy(), strict=True
    ):
        left, top, right, bottom = (int(value) for value in box.xyxy[0].tolist())
        cut_out = pixels[top : bottom + 1, left : right + 1].astype(int)
        rows, columns = cut_out.shape
        mask = cut_out.flatten().tolist()
        mask += [left, top, left + columns - 1, top + rows - 1]
        yield {
            "confidence": str(float(box.conf[0])),
            "label": result.names[int(box.cls[0])],
            "points": outline.ravel().tolist(),
            "mask": mask,
            "type": "mask",
        }


def skeletons(result: Any, _: float) -> Iterator[Shape]:
    for box, points in zip(result.boxes, result.keypoints.data.tolist(), strict=True):
        elements = [
            {
                "confidence": str(confidence),
                "label": str(number),
                "outside": 0 if confidence >= 0.5 else 1,
                "points": [x, y],
                "type": "points",
            }
            for number, (x, y, confidence) in enumerate(points, start=1)
        ]
        yield {
            "confidence": str(float(box.conf[0])),
            "label": result.names[int(box.cls[0])],
            "elements": elements,
            "type": "skeleton",
        }


def tags(result: Any, threshold: float) -> Iterator[Shape]:
    confidence = float(result.probs.top1conf)
    if confidence >= threshold:
        label = result.names[result.probs.top1]
        yield {"confidence": str(confidence), "label": label, "type": "tag"}


SHAPES = {
    "detect": rectangles,
    "obb": turned_rectangles,
    "segment": masks,
    "pose": skeletons,
    "classify": tags,
}
