import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from handler.detection.labels import Label
from handler.errors import SettingsError
from handler.nuclio.function import Function, function_name


def function(**changes: Any) -> Function:
    values: dict[str, Any] = {
        "name": "cars",
        "title": "Cars",
        "description": "yolov8n detector",
        "image": "auto-annotate:1",
        "labels": [Label("car"), Label('a "quoted" 🚗')],
        "weights_path": Path("/models/cars"),
    }
    if changes.get("platform") == "kubernetes":
        del values["weights_path"]
    return Function(**values | changes)


VARIANTS = {
    "docker": function(),
    "docker, GPU": function(gpu=True, port=9000, cpu="4", memory="6Gi"),
    "docker, build": function(build_image="cars:1"),
    "kubernetes": function(platform="kubernetes"),
    "kubernetes, GPU": function(
        platform="kubernetes", gpu=True, replicas=(2, 5), port=30123, weights_claim="models"
    ),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_the_text_says_what_the_dictionary_says(variant: Function) -> None:
    text = variant.to_yaml()
    assert yaml.safe_load(text) == variant.to_dict()
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert max(map(len, comments)) <= 100


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_is_one_that_cvat_lists(variant: Function) -> None:
    document = variant.to_dict()
    assert document["metadata"]["labels"] == {"nuclio.io/project-name": "cvat"}
    annotations = document["metadata"]["annotations"]
    assert [label["name"] for label in json.loads(annotations["spec"])] == ["car", 'a "quoted" 🚗']
    assert annotations["type"] == "detector"
    assert document["spec"]["description"] == "yolov8n detector"


def test_docker_gets_the_host_s_folder_and_all_gpus() -> None:
    spec = VARIANTS["docker, GPU"].to_dict()["spec"]
    assert spec["volumes"][0]["volume"]["hostPath"] == {"path": "/models/cars"}
    assert spec["resources"] == {"limits": {"cpu": "4", "memory": "6Gi", "nvidia.com/gpu": 1}}
    assert spec["triggers"]["http"]["attributes"]["port"] == 9000
    assert spec["env"] == [{"name": "ANNOTATE_DEVICE", "value": "cuda"}]


def test_the_cache_is_a_volume_where_the_container_s_own_folder_would_not_last() -> None:
    mounts = {
        name: [each["volumeMount"]["mountPath"] for each in variant.to_dict()["spec"]["volumes"]]
        for name, variant in VARIANTS.items()
    }
    with_cache = {name for name, paths in mounts.items() if "/cache" in paths}
    assert with_cache == {"kubernetes"}
    assert VARIANTS["kubernetes"].to_dict()["spec"]["volumes"][1]["volume"] == {
        "name": "cache",
        "emptyDir": {},
    }


def test_kubernetes_gets_a_claim_replicas_and_a_resource_that_the_controller_acts_on() -> None:
    document = VARIANTS["kubernetes, GPU"].to_dict()
    spec = document["spec"]
    assert (document["apiVersion"], document["kind"]) == ("nuclio.io/v1beta1", "NuclioFunction")
    assert document["status"] == {"state": "waitingForResourceConfiguration"}
    assert spec["volumes"][0]["volume"]["persistentVolumeClaim"]["claimName"] == "models"
    assert (spec["minReplicas"], spec["maxReplicas"], spec["targetCPU"]) == (2, 5, 75)
    assert spec["resources"]["requests"] == {"cpu": "2", "memory": "8Gi"}
    assert spec["serviceType"] == "NodePort"
    assert spec["imagePullPolicy"] == "IfNotPresent"


def test_only_the_build_variant_names_build_image() -> None:
    built = VARIANTS["docker, build"].to_dict()["spec"]
    assert built["build"]["image"] == "cars:1"
    assert built["build"]["baseImage"] == "auto-annotate:1"
    assert built["build"]["noBaseImagesPull"] is True
    assert "image" not in built
    others = [variant.to_dict()["spec"] for variant in VARIANTS.values()]
    assert sum("build" in spec for spec in others) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Cars"}, "'Cars' is not one that Nuclio takes"),
        ({"name": "-cars"}, "small letters, digits and dashes"),
        ({"name": "c" * 57}, "at most 56"),
        ({"weights_path": Path("models/cars")}, "models/cars, is not absolute"),
        ({"weights_claim": "models"}, "--weights-path"),
        ({"replicas": (1, 2)}, "runs each function once"),
        ({"platform": "kubernetes", "weights_path": Path("/models")}, "--weights-claim"),
        ({"platform": "kubernetes", "build_image": "cars:1"}, "--image"),
        ({"platform": "kubernetes", "replicas": (3, 2)}, "such as 1:4"),
        ({"platform": "kubernetes", "replicas": (0, 2)}, "such as 1:4"),
        ({"platform": "kubernetes", "port": 8080}, "from 30000 to 32767"),
        ({"port": 70000}, "from 1 to 65535"),
        ({"port": -1}, "from 1 to 65535"),
        ({"workers": 0}, "0 workers"),
        ({"memory": "4 GB"}, "4 GB is not a quantity"),
        ({"cpu": "two"}, "two is not a quantity"),
    ],
)
def test_what_the_platform_would_refuse_or_ignore_is_refused_here(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        function(**changes)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cars & Buses", "cars-buses"),
        ("yolov8n_640", "yolov8n-640"),
        ("---", "auto-annotate"),
        ("数字", "auto-annotate"),
        ("x" * 90, "x" * 56),
    ],
)
def test_any_text_becomes_a_name(text: str, name: str) -> None:
    assert function_name(text) == name
    assert function(name=name).name == name


@pytest.mark.parametrize("name", ["true", "123", "1e5"])
def test_a_name_stays_a_text(name: str) -> None:
    assert yaml.safe_load(function(name=name).to_yaml())["metadata"]["name"] == name


@pytest.mark.parametrize(
    ("gpu", "variant", "end"),
    [(False, "", ""), (True, "", "-cuda"), (False, "mmrotate-0", "-mmrotate-0")],
)
def test_the_image_is_the_one_that_has_what_the_model_needs(
    tmp_path: Path, gpu: bool, variant: str, end: str
) -> None:
    own = of_model(tmp_path, gpu=gpu, variant=variant)
    assert own.image == f"auto-annotate:{version('auto-annotate')}{end}"
    assert of_model(tmp_path, gpu=gpu, variant=variant, image="mine:1").image == "mine:1"


def test_there_is_no_image_with_mmrotate_for_a_gpu(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mmrotate is for the CPU.*--image"):
        of_model(tmp_path, gpu=True, variant="mmrotate")


def of_model(folder: Path, **options: Any) -> Function:
    labels = [Label("ship")]
    return Function.of_model(folder, {}, "detector", labels, weights_path=folder, **options)


@pytest.mark.parametrize(
    ("config", "path", "name", "title"),
    [
        ({}, Path("/models/cars"), "cars", "cars"),
        ({"title": "All cars"}, Path("/models/cars"), "cars", "All cars"),
        ({"title": "All cars"}, None, "all-cars", "All cars"),
        ({"name": "vans", "title": "All cars"}, Path("/models/cars"), "vans", "All cars"),
        ({}, None, "auto-annotate", "auto-annotate"),
    ],
)
def test_the_name_is_the_host_s_never_the_mount_point_s(
    config: dict[str, str], path: Path | None, name: str, title: str
) -> None:
    platform = "kubernetes" if path is None else "docker"
    made = Function.of_model(
        Path("/weights"), config, "a detector", [Label("car")],
        platform=platform, weights_path=path, gpu=False,
    )  # fmt: skip
    assert (made.name, made.title) == (name, title)
