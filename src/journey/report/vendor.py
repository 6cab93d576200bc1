"""Local copies of third-party scripts, so that no page asks another server for anything."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from journey.errors import JourneyError
from journey.files import replacing


def copy_plotly(target: Path) -> None:
    """Copy the plotly.js that the plotly wheel carries to `target`."""
    source = files("plotly").joinpath("package_data", "plotly.min.js")
    if not source.is_file():
        raise JourneyError("the installed plotly package has no plotly.min.js: install it again")
    with replacing(target) as temporary:
        temporary.write_bytes(source.read_bytes())
