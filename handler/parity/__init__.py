"""`auto-annotate parity`: why CVAT shows other boxes than a script, in numbers and pictures."""
