"""A study as a table on the terminal and as JSON, and what it comes to in words."""

import json
from typing import Any

from rich.table import Table

from handler.detection.agreement import LEAST_IOU, MOST_SCORE
from handler.parity.comparison import Difference
from handler.parity.study import Row, Study

LIMITS = f"the same objects, IoU {LEAST_IOU} or more, scores within {MOST_SCORE}"
_NOTHING = 5e-5  # of IoU and score: what four digits do not show


def verdict(study: Study) -> str:
    """Return in a sentence whether CVAT shows what the script finds, and if not, why."""
    if not study.whole.exceeds:
        return f"CVAT shows what the script finds: {LIMITS}."
    causes = [row for row in study.rows if row.on_the_way and row.difference.exceeds]
    why = f" First cause: {sentence(causes[0])}" if causes else " No single cause exceeds them."
    return f"CVAT shows something else than the script finds ({_counted(study.whole)}).{why}"


def engine_verdict(study: Study) -> str | None:
    """Return whether the fast engine answers as the library on the same pixels, if there is one."""
    rows = [row for row in study.rows if row.name in ("engine", "precision")]
    if not rows:
        return None
    beyond = [row.title.lower() for row in rows if row.difference.exceeds]
    if beyond:
        return f"On the same pixels the fast engine is beyond the limits: {' and '.join(beyond)}."
    return "On the same pixels the fast engine is within the limits."


def sentence(row: Row) -> str:
    """Return a cause and what it does, for people."""
    words = row.words if row.words.endswith(".") else f"{row.title}: {row.words}."
    return f"{words} {_effect(row.difference)}"


def _effect(difference: Difference) -> str:
    if difference.exceeds:
        return f"{_counted(difference).capitalize()}."
    worst = min(difference.overlaps, default=1.0)
    score = max(difference.scores, default=0.0)
    if max(1 - worst, score) < _NOTHING:
        return "That makes no difference."
    return f"That stays within the limits: IoU {worst:.4f} and scores {score:.4f} apart at worst."


def _counted(difference: Difference) -> str:
    parts = (
        (difference.appear, "appears", "appear"),
        (difference.vanish, "vanishes", "vanish"),
        (difference.changed, "changes class", "change class"),
        (difference.beyond, "lies or scores otherwise", "lie or score otherwise"),
    )
    said = [f"{count} {one if count == 1 else many}" for count, one, many in parts if count]
    return f"of {difference.objects} objects {', '.join(said)}"


def table(study: Study) -> Table:
    """Return the causes, the largest first, and their sum, for the terminal."""
    made = Table(caption="IoU and score of matched objects: median / 95th percentile / worst")
    for column, side in (
        ("cause", "left"), ("appear", "right"), ("vanish", "right"), ("class", "right"),
        ("IoU", "right"), ("score", "right"), ("limits", "left"),
    ):  # fmt: skip
        made.add_column(column, justify=side)  # type: ignore[arg-type]
    for row in study.rows:
        made.add_row(*_cells(row.title if row.on_the_way else f"if: {row.title}", row.difference))
    made.add_section()
    made.add_row(*_cells("script against CVAT", study.whole))
    return made


def _cells(title: str, difference: Difference) -> list[str]:
    numbers = difference.summary()
    iou, score = (
        " / ".join(_number(numbers[f"{name}_{part}"]) for part in ("median", "p95", "worst"))
        for name in ("iou", "score")
    )
    counts = (str(numbers[name]) for name in ("appear", "vanish", "changed"))
    return [title, *counts, iou, score, "exceeded" if difference.exceeds else "kept"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def to_json(study: Study, about: dict[str, Any]) -> str:
    """Return the whole study; `about` says of what it is."""
    said = {
        **about,
        "verdict": verdict(study),
        "exceeded": study.whole.exceeds,
        "engine": engine_verdict(study),
        "limits": {"iou": LEAST_IOU, "score": MOST_SCORE},
        "pictures": study.pictures,
        "skipped": study.skipped,
        "whole": study.whole.summary(),
        "causes": [
            {
                "name": row.name,
                "title": row.title,
                "words": row.words,
                "remedy": row.remedy,
                "on_the_way": row.on_the_way,
                "exceeded": row.difference.exceeds,
                **row.difference.summary(),
            }
            for row in study.rows
        ],
        "mistake": None if study.mistake is None else study.mistake.name,
        "measures": study.measures,
        "worst": [
            {"picture": str(path), **difference.summary()} for path, difference, _, _ in study.worst
        ],
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"
