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
from press.project import Meta, as_list
from press.source import Page

RAW_FORMATS.add("typst")  # panflute's list is older than the format
binary = cache(pypandoc.get_pandoc_path)


def run(text: str, *options: str, cwd: Path | None = None) -> tuple[str, str]:
    """Pipe text through pandoc; return its output and its warnings. Raises PressError when it fails."""
    command = [binary(), "--wrap=none", *options]
    finished = subprocess.run(command, input=text.encode(), capture_output=True, cwd=cwd, check=False)
    messages = finished.stderr.decode()
    if finished.returncode:
        raise PressError(f"pandoc: {messages.strip()}")
    return finished.stdout.decode(), messages


@cache
def inline(text: str, fmt: str = "html") -> str:
    """A line of Markdown, such as a title, as HTML without its paragraph, or as plain text."""
    return run(text, "-f", "markdown", "-t", fmt)[0].strip().removeprefix("<p>").removesuffix("</p>")


def parse(text: str, reader: str = "markdown") -> pf.Doc:
    """Text as a panflute document."""
    return pf.load(io.StringIO(run(text, "-f", reader, "-t", "json")[0]))


def write(document: pf.Doc, page: Page, meta: Meta, *options: str) -> str:
    """A filtered document through pandoc's writer, with citations and section numbers.

    Raises
    ------
    PressError
        When pandoc fails, and for a citation that is in no bibliography.
    """
    stream = io.StringIO()
    pf.dump(document, stream)
    cite = [f"--bibliography={file}" for file in as_list(meta.get("bibliography"))]
    if cite:
        listed = not meta.get("suppress-bibliography")
        cite += ["--citeproc", f"--metadata=link-citations:{str(listed).lower()}"]
        cite += [] if listed else ["--metadata=suppress-bibliography:true"]
    # Quotation marks in references follow the language.
    cite += [f"--metadata=lang:{meta['lang']}"] if meta.get("lang") else []
    numbers = ["--number-sections"] if meta.get("number-sections") else []
    arguments = ["-f", "json", *options, *cite, *numbers]
    written, messages = run(stream.getvalue(), *arguments, cwd=page.file.parent)
    if unknown := re.search(r"citation (\S+) not found", messages):
        raise page.error(f"citation @{unknown[1]} is in no bibliography", f"@{unknown[1]}")
    return written
