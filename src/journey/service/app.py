"""The service itself: scores, health and metrics over HTTP.

Rows are held against the feature catalogue by `Reader`, not by a model of pydantic, whose refusals are long.
Nothing here leaves the machine: the pages on which FastAPI shows an interface load scripts from elsewhere and
are switched off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool

from journey.errors import JourneyError
from journey.features.ranges import RANGES
from journey.models.landed import Landed
from journey.service.drift import Recent
from journey.service.load import load_landed
from journey.service.metrics import Counted, CountedRequests, Watch, metrics_text
from journey.service.rows import Asked, Reader, TooLargeError, UnreadableError

MOST_ROWS = 1_000
MOST_BYTES = 4_000_000
#: A body that is too long is read to here and thrown away: who still sends cannot read why it is refused.
DRAINED = 5 * MOST_BYTES
#: More work than this, in rows, is done beside the loop that answers the others; contributions cost more.
INLINE, CONTRIBUTION_COST = 32, 50
JSON = "application/json"
FOLDER, MODELS, DECISION = "PROMETHEUS_MULTIPROC_DIR", "JOURNEY_SERVICE_MODELS", "JOURNEY_SERVICE_DECISION"


@dataclass(frozen=True)
class Service:
    """What answers requests in one process."""

    landed: Landed
    read: Reader
    recent: Recent
    counted: Counted
    registry: CollectorRegistry
    watch: Watch

    @cached_property
    def model(self) -> dict[str, str]:
        """Which model answers; read once, since asking for a version opens files."""
        landed = self.landed
        return {
            "decision": landed.decision,
            "kind": landed.chosen,
            "version": version("ecommerce-journey"),
            "digest": landed.digest,
        }

    async def score(self, request: Request) -> Response:
        """Probability that a visit buys, for one row of features or for many."""
        try:
            asked = self.read(await body_of(request))
        except UnreadableError as error:
            return refused(400, error)
        except TooLargeError as error:
            return refused(413, error)
        except JourneyError as error:
            return refused(422, error)
        work = len(asked.matrix) * (CONTRIBUTION_COST if asked.contributions else 1)
        answer = partial(self.answer, asked)
        found = await run_in_threadpool(answer) if work > INLINE else answer()
        return Response(found, media_type=JSON)

    def answer(self, asked: Asked) -> bytes:
        """Score what was asked, remember it for the watch, and write the answer."""
        scores = self.landed.predict(asked.matrix)
        self.recent.add(asked.matrix, scores)
        self.counted.rows(len(scores))
        values: dict[str, Any] = {"model": self.model}
        if asked.single:
            values["probability"] = float(scores[0])
        else:
            values["probabilities"] = scores.tolist()
        if asked.contributions:
            found, values["base"] = self.landed.contributions(asked.matrix)
            rows = [dict(zip(self.landed.names, row, strict=True)) for row in found.tolist()]
            values["contributions"] = rows[0] if asked.single else rows
        return orjson.dumps(values)

    async def health(self) -> Response:
        """That this process answers, and with which model."""
        return Response(orjson.dumps({"status": "ok", "model": self.model}), media_type=JSON)

    def metrics(self) -> Response:
        """Counts, latencies and the drift watch, for Prometheus."""
        return Response(metrics_text(self.registry, self.watch), media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def body_of(request: Request) -> bytes:
    """The body of a request.

    Raises
    ------
    TooLargeError
        When it is longer than `MOST_BYTES`.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        elif size > DRAINED:
            break
    if size > MOST_BYTES:
        raise TooLargeError(f"the body is longer than {MOST_BYTES:,} bytes; send fewer rows at once")
    return b"".join(parts)


def refused(status: int, error: JourneyError) -> Response:
    """One sentence that says what is wrong."""
    return Response(orjson.dumps({"error": str(error)}), status_code=status, media_type=JSON)


def create_app(landed: Landed, folder: Path, *, most_rows: int = MOST_ROWS) -> FastAPI:
    """The application for one process.

    Parameters
    ----------
    landed
        Models.
    folder
        Where the processes of the service keep their last rows.
    most_rows
        Rows of a request.
    """
    registry = CollectorRegistry()
    counted = Counted(registry)
    service = Service(
        landed=landed,
        read=Reader(landed.names, most_rows),
        recent=Recent(folder, len(landed.names)),
        counted=counted,
        registry=registry,
        watch=Watch(landed, folder),
    )
    app = FastAPI(
        title="Purchase scores", version=version("ecommerce-journey"), docs_url=None, redoc_url=None
    )
    body = {"content": {JSON: {"schema": request_schema(landed, most_rows)}}, "required": True}
    app.add_api_route(
        "/score",
        service.score,
        methods=["POST"],
        response_class=Response,
        openapi_extra={"requestBody": body},
        responses={
            200: {"content": {JSON: {"schema": {"type": "object"}}}},
            400: {"description": "Not JSON"},
            413: {"description": f"More than {most_rows} rows or {MOST_BYTES} bytes"},
            422: {"description": "A feature is unknown, missing, no number, or out of range"},
        },
    )
    app.add_api_route("/health", service.health, methods=["GET"], response_class=Response)
    app.add_api_route("/metrics", service.metrics, methods=["GET"], response_class=Response)
    app.add_middleware(CountedRequests, counted=counted)
    return app


def request_schema(landed: Landed, most_rows: int) -> dict[str, Any]:
    """What `/score` takes, from the feature catalogue, as JSON Schema."""
    features = {
        name: {
            "type": "integer" if RANGES[name].whole else "number",
            "minimum": RANGES[name].low,
            "maximum": RANGES[name].high,
        }
        for name in landed.names
    }
    row = {
        "type": "object",
        "properties": features,
        "required": list(landed.names),
        "additionalProperties": False,
    }
    contributions = {"type": "boolean", "default": False}
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {part: schema, "contributions": contributions},
                "required": [part],
                "additionalProperties": False,
            }
            for part, schema in (
                ("row", row),
                ("rows", {"type": "array", "items": row, "minItems": 1, "maxItems": most_rows}),
            )
        ]
    }


def from_environment() -> FastAPI:
    """The application that a worker starts with; `serve` sets the environment."""
    landed = load_landed(Path(os.environ[MODELS]), os.environ[DECISION])
    return create_app(landed, Path(os.environ[FOLDER]))
