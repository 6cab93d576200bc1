"""A local server for the site that renders it again when a source changes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rich.console import Console

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.state import file_digest

WATCHED = (
    "*.qmd",
    "*.yml",
    "*.toml",
    "*.bib",
    "chapters/**/*.qmd",
    "assets/*.*",
    "assets/tools/*.*",
    "sql/**/*.sql",
    "src/**/*.py",
    "src/press/**/*.*",
    "data/datasets.toml",
    "data/evidence/*.json",
)
#: Names of this machine by which a browser may ask; another name is another site's, pointed here.
HOSTS = {"127.0.0.1", "localhost"}


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves the files of the site to this machine's own names, lists no folder and logs nothing."""

    def send_head(self):  # type: ignore[no-untyped-def]
        """Refuse what is asked under another name."""
        if self.headers.get("Host", "").partition(":")[0] not in HOSTS:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "This is not the name of this server")
            return None
        return super().send_head()

    def list_directory(self, path):  # type: ignore[no-untyped-def]
        """A folder without a page is nothing to see."""
        self.send_error(HTTPStatus.NOT_FOUND, "No such page")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def snapshot(root: Path) -> dict[Path, str]:
    """Digests of all watched sources; an editor's own files are none."""
    files = {path for pattern in WATCHED for path in root.glob(pattern) if path.name[0] != "."}
    return {path: file_digest(path) for path in files if path.is_file()}


def render_apart(paths: Paths) -> bool:
    """Render in a process of its own, which loads the code as it is now; it says itself what is wrong."""
    command = [sys.executable, "-c", "from journey.cli import main; main()", "render"]
    environment = os.environ | {"JOURNEY_ROOT": str(paths.root)}
    return subprocess.run(command, cwd=paths.root, env=environment, check=False).returncode == 0


def open_server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1.

    Raises
    ------
    JourneyError
        When the port is taken.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(SiteHandler, directory=str(site)))
    except OSError as error:
        raise JourneyError(
            f"port {port} cannot be used ({error.strerror}): choose another with --port"
        ) from error


def serve(paths: Paths, port: int, console: Console) -> None:
    """Render, serve on 127.0.0.1 and watch until interrupted.

    Raises
    ------
    JourneyError
        When the port is taken.
    """
    server = open_server(paths.site, port)
    before = snapshot(paths.root)
    render_apart(paths)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    console.print(f"http://127.0.0.1:{server.server_port}/ - stop with Ctrl-C", highlight=False)
    try:
        while True:
            time.sleep(0.5)
            after = snapshot(paths.root)
            changed = sorted(
                path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)
            )
            before = after
            if changed and render_apart(paths):
                console.print(f"Rendered again: {', '.join(changed)}", highlight=False, markup=False)
    finally:
        server.shutdown()
