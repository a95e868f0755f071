"""A script's `predict`, called for each path on standard input; each answer is a line of JSON.

It runs in a process of its own: whatever the script imports, prints or breaks is its own affair.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any


def rows_of(answer: Any) -> list[Any]:
    """Return what a script found as rows: x1, y1, x2, y2, score, class, and perhaps an angle.

    answer: rows, as lists, an array or a tensor; tables with box, score, class and angle; or what
    ultralytics returns.

    Raises:
        TypeError: it is something else.
    """
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)) and len(answer) == 1 and _is_result(answer[0]):
        answer = answer[0]
    if _is_result(answer):
        return _of_result(answer)
    if not isinstance(answer, (list, tuple)):
        raise TypeError(f"it returns {type(answer).__name__}, not a list of boxes")
    return [_row(each) for each in answer]


def _row(each: Any) -> list[Any]:
    if hasattr(each, "tolist"):
        each = each.tolist()
    if isinstance(each, dict):
        name = next((key for key in ("class", "label", "name") if key in each), "class")
        score = each.get("score", each.get("confidence", 1.0))
        return [*each["box"], score, each[name], *([each["angle"]] if "angle" in each else [])]
    if not isinstance(each, (list, tuple)):
        raise TypeError(f"a box is {type(each).__name__}, not x1 y1 x2 y2 score class")
    return list(each)


def _is_result(value: Any) -> bool:
    return hasattr(value, "boxes") and hasattr(value, "obb")


def _of_result(result: Any) -> list[Any]:
    if result.obb is None:
        return [] if result.boxes is None else list(result.boxes.data.tolist())
    rows = []
    for x, y, width, height, turn, score, index in result.obb.data.tolist():
        box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        rows.append([*box, score, index, turn * 180 / 3.141592653589793])
    return rows


def main(file: str) -> None:
    """Answer until standard input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the script prints is no answer
    path = Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("parity_script", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["parity_script"] = module
    spec.loader.exec_module(module)
    for line in sys.stdin:
        said: dict[str, Any]
        try:
            said = {"rows": rows_of(module.predict(line.rstrip("\n")))}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        json.dump(said, out, default=float)
        out.write("\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
