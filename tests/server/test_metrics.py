"""What Prometheus gets, read with its own parser, and the files that read it."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from tests.conftest import EXAMPLES, ROOT, body_of
from tests.server.processes import EXPORTED, running_server

MONITORING = ROOT / "deploy" / "monitoring"
PICTURE = EXAMPLES[0].read_bytes()
STAGES = {"queue", "parse", "decode", "wait", "predict", "shapes", "encode", "total"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_server(EXPORTED) as connection:
        for _ in range(2):
            assert connection.post("/", content=body_of(PICTURE)).status_code == 200
        assert connection.post("/models/digits", content=b"{").status_code == 400
        yield connection


@pytest.fixture(scope="module")
def figures(client: httpx.Client) -> dict[tuple[str, tuple[str, ...]], float]:
    """The value of each sample, by its name and its labels' values."""
    reply = client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in plain_text(reply.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_status(figures: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert figures["auto_annotate_requests_total", ("digits", "200")] == 2
    assert figures["auto_annotate_requests_total", ("digits", "400")] == 1


def test_stages_and_pictures_are_measured(
    figures: dict[tuple[str, tuple[str, ...]], float],
) -> None:
    counts = {
        labels[1]: value
        for (name, labels), value in figures.items()
        if name == "auto_annotate_stage_seconds_count"
    }
    assert counts == dict.fromkeys(STAGES, 2)
    assert figures["auto_annotate_stage_seconds_sum", ("digits", "predict")] > 0
    assert figures["auto_annotate_picture_bytes_sum", ("digits",)] == 2 * len(PICTURE)
    assert figures["auto_annotate_picture_pixels_count", ("digits",)] == 2
    assert figures["auto_annotate_shapes_total", ("digits",)] > 0


def test_queue_state_and_memory_are_told(
    figures: dict[tuple[str, tuple[str, ...]], float],
) -> None:
    assert figures["auto_annotate_queue_requests", ("digits",)] == 0
    assert figures["auto_annotate_queue_limit", ("digits",)] == 32
    states = {
        labels[0]: value
        for (name, labels), value in figures.items()
        if name == "auto_annotate_model_state"
    }
    assert states == {"starting": 0, "failed": 0, "idle": 0, "loading": 0, "ready": 1}
    assert figures["process_resident_memory_bytes", ()] > 50e6


def test_open_metrics_are_given_to_who_asks(client: httpx.Client) -> None:
    accepted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = client.get("/metrics", headers=accepted).text
    assert list(open_metrics(text))  # type: ignore[no-untyped-call]


def test_the_dashboard_reads_what_there_is(
    figures: dict[tuple[str, tuple[str, ...]], float],
) -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [each["query"] for each in dashboard["templating"]["list"]]
    read = {
        name for query in queries for name in re.findall(r"(?:auto_annotate|process)_\w+", query)
    }
    assert read <= {name for name, _ in figures}


def test_the_monitor_and_the_annotations_find_the_service() -> None:
    monitor = yaml.safe_load((MONITORING / "service-monitor.yaml").read_text())
    server = ROOT / "deploy" / "kubernetes" / "server-cpu"
    service = yaml.safe_load((server / "service.yaml").read_text())
    labels = monitor["spec"]["selector"]["matchLabels"]
    assert labels.items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    pod = yaml.safe_load((server / "deployment.yaml").read_text())["spec"]["template"]
    (port,) = pod["spec"]["containers"][0]["ports"]
    assert pod["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port["containerPort"]),
        "prometheus.io/path": endpoint["path"],
    }
