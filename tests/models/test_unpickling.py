"""What torch's restricted loader builds for every family, and what it says of the rest."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from handler.errors import WeightsError
from handler.models.unpickling import HARMLESS, load


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(3),
        np.array([True, False]),
        np.array(["car", "bus"]),
        np.float64(0.5),
        np.int64(7),
        np.bool_(True),
        np.dtype(np.float16),
    ],
    ids=lambda value: type(value).__name__ + str(getattr(value, "dtype", "")),
)
@pytest.mark.parametrize("zipped", [True, False])
def test_values_of_numpy_are_built(tmp_path: Path, value: Any, zipped: bool) -> None:
    path = tmp_path / "best.pt"
    torch.save({"fitness": value}, path, _use_new_zipfile_serialization=zipped)
    np.testing.assert_array_equal(load(path, HARMLESS)["fitness"], value)


def test_what_scripts_leave_is_built(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    options = argparse.Namespace(data=Path("data.yaml"), names={"car"})
    torch.save({"opt": options}, path)
    assert load(path, HARMLESS)["opt"].names == {"car"}


def test_anything_else_is_refused_in_one_line_without_advice_to_load_it(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"file": open}, path)
    with pytest.raises(WeightsError, match=r"cannot be loaded: .*\bopen\b") as caught:
        load(path, HARMLESS)
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"weight": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(WeightsError, match="cannot be loaded") as caught:
        load(path, HARMLESS)
    assert "\n" not in str(caught.value)


def test_what_others_allowed_is_not_allowed_here_and_stays_theirs(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"options": argparse.Namespace()}, path)
    with torch.serialization.safe_globals([argparse.Namespace]):
        with pytest.raises(WeightsError):
            load(path, {})
        assert argparse.Namespace in torch.serialization.get_safe_globals()
