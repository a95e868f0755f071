"""Models of YOLOv5's own repository, run without its code."""
