"""A task of a CVAT server, annotated from here through cvat-sdk."""
