"""The handler that a good engineer writes: ultralytics on its own OpenVINO export, and OpenCV.

It differs from the naive one in what computes the network and in what decodes pictures.
"""

import base64
import json
import os
from typing import Any

import cv2
import numpy as np
from ultralytics import YOLO

from benchmarks.naive import shapes_on


def init_context(context: Any) -> None:
    context.user_data.model = YOLO(os.environ["WEIGHTS"], task=os.environ["TASK"])


def handler(context: Any, event: Any) -> Any:
    request = event.body
    threshold = float(request.get("threshold", 0.5))
    encoded = np.frombuffer(base64.b64decode(request["image"]), np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    shapes = list(shapes_on(image, context.user_data.model, threshold))
    return context.Response(
        body=json.dumps(shapes), headers={}, content_type="application/json", status_code=200
    )
