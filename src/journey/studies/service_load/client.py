"""A client that costs little: it shares its processors with the service that it measures.

It keeps some connections busy, each with one request at a time, from one loop over plain sockets.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from journey.errors import JourneyError

HOST = "127.0.0.1"
CHUNK, PATIENCE = 1 << 20, 30.0
OK, LENGTH, END = b"HTTP/1.1 200", b"content-length:", b"\r\n\r\n"


@dataclass(frozen=True)
class Timed:
    """What one run measured: seconds of each answer, and seconds from first to last."""

    latencies: tuple[float, ...]
    seconds: float


@dataclass
class Connection:
    """One connection, its answer so far, and when its request was sent."""

    socket: socket.socket
    sent: float = 0.0
    found: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        """Send a request."""
        self.found.clear()
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read on; the body of the answer when it is whole.

        Raises
        ------
        JourneyError
            For another status than 200, or a connection that was closed.
        """
        part = self.socket.recv(CHUNK)
        if not part:
            raise JourneyError("the service closed a connection before it had answered")
        self.found += part
        head = self.found.find(END)
        if head < 0:
            return None
        lines = bytes(self.found[:head]).lower()
        if not self.found.startswith(OK):
            raise JourneyError(f"the service answered {bytes(self.found[:300])!r}")
        place = lines.index(LENGTH) + len(LENGTH)
        whole = head + len(END) + int(lines[place:].split(b"\r\n", 1)[0])
        return bytes(self.found[head + len(END) :]) if len(self.found) >= whole else None


def request_bytes(body: bytes, path: str = "/score") -> bytes:
    """A POST of a body, as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def connect(port: int) -> Connection:
    """A connection to the service."""
    found = socket.create_connection((HOST, port), timeout=PATIENCE)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(found)


def ask(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """Bodies of the answers to some requests, one after the other over one connection."""
    connection, answers = connect(port), []
    with connection.socket:
        for request in requests:
            connection.send(request)
            while (answer := connection.receive()) is None:
                pass
            answers.append(answer)
    return answers


def drive(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, most: int) -> Timed:
    """Keep connections busy for some seconds, or for `most` requests if these are over sooner.

    Raises
    ------
    JourneyError
        When an answer is not 200, or none comes.
    """
    opened = [connect(port) for _ in range(connections)]
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        try:
            start = time.perf_counter()
            for place, connection in enumerate(opened):
                connection.send(requests[place % len(requests)])
            sent, open_requests = connections, connections
            while open_requests:
                ready = selector.select(PATIENCE)
                if not ready:
                    raise JourneyError(f"the service did not answer within {PATIENCE:.0f} seconds")
                for key, _ in ready:
                    if key.data.receive() is None:
                        continue
                    now = time.perf_counter()
                    latencies.append(now - key.data.sent)
                    if now - start < seconds and sent < most:
                        key.data.send(requests[sent % len(requests)])
                        sent += 1
                    else:
                        open_requests -= 1
            taken = time.perf_counter() - start
        finally:
            for connection in opened:
                connection.socket.close()
    return Timed(tuple(latencies), taken)
