"""What figures depend on: the machine and the versions."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from handler.machine.machine import Machine

# What decides which arithmetic is fast.
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")
_LIBRARIES = (
    "auto-annotate", "openvino", "onnxruntime", "torch", "ultralytics", "opencv-python-headless",
    "pillow", "numpy",
)  # fmt: skip


def surroundings() -> dict[str, Any]:
    """Return the processor, how much of it there is for us, and the versions that are installed."""
    machine = Machine.read()
    return {
        "processor": machine.cpu_name or "unknown",
        "cores": machine.cpus,
        "cores_of_host": machine.host_cpus,
        "arithmetic": [flag for flag in _FLAGS if flag in machine.cpu_flags],
        "versions": {name: number for name in _LIBRARIES if (number := _version(name))},
    }


def in_words(surroundings: dict[str, Any]) -> str:
    """Return them in one line."""
    versions = (f"{name} {number}" for name, number in surroundings["versions"].items())
    return (
        f"{surroundings['processor']}, {surroundings['cores']:g} cores "
        f"of {surroundings['cores_of_host']}, {' '.join(surroundings['arithmetic'])}; "
        f"{', '.join(versions)}"
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
