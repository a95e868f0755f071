"""Faces with five points, by the MTCNN that facenet-pytorch carries with its weights."""

from pathlib import Path

import numpy as np
from facenet_pytorch import MTCNN

from handler.detection.detections import Detections
from handler.pictures.decoding import Picture


class Faces:
    task = "pose"
    classes = ("face",)
    keypoints = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")

    def load(self, folder: Path, device: str) -> None:
        self.network = MTCNN(keep_all=True, device=device)

    def predict(self, picture: Picture, threshold: float) -> Detections:
        rgb = np.ascontiguousarray(picture[..., ::-1])
        boxes, scores, points = self.network.detect(rgb, landmarks=True)
        if boxes is None:  # MTCNN's way to say that there is nobody
            boxes, scores, points = np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2))
        seen = np.ones((len(scores), 5, 1))  # MTCNN does not say how sure it is of a point
        return Detections(
            boxes=np.asarray(boxes, np.float32),
            scores=np.asarray(scores, np.float32),
            classes=np.zeros(len(scores), np.int64),
            keypoints=np.concatenate([points, seen], axis=2).astype(np.float32),
        )
