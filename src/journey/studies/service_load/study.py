"""A load test of the scoring service on this machine, beside what projects of this kind say of theirs.

The service runs as `journey serve` does, with one process a processor, and is asked over the loopback by a
client on the same processors. The first answers are compared with the scores of the batch path. Measured in a
closed loop: a connection sends its next request when the last is answered, so with more connections than the
service can serve at once latency is mostly waiting. Takes about a minute.
"""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import orjson
import psutil

from journey.errors import JourneyError
from journey.features import load_features
from journey.inference.arrays import Floats
from journey.models.boosting import Boosted
from journey.models.landed import Landed
from journey.models.training import raw_scores, split_periods
from journey.paths import Paths
from journey.service.load import load_landed
from journey.studies.service_load.client import HOST, ask, drive, request_bytes
from journey.warehouse.connect import connect

DECISION, SEED, ROWS = "after_3_events", 5, 1_000
WORKERS = 2
SECONDS, MOST, WARM = 8.0, 40_000, 1.0
START, STOP = 120.0, 15.0
#: Seen in public portfolios of this kind, without a description of how they were measured.
CLAIMED = {"p50_ms": 45.0, "requests_per_second": 500.0}
TARGET = {"p50_ms": 5.0, "requests_per_second": 2_000.0}
LIBRARIES = ("fastapi", "uvicorn", "uvloop", "xgboost-cpu")


@dataclass(frozen=True)
class Scenario:
    """What is asked: rows of a request, connections, and whether contributions are wanted."""

    name: str
    rows: int
    connections: int
    contributions: bool = False


#: The first two are what claims are compared with.
SCENARIOS = (
    Scenario("one_row_alone", 1, 1),
    Scenario("one_row", 1, 8),
    Scenario("one_row_many", 1, 32),
    Scenario("one_row_contributions", 1, 8, True),
    Scenario("hundred_rows", 100, 4),
    Scenario("thousand_rows", 1_000, 2),
)


def measure_service(paths: Paths) -> dict[str, Any]:
    """Latency and throughput of every scenario, and what the machine was doing.

    Raises
    ------
    JourneyError
        When the models or the warehouse are missing, the service does not start, or an answer differs from
        the batch path.
    """
    models = paths.results / "models"
    landed, matrix = load_landed(models, DECISION), judged_rows(paths)
    load = os.getloadavg()
    with service(paths) as port:
        gap = largest_gap(port, landed, matrix)
        runs = [measured(port, landed, matrix, each) for each in SCENARIOS]
    return {
        "scenarios": runs,
        "largest_gap": gap,
        "workers": WORKERS,
        "processors": os.cpu_count(),
        "load_before": {"minute": round(load[0], 2), "five_minutes": round(load[1], 2)},
        "claimed": CLAIMED,
        "target": TARGET,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def judged_rows(paths: Paths) -> Floats:
    """Rows of the test period, drawn; (n, k)."""
    with connect(paths.warehouse("simulated")) as connection:
        test = split_periods(load_features(connection, DECISION)).test
    drawn = np.random.default_rng(SEED).choice(len(test), size=min(ROWS, len(test)), replace=False)
    return test.matrix[np.sort(drawn)]


@contextmanager
def service(paths: Paths) -> Iterator[int]:
    """The service on a free port, as the command starts it; its port.

    Raises
    ------
    JourneyError
        When it does not answer within `START` seconds.
    """
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from journey.cli import main; main()", "serve", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--decision", DECISION]
    environment = os.environ | {"JOURNEY_ROOT": str(paths.root)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until the port is open and answers.

    Raises
    ------
    JourneyError
        When the service ends, or does not answer within `START` seconds.
    """
    begun = time.perf_counter()
    while time.perf_counter() - begun < START:
        if process.poll() is not None:
            assert process.stderr is not None
            raise JourneyError(f"the service did not start: {process.stderr.read().strip()[-300:]}")
        try:
            with socket.create_connection((HOST, port), timeout=1):
                break
        except OSError:
            time.sleep(0.2)
    else:
        raise JourneyError(f"the service did not answer within {START:.0f} seconds")
    ask(port, [b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"])


def bodies(landed: Landed, matrix: Floats, scenario: Scenario) -> list[bytes]:
    """Requests of a scenario: every row once, in as many requests as that takes."""
    rows = [dict(zip(landed.names, row, strict=True)) for row in matrix.tolist()]
    asked: dict[str, Any] = {"contributions": True} if scenario.contributions else {}
    if scenario.rows == 1:
        return [request_bytes(orjson.dumps(asked | {"row": row})) for row in rows]
    groups = [rows[place : place + scenario.rows] for place in range(0, len(rows), scenario.rows)]
    return [request_bytes(orjson.dumps(asked | {"rows": group})) for group in groups]


def largest_gap(port: int, landed: Landed, matrix: Floats) -> float:
    """Largest difference of the answers, row by row, from the batch path.

    Raises
    ------
    JourneyError
        When it is more than 1e-9.
    """
    answers = ask(port, bodies(landed, matrix, SCENARIOS[0]))
    found = np.array([orjson.loads(answer)["probability"] for answer in answers])
    gap = float(np.abs(found - batch_scores(landed, matrix)).max())
    if gap > 1e-9:
        raise JourneyError(f"answers of the service differ from the batch path by up to {gap:g}")
    return gap


def batch_scores(landed: Landed, matrix: Floats) -> Floats:
    """Probabilities as the build computes them, without what makes single rows fast."""
    boosted = Boosted(landed.names, landed.boosted.booster, landed.boosted.setting)
    return landed.calibration(raw_scores(landed.linear, boosted, matrix)[landed.chosen])


@dataclass(frozen=True)
class Used:
    """Processor seconds used until now: by the service, by the client, and by everything on the machine."""

    service: float
    client: float
    machine: float


def used() -> Used:
    """What this process, those that it started, and the whole machine have used."""
    client = psutil.Process()
    service = sum(sum(each.cpu_times()[:2]) for each in client.children(recursive=True))
    idle = ("idle", "iowait", "guest", "guest_nice")
    machine = sum(value for name, value in psutil.cpu_times()._asdict().items() if name not in idle)
    return Used(service, sum(client.cpu_times()[:2]), machine)


def measured(port: int, landed: Landed, matrix: Floats, scenario: Scenario) -> dict[str, Any]:
    """One scenario, warmed up first: percentiles of the latency, rates, processor time, ours and others'."""
    requests = bodies(landed, matrix, scenario)
    drive(port, requests, connections=scenario.connections, seconds=WARM, most=MOST)
    before = used()
    timed = drive(port, requests, connections=scenario.connections, seconds=SECONDS, most=MOST)
    after = used()
    service, client, machine = (getattr(after, each) - getattr(before, each) for each in vars(before))
    others = (machine - service - client) / (timed.seconds * (os.cpu_count() or 1))
    middle, high, highest = np.percentile(timed.latencies, [50, 95, 99]) * 1000
    rate = len(timed.latencies) / timed.seconds
    return {
        "name": scenario.name,
        "rows": scenario.rows,
        "connections": scenario.connections,
        "contributions": scenario.contributions,
        "requests": len(timed.latencies),
        "p50_ms": round(float(middle), 2),
        "p95_ms": round(float(high), 2),
        "p99_ms": round(float(highest), 2),
        "requests_per_second": round(rate, 1),
        "rows_per_second": round(rate * scenario.rows, 1),
        "processor_ms": round(service / len(timed.latencies) * 1000, 3),
        "others": round(max(others, 0.0), 3),
    }
