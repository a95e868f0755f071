import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.nuclio.rules import RULES
from handler.nuclio.rules.resources import quantity
from handler.nuclio.rules.runtime import seconds
from handler.rules.function_file import FunctionFile
from tests.function_files import GONE, GOOD, Broken, changed, rules_found

HTTP = "spec triggers http"
VOLUME = {
    "volume": {"name": "more", "hostPath": {"path": "/more"}},
    "volumeMount": {"name": "more"},
}
CLAIM = {"name": "weights", "persistentVolumeClaim": {"claimName": "models"}}
BUILD = {"image": "cars:1", "baseImage": "auto-annotate:1", "noBaseImagesPull": True}


def _volume(mount: str = "/more", host: str = "/more") -> dict[str, Any]:
    return {
        "volume": {"name": "more", "hostPath": {"path": host}},
        "volumeMount": {"name": "more", "mountPath": mount},
    }


TRIGGER = GOOD["docker"]["spec"]["triggers"]["http"]
OLD_TRIGGER = {key: value for key, value in TRIGGER.items() if key != "numWorkers"}
OLD_TRIGGER["maxWorkers"] = 4
WEIGHTS = GOOD["docker"]["spec"]["volumes"][0]


def _env(name: str, value: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value}]


BROKEN = [
    ("value-kind", Broken("metadata labels team", ["a", "b"])),
    ("value-kind", Broken("spec env", {"ANNOTATE_DEVICE": "cpu"})),
    ("value-kind", Broken("spec env", ["ANNOTATE_DEVICE=cpu"])),
    ("value-kind", Broken("spec readinessTimeoutSeconds", "600")),
    ("value-kind", Broken("spec triggers cron", "daily")),
    ("value-kind", Broken(f"{HTTP} numWorkers", "one")),
    ("value-kind", Broken("spec resources limits", ["4Gi"])),
    ("outside-keys", Broken("resources", {"limits": {"memory": "4Gi"}})),
    ("unknown-key", Broken("spec readinesTimeoutSeconds", 600)),
    ("unknown-key", Broken("metadata title", "Cars")),
    ("unknown-key", Broken(f"{HTTP} maxRequestBodySize", 67108864)),
    ("platform-name", Broken("metadata name", "Cars_v2", "kubernetes")),
    ("platform-name", Broken("metadata name", "dashboard")),
    ("skip-annotation", Broken("metadata annotations skip-build", "true")),
    ("build-image", Broken("spec build", {"image": "cars:1"})),
    ("build-image", Broken("spec build", {"image": "cars:1", "baseImage": "auto-annotate:1"})),
    ("build-source", Broken("spec build", {"path": "."})),
    ("build-source", Broken("spec build", {"functionSourceCode": "aW1wb3J0IG9zCg=="})),
    ("build-downloads", Broken("spec build", BUILD | {"commands": ["pip install numpy"]})),
    (
        "build-downloads",
        Broken(
            "spec build",
            BUILD | {"directives": {"preCopy": [{"kind": "RUN", "value": "apt-get update"}]}},
        ),
    ),
    ("build-unused", Broken("spec build", {"baseImage": "auto-annotate:1"})),
    ("never-build", Broken("spec build", {"mode": "neverBuild"})),
    ("code-entry-type", Broken("spec build", {"codeEntryType": "image"})),
    ("no-image", Broken("spec image", GONE)),
    ("image-reference", Broken("spec image", "https://registry.local/annotate")),
    ("image-reference", Broken("spec image", "Auto Annotate")),
    ("runtime", Broken("spec runtime", GONE)),
    ("runtime", Broken("spec runtime", "python:3.6")),
    ("handler", Broken("spec handler", GONE)),
    ("handler", Broken("spec handler", "handler")),
    ("event-timeout", Broken("spec eventTimeout", "30s")),
    ("event-timeout", Broken("spec eventTimeout", "1m30s")),
    ("event-timeout", Broken("spec eventTimeout", 30)),
    ("readiness-timeout", Broken("spec readinessTimeoutSeconds", GONE)),
    ("readiness-timeout", Broken("spec readinessTimeoutSeconds", 60)),
    ("setting", Broken("spec env", _env("ANNOTATE_TRESHOLD", "0.5"))),
    ("setting", Broken("spec env", _env("ANNOTATE_DEVICE", "gpu"))),
    ("secret-in-env", Broken("spec env", _env("REGISTRY_PASSWORD", "hunter2"))),
    ("env-characters", Broken("spec env", _env("GREETING", "it's $HOME"))),
    ("disabled", Broken("spec disable", True)),
    ("platform-attributes", Broken("spec platform attributes mountMode", "volume")),
    ("platform-attributes", Broken("spec platform attributes network", "cvat", "kubernetes")),
    ("restart-policy", Broken("spec platform", GONE)),
    ("http-trigger", Broken("spec triggers", {})),
    ("http-trigger", Broken("spec triggers second", TRIGGER | {"name": "second"})),
    ("trigger-name", Broken(f"{HTTP} name", "web")),
    ("body-limit", Broken(f"{HTTP} attributes maxRequestBodySize", GONE)),
    ("body-limit", Broken(f"{HTTP} attributes maxRequestBodySize", 4194304)),
    ("body-limit", Broken(f"{HTTP} attributes maxRequestBodySize", "64 MB")),
    ("worker-wait", Broken(f"{HTTP} workerAvailabilityTimeoutMilliseconds", GONE)),
    ("worker-wait", Broken(f"{HTTP} workerAvailabilityTimeoutMilliseconds", 10000)),
    ("workers", Broken(f"{HTTP} numWorkers", 0)),
    ("workers", Broken(f"{HTTP} numWorkers", -1)),
    ("worker-keys", Broken(HTTP, OLD_TRIGGER)),
    ("worker-keys", Broken(f"{HTTP} maxWorkers", 4)),
    ("port", Broken(f"{HTTP} attributes port", -1)),
    ("port", Broken(f"{HTTP} attributes port", "9000")),
    ("port", Broken(f"{HTTP} attributes port", 9000, "kubernetes")),
    ("port-published", Broken(f"{HTTP} attributes disablePortPublishing", True)),
    ("fixed-port", Broken(f"{HTTP} attributes port", GONE)),
    (
        "volume-host-path",
        Broken("spec volumes 0", WEIGHTS, "kubernetes"),
    ),
    ("volume-docker", Broken("spec volumes 0 volume", CLAIM)),
    ("volume-docker", Broken("spec volumes 0 volume", {"name": "weights", "emptyDir": {}})),
    ("volume-names", Broken("spec volumes 0 volume name", "models")),
    ("volume-names", Broken("spec volumes", [WEIGHTS, _volume("/a", "/b"), _volume("/c", "/d")])),
    ("volume-path", Broken("spec volumes 0 volume hostPath path", "models/cars")),
    ("volume-path", Broken("spec volumes", [WEIGHTS, _volume("more")])),
    ("volume-over-nuclio", Broken("spec volumes", [WEIGHTS, _volume("/opt/nuclio")])),
    ("volume-over-nuclio", Broken("spec volumes", [WEIGHTS, _volume("/etc/nuclio")])),
    ("cache-volume", Broken("spec volumes 1 volumeMount readOnly", True, "kubernetes")),
    ("weights-volume", Broken("spec volumes", [_volume()])),
    ("weights-volume", Broken("spec env", _env("ANNOTATE_WEIGHTS", "/models"))),
    ("quantity", Broken("spec resources limits memory", "4 GB")),
    ("requests-over-limits", Broken("spec resources requests memory", "5Gi")),
    ("gpu-limit", Broken("spec resources requests nvidia.com/gpu", 1)),
    ("gpu-limit", Broken("spec resources limits nvidia.com/gpu", "0.5")),
    ("replicas", Broken("spec maxReplicas", 0, "kubernetes")),
    ("replicas", Broken("spec minReplicas", 2, "kubernetes")),
    ("replicas", Broken("spec minReplicas", -1, "kubernetes")),
    ("scale-to-zero", Broken("spec minReplicas", 0, "kubernetes")),
    ("replicas-on-docker", Broken("spec maxReplicas", 4)),
    ("image-pull-policy", Broken("spec imagePullPolicy", GONE, "kubernetes")),
    ("container-security", Broken("spec securityContext readOnlyRootFilesystem", True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_what_nuclio_refuses_or_ignores_is_caught_by_its_rule_alone(
    name: str, broken: Broken
) -> None:
    assert rules_found(broken.document(), broken.platform) == {name}


def test_two_workers_on_one_gpu_are_pointed_out() -> None:
    changes = {
        "spec resources limits nvidia.com/gpu": 1,
        f"{HTTP} numWorkers": 2,
        f"{HTTP} maxWorkers": 2,
    }
    assert rules_found(changed(GOOD["docker"], changes)) == {"gpu-workers"}


def test_every_rule_has_a_file_that_breaks_it() -> None:
    tested = {name for name, _ in BROKEN} | {"gpu-workers"}
    assert tested == {rule.name for rule in RULES}


@pytest.mark.parametrize("platform", GOOD)
def test_a_good_file_is_clean(platform: str) -> None:
    assert rules_found(GOOD[platform], platform) == set()


def test_a_build_on_our_image_without_the_network_is_clean() -> None:
    document = changed(GOOD["docker"], {"spec image": GONE, "spec build": BUILD})
    assert rules_found(document) == set()


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=3,
)


def _paths(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from _paths(each, *path, key)


@given(st.sampled_from([(p, path) for p in GOOD for path in _paths(GOOD[p])]), VALUES)
def test_no_value_anywhere_is_a_traceback(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    platform, (*above, last) = place
    document = copy.deepcopy(GOOD[platform])
    target: Any = document
    for key in above:
        target = target[key]
    target[last] = value
    function = FunctionFile(document, platform)
    assert all(found.finding for rule in RULES for found in rule.findings(function))
    assert all("\n" not in found.finding for rule in RULES for found in rule.findings(function))


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("500m", 0.5), ("4Gi", 4 * 2**30), ("1e3", 1000), ("4GB", None), ("-1", None)],
)
def test_quantities(text: str, number: float | None) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("30s", 30), ("1h2m3.5s", 3723.5), ("250ms", 0.25), ("30", None)]
)
def test_durations(text: str, number: float | None) -> None:
    assert seconds(text) == number
