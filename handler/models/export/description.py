"""What a made model folder says of itself: its model.yaml and its classes.txt."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from handler.models.folder.model_folder import ModelFolder


def write_config(
    source: ModelFolder, made: Path, dropped: Collection[str], added: Mapping[str, Any]
) -> None:
    """Write the model.yaml of the folder `made`: that of `source`, less and more some keys."""
    file = source.path / "model.yaml"
    config = yaml.safe_load(file.read_text("utf-8")) or {} if file.exists() else {}
    kept = {key: value for key, value in config.items() if key not in dropped}
    text = yaml.safe_dump({**kept, **added}, sort_keys=False, allow_unicode=True)
    (made / "model.yaml").write_text(text, "utf-8")


def write_classes(made: Path, classes: Sequence[str]) -> None:
    """Write the classes.txt of the folder `made`, one class a line, in index order."""
    (made / "classes.txt").write_text("".join(f"{name}\n" for name in classes), "utf-8")
