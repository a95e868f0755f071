from pathlib import Path

import pytest
import yaml

from handler.checks.check import FILE_RULES
from handler.errors import SettingsError
from handler.rules.function_file import FunctionFile
from handler.rules.mending import difference, mended
from tests.cvat.test_rules import BROKEN as CVAT_BROKEN
from tests.function_files import GOOD, Broken, rules_found
from tests.nuclio.test_rules import BROKEN as NUCLIO_BROKEN

CAN_MEND = {rule.name for rule in FILE_RULES if rule.mend}

# As CVAT's own functions are written: github.com/cvat-ai/cvat, serverless/.
CVAT_STYLE = """\
# A function of ours
metadata:
  name: pth-cars
  namespace: cvat
  annotations:
    name: Cars
    version: "1.0"
    type: detector
    spec: |
      [
        { "id": 0, "name": "car", "type": "rectangle" }
      ]
spec:
  description: Cars and buses
  runtime: 'python:3.9'
  handler: main:handler
  eventTimeout: 30s
  build:
    image: cvat.pth.cars
    baseImage: ubuntu:22.04
    directives:
      preCopy:
        - kind: RUN
          value: apt-get update && pip install ultralytics
  triggers:
    myHttpTrigger:
      numWorkers: 2  # two, for speed
      kind: 'http'
      workerAvailabilityTimeoutMilliseconds: 10000
      attributes:
        maxRequestBodySize: 4194304
  volumes:
    - volume:
        name: weights
        hostPath: {path: /models}
      volumeMount: {name: weights, mountPath: /models}
  platform:
    attributes:
      restartPolicy:
        name: always
        maximumRetryCount: 3
      mountMode: volume
resources:
  limits:
    memory: 8Gi
"""


def _mended(text: str, platform: str = "docker") -> str:
    return mended(text, "function.yaml", platform, FILE_RULES)


@pytest.mark.parametrize(
    ("name", "broken"),
    [(name, broken) for name, broken in [*CVAT_BROKEN, *NUCLIO_BROKEN] if name in CAN_MEND],
)
def test_what_a_rule_can_mend_is_clean_afterwards(name: str, broken: Broken) -> None:
    text = _mended(yaml.safe_dump(broken.document()), broken.platform)
    assert name not in rules_found(yaml.safe_load(text), broken.platform)
    assert rules_found(yaml.safe_load(text), broken.platform) == set()


def test_a_file_in_cvat_s_own_style_keeps_what_is_not_changed() -> None:
    text = _mended(CVAT_STYLE)
    document = yaml.safe_load(text)
    assert document["spec"]["image"] == "cvat.pth.cars"
    assert "build" not in document["spec"]
    assert "eventTimeout" not in document["spec"]
    assert document["spec"]["resources"] == {"limits": {"memory": "8Gi"}}
    assert document["spec"]["triggers"]["myHttpTrigger"]["attributes"] == {
        "maxRequestBodySize": 67108864
    }
    assert document["metadata"]["labels"] == {"nuclio.io/project-name": "cvat"}
    assert "version" not in document["metadata"]["annotations"]
    kept = ["# A function of ours", "# two, for speed", "runtime: 'python:3.9'", "hostPath: {path"]
    assert all(part in text for part in kept)
    assert rules_found(document) == {"platform-attributes", "fixed-port"}


def test_what_is_mended_is_shown_as_a_difference_of_lines() -> None:
    lines = difference(CVAT_STYLE, _mended(CVAT_STYLE), "function.yaml").splitlines()
    assert "-  eventTimeout: 30s" in lines
    assert "+  image: cvat.pth.cars" in lines
    assert not [line for line in lines if line.startswith("-") and "two, for speed" in line]


@pytest.mark.parametrize("platform", GOOD)
def test_a_clean_file_stays_as_it_is(platform: str) -> None:
    text = yaml.safe_dump(GOOD[platform])
    assert _mended(text, platform) == text
    assert difference(text, text, "function.yaml") == ""


def test_a_mended_file_stays_as_it_is() -> None:
    once = _mended(CVAT_STYLE)
    assert _mended(once) == once


@pytest.mark.parametrize(
    "path",
    ["function.yaml", "deploy/function-gpu.yaml", "deploy/kubernetes/nuclio-cpu/function.yaml"],
)
def test_only_the_broken_line_of_our_own_file_changes(path: str) -> None:
    text = Path(path).read_text()
    broken = text.replace("readinessTimeoutSeconds: 600", "readinessTimeoutSeconds: 60")
    platform = FunctionFile.parse(text, path).platform
    assert _mended(broken, platform) == text


def test_two_keys_of_one_name_are_left_to_the_user() -> None:
    text = "metadata: {name: a}\nspec: {}\nspec: {}\n"
    with pytest.raises(SettingsError, match="cannot be mended"):
        _mended(text)
