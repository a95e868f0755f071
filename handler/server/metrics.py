"""What Prometheus is told: of each model its requests, stages, pictures, queue and state.

https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, StateSetMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from handler.replies import Reply
from handler.server.catalogue import Catalogue

_SECONDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
)  # fmt: skip
_PIXELS = tuple(megapixels * 1e6 for megapixels in (0.1, 0.3, 1, 2, 4, 8, 12, 24, 50, 100))
_BYTES = tuple(megabytes * 1e6 for megabytes in (0.01, 0.1, 0.3, 1, 3, 10, 30, 50))
_STATES = ("starting", "failed", "idle", "loading", "ready")


class Metrics:
    """The figures of one server."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "auto_annotate_requests",
            "Requests by the status of their answer; 499: the sender went away",
            ("model", "status"),
            registry=self._registry,
        )
        self._stages = Histogram(
            "auto_annotate_stage_seconds",
            "Time of an answered request in each stage; total is all but queue",
            ("model", "stage"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._pixels = Histogram(
            "auto_annotate_picture_pixels",
            "Pixels of answered pictures",
            ("model",),
            buckets=_PIXELS,
            registry=self._registry,
        )
        self._bytes = Histogram(
            "auto_annotate_picture_bytes",
            "Encoded size of answered pictures",
            ("model",),
            buckets=_BYTES,
            registry=self._registry,
        )
        self._shapes = Counter(
            "auto_annotate_shapes", "Shapes in answers", ("model",), registry=self._registry
        )
        self._registry.register(_Models(catalogue))
        ProcessCollector(registry=self._registry)

    def count(self, model: str, status: int) -> None:
        """Count a request that ended with an HTTP status."""
        self._requests.labels(model, str(status)).inc()

    def observe(self, model: str, reply: Reply, seconds: float) -> None:
        """Count a reply; `seconds` is how long it took from the request's last byte on."""
        self.count(model, reply.status)
        seen = reply.seen
        if seen is None:
            return
        total = seen.timings.total
        queued = {"queue": max(0.0, seconds - total), "total": total}
        for stage, each in {**seen.timings.stages, **queued}.items():
            self._stages.labels(model, stage).observe(each)
        self._pixels.labels(model).observe(seen.width * seen.height)
        self._bytes.labels(model).observe(seen.bytes)
        self._shapes.labels(model).inc(seen.shapes)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the text of all figures and its content type, in the format that is accepted."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Models(Collector):
    """What is read off the models when Prometheus asks."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def collect(self) -> Iterable[Metric]:
        models = self._catalogue.models
        queue = GaugeMetricFamily(
            "auto_annotate_queue_requests", "Requests in the queue or in work", labels=["model"]
        )
        limit = GaugeMetricFamily(
            "auto_annotate_queue_limit", "Requests that are taken at once", labels=["model"]
        )
        state = StateSetMetricFamily("auto_annotate_model_state", "State", labels=["model"])
        for served in models:
            queue.add_metric([served.name], served.places)
            limit.add_metric([served.name], served.settings.queue)
            state.add_metric([served.name], {each: each == served.state for each in _STATES})
        build = InfoMetricFamily("auto_annotate_build", "Version")
        build.add_metric([], {"version": version("auto-annotate")})
        return [queue, limit, state, build]
