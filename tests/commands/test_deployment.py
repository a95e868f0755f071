import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from handler.commands.deployment import _other_model, deploy, remove
from handler.detection.labels import labels_of
from handler.errors import AnnotateError
from handler.machine.docker import Images
from handler.nuclio.function import Function
from handler.nuclio.nuctl import Nuctl, NuctlError
from handler.rules.function_file import FunctionFile
from tests.conftest import ROOT
from tests.function_files import GOOD, changed

IMAGE = f"auto-annotate:{version('auto-annotate')}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "function.yaml"
    folder = {"spec volumes 0 volume hostPath path": str(tmp_path)}
    path.write_text(yaml.safe_dump(changed(GOOD["docker"], folder)))
    tmp_path.chmod(0o755)
    return path


def _deploy(file: Path) -> str:
    said: list[str] = []
    with pytest.raises(AnnotateError) as caught:
        deploy(file, "docker", None, said.append, lambda _: True)
    assert said == []
    return str(caught.value)


def test_without_nuctl_its_commands_are_printed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    message = _deploy(file)
    assert "nuctl is not on PATH" in message
    assert f"nuctl deploy --project-name cvat --file {file} --platform local" in message
    with pytest.raises(NuctlError, match="nuctl delete function cars --force --platform local"):
        remove(file, "docker", print)


def test_a_broken_file_is_not_deployed(file: Path) -> None:
    file.write_text(file.read_text().replace("handler.main:handler", "handler"))
    assert "The handler is 'handler'" in _deploy(file)


def test_weights_that_are_not_there_are_not_deployed(file: Path, tmp_path: Path) -> None:
    file.write_text(file.read_text().replace(str(tmp_path), str(tmp_path / "models")))
    assert f"{tmp_path / 'models'} does not exist here" in _deploy(file)


@pytest.mark.skipif(Images.read("any") is None, reason="there is no Docker")
def test_an_image_that_is_not_there_is_not_deployed(file: Path) -> None:
    file.write_text(file.read_text().replace("auto-annotate:1", "nowhere.example/annotate:1"))
    assert "nowhere.example/annotate:1 is not on this host" in _deploy(file)


@pytest.mark.parametrize("arguments", [[], ["remove"], ["nomad", "function.yaml"]])
def test_the_script_says_how_it_is_used(arguments: list[str]) -> None:
    ended = subprocess.run(
        [ROOT / "scripts" / "deploy", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "./scripts/deploy remove docker|kubernetes [FILE]" in ended.stderr


@pytest.mark.skipif(shutil.which("nuctl") is None, reason="there is no nuctl, or no Nuclio")
def test_a_function_is_deployed_replaced_put_back_and_removed(
    model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    weights = shutil.copytree(model_of("yolov8n"), tmp_path / "cars")
    weights.chmod(0o755)
    (weights / "best.pt").chmod(0o644)
    labels = labels_of([f"class {index}" for index in range(80)])
    function = Function("test-cars", "Cars", "Cars", IMAGE, labels, weights_path=weights)
    file = tmp_path / "function.yaml"
    file.write_text(function.to_yaml())
    said: list[str] = []
    deploy(file, "docker", None, said.append, lambda _: True)
    try:
        assert "It answered with status 200" in "\n".join(said)
        env = "\nspec:\n  env:\n    - {name: ANNOTATE_WEIGHTS, value: /nowhere}\n"
        file.write_text(function.to_yaml().replace("\nspec:\n", env))
        with pytest.raises(AnnotateError, match=r"/nowhere does not exist.*before runs again"):
            deploy(file, "docker", None, said.append, lambda _: True)
        assert (tmp_path / "function.previous.yaml").exists()
    finally:
        remove(file, "docker", said.append)
    assert said[-1].startswith("Removed test-cars")
    assert Nuctl.find("docker").function("test-cars") is None


def _deployed(function: FunctionFile, **annotations: str) -> dict[str, Any]:
    metadata = dict(function.metadata)
    metadata["annotations"] = {**function.annotations, **annotations}
    return {"metadata": metadata, "spec": function.spec, "status": {"state": "ready"}}


def test_a_function_that_serves_another_model_is_told_from_a_new_version() -> None:
    function = FunctionFile.parse((ROOT / "function.yaml").read_text(), "function.yaml", "docker")
    assert _other_model(None, function) is None
    assert _other_model(_deployed(function), function) is None
    other = _deployed(function, name="Cars", spec='[{"name": "car", "type": "rectangle"}]')
    assert _other_model(other, function) == "Cars (car)"
    assert _other_model(_deployed(function, name="Letters"), function) == (
        "Letters (zero, one, two, three, ...)"
    )
