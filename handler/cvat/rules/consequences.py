"""What comes of what CVAT cannot read."""

HIDES_ALL = "CVAT then shows no model at all, not even the others"
