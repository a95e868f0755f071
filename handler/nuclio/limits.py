"""What our function.yaml files say in numbers, and what the rules compare others with."""

from pathlib import Path

MAX_BODY_BYTES = 64 * 1024 * 1024
READINESS_SECONDS = 600
WORKER_WAIT_MILLISECONDS = 60_000
USER_ID = 10001
NODE_PORTS = range(30000, 32768)
DEFAULT_CLAIM = "auto-annotate-weights"
MOUNT_POINT = Path("/weights")  # of the model folder in every function
