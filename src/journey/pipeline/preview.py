"""A local server for the site that renders a page again when its source changes."""

from __future__ import annotations

import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rich.console import Console

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.render import render_site

WATCHED = ("*.qmd", "chapters/**/*.qmd", "assets/*.css", "assets/*.js", "_quarto.yml", "assumptions.toml")


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without logging each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def snapshot(root: Path) -> dict[Path, float]:
    """Modification times of all watched sources."""
    return {path: path.stat().st_mtime for pattern in WATCHED for path in root.glob(pattern)}


def serve(paths: Paths, port: int, console: Console) -> None:
    """Render, serve on 127.0.0.1 and watch until interrupted.

    Raises
    ------
    JourneyError
        When the port is taken.
    """
    render_site(paths, [], "auto", console)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(QuietHandler, directory=str(paths.site)))
    except OSError as error:
        raise JourneyError(
            f"port {port} cannot be used ({error.strerror}): choose another with --port"
        ) from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    console.print(f"http://127.0.0.1:{port}/ - stop with Ctrl-C", highlight=False)
    before = snapshot(paths.root)
    try:
        while True:
            time.sleep(0.5)
            after = snapshot(paths.root)
            changed = [path for path in after if before.get(path) != after[path]]
            before = after
            if changed:
                try:
                    render_site(paths, [], "auto", console)
                    console.print(f"Rendered again: {', '.join(path.name for path in changed)}")
                except JourneyError as error:
                    console.print(str(error), style="red", markup=False)
    finally:
        server.shutdown()
