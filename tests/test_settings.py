from pathlib import Path

import pytest

from handler.errors import SettingsError
from handler.settings import Settings, settings_table
from tests.conftest import ROOT


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings(weights=Path("/weights"), device="auto")


def test_variables_are_read_as_their_kind() -> None:
    settings = Settings.from_environment(
        {
            "ANNOTATE_WEIGHTS": "/models/cars",
            "ANNOTATE_DEVICE": "cuda:1",
            "ANNOTATE_THRESHOLD": "0.4",
            "ANNOTATE_IMAGE_SIZE": "1280",
            "ANNOTATE_TRUST_WEIGHTS": "true",
            "PATH": "/usr/bin",
        }
    )
    assert settings == Settings(
        weights=Path("/models/cars"),
        device="cuda:1",
        threshold=0.4,
        image_size=1280,
        trust_weights=True,
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ANNOTATE_THRESHOLD", "half", "a number from 0 to 1"),
        ("ANNOTATE_THRESHOLD", "1.5", "a number from 0 to 1"),
        ("ANNOTATE_THRESHOLD", "nan", "a number from 0 to 1"),
        ("ANNOTATE_IMAGE_SIZE", "0", "a whole number above 0"),
        ("ANNOTATE_IMAGE_SIZE", "640.5", "a whole number above 0"),
        ("ANNOTATE_DEVICE", "gpu", "auto, cpu, cuda or cuda:N"),
        ("ANNOTATE_DEVICE", "cuda:x", "auto, cpu, cuda or cuda:N"),
        ("ANNOTATE_TRUST_WEIGHTS", "maybe", "true or false"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_it_has_to_be(
    variable: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=rf"{variable} is '{value}', not {expected}"):
        Settings.from_environment({variable: value})


def test_an_unknown_variable_suggests_the_nearest() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'ANNOTATE_THRESHOLD'"):
        Settings.from_environment({"ANNOTATE_TRESHOLD": "0.5"})


def test_the_documented_table_is_the_code_s() -> None:
    assert settings_table() in (ROOT / "docs" / "settings.md").read_text()
