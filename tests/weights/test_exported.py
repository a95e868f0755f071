"""The demo model as it is shipped exported: made of the .pt beside it, answering as that does."""

import hashlib

import cv2
import numpy as np
import pytest

from handler.detection.agreement import differences
from handler.models import families
from handler.models.families import Model
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES

EXPORTED = DEMO / "exported"
MOST_BYTES = 7_000_000


def load(folder: ModelFolder) -> Model:
    settings = Settings(device="cpu")
    return families.load(folder, Options.merge(settings, folder.config), settings)


def test_it_is_made_of_the_pt_beside_it() -> None:
    original, exported = ModelFolder.open(DEMO), ModelFolder.open(EXPORTED)
    digest = hashlib.sha256(original.weights.read_bytes()).hexdigest()
    assert exported.config["exported"]["sha256"] == digest
    assert original.config.items() <= exported.config.items()
    assert exported.classes == original.classes


@pytest.mark.parametrize("threshold", [0.1, 0.25, 0.5, 0.7])
def test_it_answers_as_the_pt(threshold: float) -> None:
    original, exported = (load(ModelFolder.open(path)) for path in (DEMO, EXPORTED))
    found = 0
    for example in EXAMPLES:
        picture = np.asarray(cv2.imread(str(example)), np.uint8)
        expected = original.predict(picture, threshold)
        assert not list(differences(expected, exported.predict(picture, threshold)))
        found += len(expected)
    assert found >= 32


def test_every_file_can_be_in_the_repository() -> None:
    files = [path for path in DEMO.rglob("*") if path.is_file()]
    assert len(files) > 6
    assert all(path.stat().st_size < MOST_BYTES for path in files)
