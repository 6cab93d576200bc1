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
binary = cache(pypandoc.get_pandoc_path)


class UnknownCitationError(PressError):
    """A citation key that no bibliography has; the key is its only argument."""


def run(text: str, *options: str, cwd: Path | None = None) -> str:
    """Pipe `text` through pandoc.

    Raises
    ------
    PressError
        When pandoc fails, or warns that a citation is unknown (`citation KEY not found`).
    """
    command = [binary(), "--wrap=none", *options]
    finished = subprocess.run(command, input=text.encode(), capture_output=True, cwd=cwd, check=False)
    message = finished.stderr.decode()
    if finished.returncode:
        raise PressError(f"pandoc: {message.strip()}")
    if unknown := re.search(r"citation (\S+) not found", message):
        raise UnknownCitationError(unknown[1])
    return finished.stdout.decode()


@cache
def inline(text: str, fmt: str = "html") -> str:
    """A line of Markdown, such as a title, as HTML without its paragraph, or as plain text."""
    return run(text, "-f", "markdown", "-t", fmt).strip().removeprefix("<p>").removesuffix("</p>")


def parse(text: str, reader: str = "markdown") -> pf.Doc:
    """Text as a panflute document."""
    return pf.load(io.StringIO(run(text, "-f", reader, "-t", "json")))


def write(document: pf.Doc, *options: str, cwd: Path) -> str:
    """A panflute document through one of pandoc's writers."""
    stream = io.StringIO()
    pf.dump(document, stream)
    return run(stream.getvalue(), "-f", "json", *options, cwd=cwd)
