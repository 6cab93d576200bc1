"""Ask an ASGI application without a server or a client library."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(app: Any, method: str, path: str, body: bytes = b"", part: int = 1 << 16) -> Answer:
    """Send one request, its body in parts, and collect the answer."""
    parts = [body[place : place + part] for place in range(0, len(body), part)] or [b""]
    waiting = [
        {"type": "http.request", "body": each, "more_body": place < len(parts) - 1}
        for place, each in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"here"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    asyncio.run(app(scope, receive, send))
    return Answer(sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]))
