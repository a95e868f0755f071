"""The environment, read once into one frozen object."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from handler.errors import SettingsError, nearest

PREFIX = "ANNOTATE_"
_SMALLEST_TILE = 32  # pixels
_MOST_OVERLAP = 0.9  # with which there are a hundred times the tiles


class Kind(NamedTuple):
    """What a value has to be. `read` raises ValueError or TypeError for anything else."""

    read: Callable[[Any], Any]
    expects: str


def _fraction(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise ValueError
    return number


def _count(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool | float) or number < 1:
        raise ValueError
    return number


def _flag(value: Any) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _device(value: str) -> str:
    kind, _, index = value.partition(":")
    if value not in ("auto", "cpu", "cuda") and not (kind == "cuda" and index.isdigit()):
        raise ValueError
    return value


def _tile(value: Any) -> dict[str, Any] | Literal[False]:
    """Read `tile`: a table, as YAML where it is a text; `auto` or a size alone stand for one."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ValueError from None
    if value is False:
        return False
    if value is None or value is True:
        raise ValueError
    table = value if isinstance(value, dict) else {"size": value}
    for key in table:
        if key not in _TILE_KEYS:
            raise SettingsError(f"unknown key {key!r}", nearest(str(key), _TILE_KEYS))
    return {key: read_as(_TILE_KEYS[key], each, key) for key, each in table.items()}


def _tile_size(value: Any) -> list[int] | Literal["auto"]:
    if value == "auto":
        return "auto"
    height, width = value if isinstance(value, list) else (value, value)
    if min(_count(height), _count(width)) < _SMALLEST_TILE:
        raise ValueError
    return [_count(height), _count(width)]


def _overlap(value: Any) -> float:
    overlap = _fraction(value)
    if overlap > _MOST_OVERLAP:
        raise ValueError
    return overlap


def one_of(*choices: str) -> Kind:
    """Return the kind of what is one of some words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Kind(read, f"one of {', '.join(choices)}")


FRACTION = Kind(_fraction, "a number from 0 to 1")
COUNT = Kind(_count, "a whole number above 0")
FLAG = Kind(_flag, "true or false")
TEXT = Kind(_text, "a text")
TILE = Kind(
    _tile,
    "false, auto, a size in pixels, or a table of size, overlap, whole, merge, metric, "
    "threshold and above",
)
_DEVICE = Kind(_device, "auto, cpu, cuda or cuda:N")
_PATH = Kind(Path, "a path")
_TILE_KEYS = {
    "size": Kind(
        _tile_size, f"auto, a number of at least {_SMALLEST_TILE}, or two: [height, width]"
    ),
    "overlap": Kind(_overlap, f"a number from 0 to {_MOST_OVERLAP}"),
    "whole": FLAG,
    "merge": one_of("greedy", "nms", "none"),
    "metric": one_of("ios", "iou"),
    "threshold": FRACTION,
    "above": COUNT,
}


def read_as(kind: Kind, value: Any, what: str) -> Any:
    """Return `value` as `kind` reads it; `what` names it in the error.

    Raises:
        SettingsError: the value is of another kind.
    """
    try:
        return kind.read(value)
    except SettingsError as error:
        raise SettingsError(f"{what}: {error.message}", error.remedy) from None
    except (ValueError, TypeError, KeyError, OverflowError):
        raise SettingsError(f"{what} is {shown(value)}, not {kind.expects}") from None


def shown(value: Any) -> str:
    """Return a value as a message shows it: its first 60 characters."""
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python prints
        return f"a very long {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:60]}..."


def _setting(kind: Kind, default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help_text})


@dataclass(frozen=True)
class Settings:
    """What the environment says. `None` leaves a value to model.yaml, then to the weights."""

    weights: Path = _setting(_PATH, Path("/weights"), "the model folder")
    device: str = _setting(_DEVICE, "auto", "`auto`, `cpu`, `cuda` or `cuda:N`")
    engine: str = _setting(
        one_of("auto", "openvino", "onnxruntime", "torch"),
        "auto",
        "what runs the network: `openvino`, `onnxruntime` or `torch`; `auto` is OpenVINO for "
        "exported models, and for a .pt where there is a cache to export it into",
    )
    cache: Path | None = _setting(
        _PATH, None, "where exported models are kept; the image sets it to `/cache`"
    )
    precision: str = _setting(
        one_of("auto", "f32", "bf16"),
        "auto",
        "what OpenVINO computes in, where a network is not in eight bits: `f32` or `bf16`; "
        "`auto` is what model.yaml says was verified, else what is verified at the first start, or "
        "`f32` where the processor lacks `bf16`",
    )
    threads: int | None = _setting(
        COUNT,
        None,
        "threads for one frame; else the container's CPU limit, shared out between Nuclio's "
        "workers",
    )
    threshold: float | None = _setting(
        FRACTION, None, "the lowest score to report when a request names none"
    )
    iou: float | None = _setting(
        FRACTION, None, "boxes of one class that overlap more than this are one object"
    )
    image_size: int | None = _setting(
        COUNT, None, "the longer side of what the network sees, in pixels"
    )
    tile: dict[str, Any] | Literal[False] | None = _setting(
        TILE,
        None,
        "large pictures are answered by tiles of this size, `640` or `auto`; or the table of "
        "model.yaml's `tile`, `{size: 640, overlap: 0.3}`; `false` is without",
    )
    max_detections: int | None = _setting(COUNT, None, "the most objects in one answer")
    max_pixels: int = _setting(
        COUNT, 100_000_000, "a picture with more pixels is refused before it is decoded"
    )
    picture_memory: int | None = _setting(
        COUNT,
        None,
        "megabytes for the pictures that are decoded, or wait decoded, at once; others wait, and "
        "get a 503 after 20 seconds. Else half of what the container's limit leaves beside the "
        "process, shared out between Nuclio's workers, or all of it for one large picture by "
        "itself",
    )
    trust_weights: bool = _setting(
        FLAG, False, "load a pickle even if it imports more than its library's own classes"
    )
    log: str = _setting(
        one_of("text", "json"), "text", "a line of the log: `text`, or `json`, an object"
    )
    keep: int = _setting(
        COUNT, 4, "of several models that `serve` answers with, so many are in memory at once"
    )
    queue: int = _setting(
        COUNT, 32, "so many requests of one model are taken by `serve` at once, others get a 503"
    )
    read_timeout: int = _setting(
        COUNT, 60, "seconds in which a request has to arrive whole at `serve`"
    )
    connections: int = _setting(
        COUNT, 200, "so many connections are served by `serve` at once, others get a 503"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read every `ANNOTATE_*` variable.

        Raises:
            SettingsError: a variable is unknown, or its value is not of its kind.
        """
        known = {PREFIX + setting.name.upper(): setting for setting in fields(cls)}
        values = {}
        for variable in sorted(name for name in environment if name.startswith(PREFIX)):
            if variable not in known:
                raise SettingsError(f"{variable} is not a setting", nearest(variable, known))
            setting = known[variable]
            values[setting.name] = read_as(
                setting.metadata["kind"], environment[variable], variable
            )
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads as these settings."""
        values = {PREFIX + each.name.upper(): getattr(self, each.name) for each in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}


def settings_table() -> str:
    """Return the settings as the Markdown table of docs/settings.md."""
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for setting in fields(Settings):
        variable = PREFIX + setting.name.upper()
        default = "" if setting.default is None else f"`{setting.default}`"
        lines.append(f"| `{variable}` | {default} | {setting.metadata['help']} |")
    return "\n".join(lines) + "\n"
