"""Run the service: one folder for its numbers, and as many processes as are asked for."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from journey.errors import JourneyError, require
from journey.service.load import load_landed

LIBRARIES = ("fastapi", "uvicorn", "orjson", "prometheus_client")
EXTRA = "api"
APPLICATION = "journey.service.app:from_environment"
#: Connections that wait to be accepted, and those that a process serves at once.
BACKLOG, CONCURRENCY = 256, 200
#: Sums in one thread: a score is the same whoever computes it, and processes do not fight for processors.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def serve(models: Path, decision: str, *, host: str, port: int, workers: int) -> None:
    """Answer requests until somebody ends it.

    Parameters
    ----------
    models, decision
        As for `load_landed`.
    host, port
        Address; 127.0.0.1 is this machine only.
    workers
        Processes.

    Raises
    ------
    JourneyError
        When a library of the extra is missing, the models cannot be read, or the address cannot be had.
    """
    require("journey serve", LIBRARIES, EXTRA)
    load_landed(models, decision)
    _check_address(host, port)
    import uvicorn

    from journey.service.app import DECISION, FOLDER, MODELS

    with tempfile.TemporaryDirectory(prefix="journey-service-") as folder:
        os.environ |= {FOLDER: folder, MODELS: str(models.resolve()), DECISION: decision, **ONE_THREAD}
        uvicorn.run(
            APPLICATION,
            factory=True,
            host=host,
            port=port,
            workers=workers,
            backlog=BACKLOG,
            limit_concurrency=CONCURRENCY,
            access_log=False,
            log_level="warning",
            server_header=False,
        )


def _check_address(host: str, port: int) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise JourneyError(f"{host}:{port} cannot be served ({reason}); choose another --port") from error
