"""A study as one HTML file that needs nothing else."""

import base64
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.detection.labels import Label
from handler.parity.comparison import Difference
from handler.parity.report import LIMITS, engine_verdict, sentence, verdict
from handler.parity.study import Row, Study
from handler.parity.ways import as_script_reads
from handler.pictures.drawing import draw

_WIDTH = 720  # pixels of a picture in the page
_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 80)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1500px; margin: 2rem auto;
  padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
.verdict { font-size: 1.2rem; padding: .8rem 1rem; border-left: .5rem solid; }
.kept { border-color: #2a9d4a; } .exceeded { border-color: #d0342c; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8884; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
li { margin: .6rem 0; } .remedy { opacity: .75; }
.bar { height: .5rem; background: #d0342c; border-radius: 2px; min-width: 1px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; margin: 1rem 0 2rem; }
figure { margin: 0; } img { width: 100%; display: block; }
"""


def page(study: Study, labels: Sequence[Label], about: str) -> str:
    """Return the page. labels: of each class. about: what is compared, in a line."""
    state = "exceeded" if study.whole.exceeds else "kept"
    engine = engine_verdict(study)
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>Script and CVAT</title><style>{_STYLE}</style>",
        f"<h1>Script and CVAT</h1><p>{escape(about)}; {study.pictures} pictures.</p>",
        f"<p class='verdict {state}'>{escape(verdict(study))}</p>",
        f"<p>{escape(engine)}</p>" if engine else "",
        f"<p>The limits: {escape(LIMITS)}.</p>",
        _measures(study),
        "<h2>Causes, the largest first</h2><ol>",
        *(_item(row) for row in study.rows if row.on_the_way),
        "</ol><h2>Only if CVAT is used in that manner</h2><ul>",
        *(_item(row) for row in study.rows if not row.on_the_way),
        "</ul><h2>In numbers</h2>",
        _table(study),
        _skipped(study),
        "<h2>The pictures that differ most</h2>",
        "<p>On the left what the script finds, on the right what CVAT shows.</p>",
        *(_pair(path, how, (ours, theirs), labels) for path, how, ours, theirs in study.worst),
    ]
    return "\n".join(part for part in parts if part) + "\n</html>\n"


def _item(row: Row) -> str:
    remedy = re.sub("`([^`]*)`", r"<code>\1</code>", escape(row.remedy))
    return f"<li>{escape(sentence(row))} <span class='remedy'>{remedy}</span></li>"


def _measures(study: Study) -> str:
    if not study.measures:
        return ""
    names = list(study.measures["script"])
    head = "".join(f"<th class='n'>{escape(name)}</th>" for name in names)
    rows = [
        f"<tr><td>{side}</td>"
        + "".join(f"<td class='n'>{study.measures[key][name]:.2f}</td>" for name in names)
        for key, side in (("script", "script"), ("cvat", "CVAT"))
    ]
    return f"<h2>By the labels</h2><table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _table(study: Study) -> str:
    heads = (
        "appear", "vanish", "other class", "IoU median", "95 %", "worst", "score median", "95 %",
        "worst",
    )  # fmt: skip
    top = max((row.difference.cost for row in study.rows), default=0) or 1
    rows = [_line(row.title, row.difference, row.difference.cost / top) for row in study.rows]
    rows.append(_line("script against CVAT", study.whole, None))
    head = "".join(f"<th class='n'>{name}</th>" for name in heads)
    return f"<table><tr><th>cause</th><th></th>{head}</tr>{''.join(rows)}</table>"


def _line(title: str, difference: Difference, share: float | None) -> str:
    numbers = difference.summary()
    counts = [str(numbers[name]) for name in ("appear", "vanish", "changed")]
    values = [
        numbers[f"{name}_{part}"]
        for name in ("iou", "score")
        for part in ("median", "p95", "worst")
    ]
    cells = counts + ["-" if value is None else f"{value:.4f}" for value in values]
    bar = (
        "" if share is None else f"<div class='bar' style='width:{max(share, 0) * 100:.1f}%'></div>"
    )
    return (
        f"<tr><td>{escape(title)}</td><td style='width:12%'>{bar}</td>"
        + "".join(f"<td class='n'>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _skipped(study: Study) -> str:
    if not study.skipped:
        return ""
    items = "".join(f"<li>{escape(each)}</li>" for each in study.skipped)
    return f"<h2>{len(study.skipped)} pictures were left out</h2><ul>{items}</ul>"


def _pair(
    path: Path,
    difference: Difference,
    answers: tuple[Detections, Detections],
    labels: Sequence[Label],
) -> str:
    counts = f"{difference.appear} appear, {difference.vanish} vanish, {difference.changed} change"
    worst = min(difference.overlaps, default=1.0)
    figures = "".join(f"<figure>{_drawn(path, each, labels)}</figure>" for each in answers)
    caption = f"{path.name}: {counts} class, IoU {worst:.4f} at worst"
    return f"<h3>{escape(caption)}</h3><div class='pair'>{figures}</div>"


def _drawn(path: Path, found: Detections, labels: Sequence[Label]) -> str:
    picture = as_script_reads(path, 0)
    height, width = picture.shape[:2]
    known = found.where((found.classes >= 0) & (found.classes < len(labels)))
    fitting = [_drawable(label, known) for label in labels]
    shapes = shapes_of(known, fitting, width, height)
    drawn = draw(picture, shapes, fitting)
    if width > _WIDTH:
        size = (_WIDTH, max(1, round(height * _WIDTH / width)))
        drawn = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)
    code = base64.b64encode(cv2.imencode(".jpg", drawn, _QUALITY)[1].tobytes()).decode()
    return f"<img alt='{escape(path.name)}' src='data:image/jpeg;base64,{code}'>"


def _drawable(label: Label, found: Detections) -> Label:
    """Return the label, as boxes where the answer has no masks or keypoints."""
    lacks_masks = label.type == "mask" and found.masks is None
    lacks_points = label.type in ("skeleton", "points") and found.keypoints is None
    return Label(label.name) if lacks_masks or lacks_points else label
