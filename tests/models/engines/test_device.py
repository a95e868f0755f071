import pytest
import torch

from handler.errors import SettingsError
from handler.models.engines.device import torch_device


def test_cpu_is_the_cpu() -> None:
    assert torch_device("cpu") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_auto_without_a_gpu_is_the_cpu() -> None:
    assert torch_device("auto") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_an_error_with_its_reason(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"ANNOTATE_DEVICE={name}, but .*ANNOTATE_DEVICE=cpu"):
        torch_device(name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_auto_takes_the_gpu() -> None:
    assert torch_device("auto") == torch.device("cuda:0")
