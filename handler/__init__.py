"""Put a trained detector into CVAT's auto-annotation through Nuclio."""

import os

# numpy and OpenCV each bring an OpenBLAS that starts a thread for each of the host's processors as
# soon as it is imported, whatever the container's limit. What it computes here is small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
