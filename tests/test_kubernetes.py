"""The files in deploy/kubernetes, against the Kubernetes schemas and against each other."""

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("nuclio-cpu", "nuclio-gpu", "server-cpu", "server-gpu")
KUBERNETES = ("1.27", "1.37")  # the oldest and the newest that the files are for

# The custom resources have no schema in Nuclio (it preserves unknown fields): this is what its
# `pkg/functionconfig/types.go` and `pkg/platform/kube/apis/nuclio.io/v1beta1/types.go` read.
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_NAMED = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "labels": _TEXTS, "annotations": _TEXTS},
}
_QUANTITIES = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
NUCLIO_SCHEMAS: dict[str, dict[str, Any]] = {
    "NuclioProject": {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "nuclio.io/v1beta1"},
            "kind": {},
            "metadata": _NAMED,
            "spec": {"type": "object", "properties": {"description": {"type": "string"}}},
        },
    },
    "NuclioFunction": {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec", "status"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "nuclio.io/v1beta1"},
            "kind": {},
            "metadata": _NAMED,
            "status": {
                "type": "object",
                "properties": {"state": {"const": "waitingForResourceConfiguration"}},
            },
            "spec": {
                "type": "object",
                "required": ["description", "runtime", "handler", "image", "triggers"],
                "properties": {
                    "minReplicas": {"type": "integer", "minimum": 0},
                    "maxReplicas": {"type": "integer", "minimum": 1},
                    "targetCPU": {"type": "integer", "minimum": 1, "maximum": 100},
                    "readinessTimeoutSeconds": {"type": "integer", "minimum": 1},
                    "imagePullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
                    "resources": {
                        "type": "object",
                        "properties": {"requests": _QUANTITIES, "limits": _QUANTITIES},
                    },
                    "triggers": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["kind", "name"],
                            "properties": {
                                "numWorkers": {"type": "integer", "minimum": 1},
                                "maxWorkers": {"type": "integer", "minimum": 1},
                            },
                        },
                    },
                },
            },
        },
    },
}


def load(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text())
    assert isinstance(document, dict)
    return document


def kustomization(overlay: str) -> dict[str, Any]:
    return load(FOLDER / overlay / "kustomization.yaml")


def resources(overlay: str) -> list[dict[str, Any]]:
    """Return an overlay's resources with its patches, as kustomize puts them together."""
    names = kustomization(overlay)["resources"]
    found: list[dict[str, Any]] = []
    for name in names:
        if name.endswith(".yaml"):
            found.append(load(FOLDER / overlay / name))
        else:
            found += resources((FOLDER / overlay / name).resolve().name)
    for patch in kustomization(overlay).get("patches", []):
        change = load(FOLDER / overlay / patch["path"])
        (index,) = [i for i, each in enumerate(found) if identity(each) == identity(change)]
        found[index] = merged(found[index], change)
    return found


def identity(document: dict[str, Any]) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


def merged(base: Any, change: Any) -> Any:
    """Merge as kustomize does: tables key by key, lists of named things by their names."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {k: merged(base[k], v) if k in base else v for k, v in change.items()}
    if isinstance(change, list) and all(isinstance(c, dict) and "name" in c for c in change):
        changes = {each["name"]: each for each in change}
        return [merged(each, changes.get(each["name"], {})) for each in base]
    return change


def validate(document: dict[str, Any]) -> None:
    if document["kind"] in NUCLIO_SCHEMAS:
        jsonschema.validate(document, NUCLIO_SCHEMAS[document["kind"]])
        pod = {"securityContext": document["spec"].get("securityContext", {}), "containers": []}
        volumes = document["spec"].get("volumes", [])
        pod["volumes"] = [each["volume"] for each in volumes]
        pod["containers"] = [
            {"name": "x", "volumeMounts": [each["volumeMount"] for each in volumes]}
        ]
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
    for release in KUBERNETES:
        kubernetes_validate.validate(document, release, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_resource_is_one_that_kubernetes_takes(overlay: str) -> None:
    for document in resources(overlay):
        validate(document)


def test_a_misspelt_key_is_found() -> None:
    document = load(FOLDER / "server-cpu" / "service.yaml")
    document["spec"]["port"] = document["spec"].pop("ports")
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(document)


def test_every_file_belongs_to_an_overlay() -> None:
    used = set()
    for folder in ("base", *OVERLAYS):
        parts = kustomization(folder)
        names = [*parts["resources"], *(patch["path"] for patch in parts.get("patches", []))]
        used |= {FOLDER / folder / name for name in names if name.endswith(".yaml")}
    assert {path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml"} == used


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_images_are_of_this_version(overlay: str) -> None:
    suffix = "-cuda" if overlay.endswith("gpu") else ""
    images = {
        container["image"]
        for document in resources(overlay)
        if document["kind"] == "Deployment"
        for container in document["spec"]["template"]["spec"]["containers"]
    } | {each["spec"]["image"] for each in resources(overlay) if each["kind"] == "NuclioFunction"}
    assert images == {f"auto-annotate:{version('auto-annotate')}{suffix}"}


def test_the_pods_are_as_locked_down_as_the_image_allows() -> None:
    for kind in ("Deployment", "Job"):
        (found,) = [each for each in resources("server-gpu") if each["kind"] == kind]
        pod = found["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize(("overlay", "claims"), [("nuclio-cpu", 2), ("server-cpu", 2)])
def test_all_pods_mount_the_claim_that_the_job_fills(overlay: str, claims: int) -> None:
    (claim,) = [each for each in resources(overlay) if each["kind"] == "PersistentVolumeClaim"]
    text = yaml.safe_dump_all(resources(overlay))
    assert text.count(f"claimName: {claim['metadata']['name']}") == claims


def test_the_policy_and_the_service_select_pods_that_there_are() -> None:
    by_kind = {each["kind"]: each for each in resources("server-cpu")}
    pods = by_kind["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == pods
    assert by_kind["Service"]["spec"]["selector"] == pods
    by_kind = {each["kind"]: each for each in resources("nuclio-gpu")}
    name = by_kind["NuclioFunction"]["metadata"]["name"]
    selector = by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    assert selector == {"nuclio.io/function-name": name}


@pytest.mark.skipif(shutil.which("kustomize") is None, reason="there is no kustomize")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_puts_them_together_likewise(overlay: str) -> None:
    built = subprocess.run(
        ["kustomize", "build", str(FOLDER / overlay)],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    documents = list(yaml.safe_load_all(built.stdout))
    assert {identity(each) for each in documents} == {identity(e) for e in resources(overlay)}
    specs = {identity(each): each.get("spec") for each in resources(overlay)}
    assert {identity(each): each.get("spec") for each in documents} == specs
    for document in documents:
        validate(document)
