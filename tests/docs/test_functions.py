"""The example of one's own Python in docs/functions.md, run as it is written."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import nuclio_sdk
import nuclio_sdk.test
import pytest

from handler.service import Service
from tests.conftest import DEMO, EXAMPLES, ROOT, body_of

PICTURE = EXAMPLES[0].read_bytes()


def test_the_example_drops_small_boxes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo: Service
) -> None:
    text = (ROOT / "docs" / "functions.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    limit = 180  # in pixels; the digits in the picture are 102 to 340 wide
    (tmp_path / "main.py").write_text(code.replace(">= 20", f">= {limit}"))
    spec = importlib.util.spec_from_file_location("own_main", tmp_path / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(DEMO))
    event = nuclio_sdk.Event(body=body_of(PICTURE), content_type="text/plain")
    # The platform looks for init_context in the handler's module, as Nuclio does.
    monkeypatch.setitem(sys.modules, "own_main", module)
    response = nuclio_sdk.test.Platform().call_handler(module.handler, event)

    everything = demo.annotate(PICTURE)[1]
    wide = [shape for shape in everything if shape["points"][2] - shape["points"][0] >= limit]
    assert json.loads(response.body) == wide
    assert 0 < len(wide) < len(everything)
