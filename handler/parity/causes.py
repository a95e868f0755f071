"""What can differ between a script and CVAT, one cause at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from handler.models.engines.engine import Plan
from handler.models.folder.options import Options
from handler.parity.ways import CROP_QUALITY, Models, Way


@dataclass(frozen=True)
class Cause:
    """One difference between two ways.

    name: a word for programs. title: for people. before, after: the ways, apart in it alone.
    words: what differs with this model; None where it does not. remedy: how to make it the same.
    on_the_way: whether every picture takes it; others only where CVAT is used in that manner.
    """

    name: str
    title: str
    before: Way
    after: Way
    words: Callable[[Models], str | None]
    remedy: str
    on_the_way: bool = True


def _decoder(_: Models) -> str:
    return "the script's picture is decoded by OpenCV, CVAT's as CVAT shows it"


def _image_size(models: Models) -> str | None:
    size = models.service.options.image_size
    return f"model.yaml or the environment says {size} pixels" if size else None


def _tiles(models: Models) -> str | None:
    tiling = models.service.options.tile
    return "CVAT's pictures are looked at in tiles, the script's as a whole" if tiling else None


def _engine(models: Models) -> str | None:
    if not models.is_exported:
        return None
    engine = " ".join(f"{key} {value}" for key, value in models.service.model.versions.items())
    return f"{engine} instead of the library's own, in 32 bits"


def _precision(models: Models) -> str | None:
    if not models.is_exported:
        return None
    precision = Plan.of(models.settings, models.service.folder.config).precision
    return None if precision == "f32" else f"{precision} instead of f32"


def _threshold(models: Models) -> str | None:
    ours, theirs = models.limits["cvat"], models.limits["script"]
    if (ours == theirs).all():
        return None
    said = f"{ours.min():g}" if ours.min() == ours.max() else f"{ours.min():g} to {ours.max():g}"
    return f"{said} in CVAT, {theirs[0]:g} where a script says nothing"


def _nms(models: Models) -> str | None:
    ours, usual = models.service.options, Options()
    names = ("iou", "max_detections", "agnostic_nms", "top_k")
    chosen = [
        f"{name} {getattr(ours, name)}"
        for name in names
        if getattr(ours, name) != getattr(usual, name)
    ]
    return f"model.yaml or the environment says {', '.join(chosen)}" if chosen else None


def _rounding(_: Models) -> str:
    return "coordinates to a hundredth of a pixel, scores to four digits, nothing off the picture"


def _region(_: Models) -> str:
    return f"CVAT cuts a region out and encodes it again, as JPEG of quality {CROP_QUALITY}"


def _video(_: Models) -> str:
    return "CVAT sends the decoded frame of a film as PNG, which loses nothing"


_SCRIPT = Way()
CAUSES = (
    Cause(
        "threshold", "Threshold", _SCRIPT, Way(limits="cvat"), _threshold,
        "Use one value: `conf=` in the script, `threshold` in model.yaml or in CVAT's dialog.",
    ),
    Cause(
        "nms", "NMS settings", _SCRIPT, Way(model="nms"), _nms,
        "Give the script the same `iou`, `max_det` and `agnostic_nms`, or remove them.",
    ),
    Cause(
        "image-size", "Image size", _SCRIPT, Way(model="image size"), _image_size,
        "Give the script the same `imgsz`, or remove image_size.",
    ),
    Cause(
        "tiles", "Tiles", _SCRIPT, Way(model="tiles"), _tiles,
        "Cut pictures in the script as well, or remove `tile`.",
    ),
    Cause(
        "engine", "Engine", _SCRIPT, Way(model="engine"), _engine,
        "Within the limits it is left alone; ANNOTATE_ENGINE=torch with the .pt removes it.",
    ),
    Cause(
        "precision", "Precision", Way(model="engine"), Way(model="precision"), _precision,
        "ANNOTATE_PRECISION=f32 removes it, and costs speed.",
    ),
    Cause(
        "decoder", "Decoder", _SCRIPT, Way(pixels="cvat"), _decoder,
        "Upload JPEG or PNG of 8 bits: other kinds are shown by CVAT as Pillow converts them.",
    ),
    Cause(
        "rounding", "Rounding and clamping", _SCRIPT, Way(rounded=True), _rounding,
        "Nothing to do: it is below what an annotator sees.",
    ),
    Cause(
        "region", "A region of interest", _SCRIPT, Way(pixels="region"), _region,
        "Annotate the whole frame, or upload PNG.", on_the_way=False,
    ),
    Cause(
        "video", "A frame of a film", _SCRIPT, Way(pixels="video"), _video,
        "Nothing to do.", on_the_way=False,
    ),
)  # fmt: skip
