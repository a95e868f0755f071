"""A picture to try a model with."""

import base64
import json

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480


def trial_picture() -> bytes:
    """Return a JPEG of 640x480 pixels, the same each time: ten figures on a shaded ground."""
    rows = np.linspace(40, 90, HEIGHT, dtype=np.uint8)[:, None, None]
    picture = np.broadcast_to(rows, (HEIGHT, WIDTH, 3)).copy()
    for digit in range(10):
        place = (40 + digit % 5 * 118, 190 + digit // 5 * 190)
        cv2.putText(picture, str(digit), place, cv2.FONT_HERSHEY_DUPLEX, 3.5, (245,) * 3, 9)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def trial_request() -> bytes:
    """Return the body of CVAT's request with the picture."""
    return json.dumps({"image": base64.b64encode(trial_picture()).decode()}).encode()
