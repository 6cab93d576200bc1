"""Counts, latencies and the drift watch of the service, in the text form of Prometheus.

The processes of the service share one folder, in which prometheus-client keeps their numbers together;
`PROMETHEUS_MULTIPROC_DIR` names it before this module is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from journey.models.landed import Landed
from journey.service.drift import LAST, LEAST, recent_rows, stability

BUCKETS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
#: Requests for anything else are counted together, so that nobody can fill the memory with addresses.
PATHS = ("/score", "/health", "/metrics", "/openapi.json")
OTHER = "other"


class Counted:
    """Counts the requests of an ASGI application and times them; tells the rows that were scored.

    Parameters
    ----------
    registry
        Of the single process; where a folder is shared, `metrics_text` reads all processes from there.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "journey_requests", "Requests by path and status", ["path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "journey_request_seconds", "Seconds to an answer", ["path"], buckets=BUCKETS, registry=registry
        )
        self._rows = Counter("journey_rows_scored", "Rows scored", registry=registry)
        self._timed = {path: self._seconds.labels(path) for path in (*PATHS, OTHER)}
        self._counted: dict[tuple[str, int], Any] = {}

    def rows(self, count: int) -> None:
        """Count rows that were scored."""
        self._rows.inc(count)

    def done(self, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        path = path if path in PATHS else OTHER
        if (path, status) not in self._counted:
            self._counted[path, status] = self._requests.labels(path, status)
        self._counted[path, status].inc()
        self._timed[path].observe(seconds)


class CountedRequests:
    """ASGI middleware around the service: every request is counted, also one that fails."""

    def __init__(self, app: Any, counted: Counted) -> None:
        self._app, self._counted = app, counted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._counted.done(scope["path"], status, time.perf_counter() - start)


class Watch:
    """What Prometheus collects about the model and its inputs when it asks."""

    def __init__(self, landed: Landed, folder: Path) -> None:
        self._landed, self._folder = landed, folder

    def collect(self) -> Iterator[Metric]:
        """Which model answers, how many rows are compared, and how far they are from the reference."""
        landed, reference = self._landed, self._landed.reference
        labels = {"decision": landed.decision, "model": landed.chosen, "digest": landed.digest}
        labels |= {"version": version("ecommerce-journey")}
        model = GaugeMetricFamily("journey_model", "The model that answers", labels=list(labels))
        model.add_metric(list(labels.values()), 1)
        yield model
        rows = recent_rows(self._folder, len(landed.names))
        yield GaugeMetricFamily(
            "journey_watch_rows",
            f"Last rows compared with the reference, {LAST} at most; none are below {LEAST}",
            value=len(rows),
        )
        yield GaugeMetricFamily(
            "journey_watch_reference_rows", "Rows of the test period", value=reference.rows
        )
        names = ["variable", "watched"]
        index = GaugeMetricFamily(
            "journey_stability_index",
            "Population stability index of the last rows; the model card watches the watched",
            labels=names,
        )
        chance = GaugeMetricFamily(
            "journey_stability_index_chance",
            "Exceeded by chance once in twenty looks, were rows independent; returning visitors add",
            labels=names,
        )
        for each in stability(reference, rows):
            values = [each.variable, "yes" if each.watched else "no"]
            index.add_metric(values, each.index)
            chance.add_metric(values, each.chance)
        yield index
        yield chance


def metrics_text(registry: CollectorRegistry, watch: Watch) -> bytes:
    """All numbers of all processes as Prometheus reads them."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    text: bytes = generate_latest(registry)
    own = CollectorRegistry()
    own.register(watch)
    return text + generate_latest(own)
