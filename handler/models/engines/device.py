"""The device that torch computes on."""

import torch

from handler.errors import SettingsError


def torch_device(name: str) -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda` or `cuda:N`; auto takes a GPU that works.

    Raises:
        SettingsError: a GPU is asked for and cannot be used; the message says why.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    device = torch.device("cuda:0" if name == "auto" else name)
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"ANNOTATE_DEVICE={name}, but the GPU cannot be used ({str(error).splitlines()[0]})",
            "Use the CUDA image, give the container a GPU, or set ANNOTATE_DEVICE=cpu.",
        ) from error
    return device
