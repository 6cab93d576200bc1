"""The load test: its client measures what a server of known slowness does, and refuses a wrong answer."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from journey.errors import JourneyError
from journey.paths import project
from journey.studies.service_load.client import ask, drive, request_bytes

ANSWER = b'{"probability": 0.25}'


def serve_one(connection: socket.socket, answer: bytes, seconds: float, pieces: int) -> None:
    """Answer whole requests, each after some time, in several pieces."""
    with connection, contextlib.suppress(OSError):
        held = b""
        while part := connection.recv(1 << 16):
            held += part
            while (head := held.find(b"\r\n\r\n")) >= 0:
                size = int(held[:head].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                if len(held) < head + 4 + size:
                    break
                held = held[head + 4 + size :]
                time.sleep(seconds)
                step = -(-len(answer) // pieces)
                for place in range(0, len(answer), step):
                    connection.sendall(answer[place : place + step])
                    time.sleep(0.001)


@contextmanager
def server(status: bytes = b"200 OK", seconds: float = 0.0, pieces: int = 1) -> Iterator[int]:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(
                    target=serve_one, args=(connection, answer, seconds, pieces), daemon=True
                ).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_answers_come_whole_also_in_pieces():
    with server(pieces=9) as port:
        assert ask(port, [request_bytes(b"{}")] * 3) == [ANSWER] * 3


def test_a_closed_loop_keeps_each_connection_busy_with_one_request():
    with server(seconds=0.05) as port:
        timed = drive(port, [request_bytes(b"{}")], connections=4, seconds=10.0, most=20)
    assert len(timed.latencies) == 20
    assert min(timed.latencies) >= 0.05
    # Four at a time: five rounds, not twenty.
    assert 5 * 0.05 <= timed.seconds < 20 * 0.05


def test_time_ends_a_run_and_every_request_that_was_sent_is_answered():
    with server(seconds=0.02) as port:
        timed = drive(port, [request_bytes(b"{}")], connections=2, seconds=0.2, most=10_000)
    assert 2 <= len(timed.latencies) < 100
    assert timed.seconds < 5


@pytest.mark.parametrize("status", [b"422 Unprocessable", b"500 Error"])
def test_an_answer_that_is_no_success_ends_the_measurement(status):
    with server(status) as port, pytest.raises(JourneyError, match="the service answered"):
        drive(port, [request_bytes(b"{}")], connections=2, seconds=1.0, most=100)


def test_what_is_kept_is_what_the_claims_are_compared_with():
    kept = json.loads((project().evidence / "service_load.json").read_text(encoding="utf-8"))["results"]
    by_name = {each["name"]: each for each in kept["scenarios"]}
    assert {"one_row_alone", "one_row", "hundred_rows", "thousand_rows"} <= set(by_name)
    for each in by_name.values():
        assert 0 < each["p50_ms"] <= each["p95_ms"] <= each["p99_ms"]
        assert each["rows_per_second"] == pytest.approx(each["requests_per_second"] * each["rows"], rel=1e-2)
        # A closed loop: connections over mean latency is the rate, and the mean is near the median or above.
        assert each["requests_per_second"] <= 1.5 * each["connections"] / (each["p50_ms"] / 1000)
        # Processor time is counted in ticks, so a busy machine may seem a little more than busy.
        assert 0 <= each["others"] <= 1.1
    assert kept["largest_gap"] <= 1e-9
    assert set(kept["claimed"]) == set(kept["target"])
