"""Calls pandoc."""

from __future__ import annotations

import io
import re
import subprocess
from functools import cache
from pathlib import Path

import panflute as pf
import pypandoc
from panflute.elements import RAW_FORMATS

from press.errors import PressError

RAW_FORMATS.add("typst")  # panflute's list is older than the format


@cache
def binary() -> str:
    """Path of the pandoc that came with the package index."""
    return str(pypandoc.get_pandoc_path())


def run(text: str, *options: str, cwd: Path | None = None) -> str:
    """Pipe `text` through pandoc.

    Raises
    ------
    PressError
        When pandoc fails, or warns that a citation is unknown (`citation KEY not found`).
    """
    finished = subprocess.run(
        [binary(), "--wrap=none", *options], input=text.encode(), capture_output=True, cwd=cwd, check=False
    )
    message = finished.stderr.decode()
    if finished.returncode:
        raise PressError(f"pandoc: {message.strip()}")
    if unknown := re.search(r"citation (\S+) not found", message):
        raise UnknownCitationError(unknown[1])
    return finished.stdout.decode()


class UnknownCitationError(PressError):
    """A citation key that no bibliography has."""

    def __init__(self, key: str) -> None:
        super().__init__(f"citation @{key} is in no bibliography")
        self.key = key


def parse(markdown: str, reader: str = "markdown") -> pf.Doc:
    """Text as a panflute document."""
    return pf.load(io.StringIO(run(markdown, "-f", reader, "-t", "json")))


def serialise(document: pf.Doc) -> str:
    """A panflute document as pandoc's JSON."""
    stream = io.StringIO()
    pf.dump(document, stream)
    return stream.getvalue()
