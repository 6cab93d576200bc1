"""Calls pandoc; what it warns of is an error."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterable
from functools import cache

import panflute as pf
import pypandoc
from panflute.elements import RAW_FORMATS

from press.source import Page

RAW_FORMATS.add("typst")  # panflute's list is older than the format
binary = cache(pypandoc.get_pandoc_path)


def run(page: Page, text: str, *options: str) -> str:
    """Pipe text of a page through pandoc.

    Raises
    ------
    PressError
        When pandoc fails or warns, for example of a citation that is in no bibliography.
    """
    command = [binary(), "--wrap=none", *options]
    finished = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if messages := re.sub(r" at line \d+ column \d+", "", finished.stderr.decode().strip()):
        # Its lines are those of the page with all results in place: look for the name it gives.
        name = re.search(r"'([^']+)'|citation (\S+) not", messages)
        raise page.error(f"pandoc: {messages}", (name[1] or f"@{name[2]}") if name else 1)
    return finished.stdout.decode()


def parse(page: Page, markdown: str, texts: Iterable[str]) -> pf.Doc:
    """A page as a document; its metadata `texts` are short texts, such as titles, that are Markdown too."""
    head = json.dumps({"texts": list(texts)})
    parsed = run(page, f"---\n{head}\n---\n\n{markdown}", "-f", "markdown", "-t", "json")
    document = pf.load(io.StringIO(parsed))
    if len(document.metadata.content) > 1:
        raise page.error("code of this page prints a metadata block", 1)
    return document


def write(page: Page, document: pf.Doc, fmt: str, *options: str) -> str:
    """A filtered document through pandoc's writer, with its citations."""
    stream = io.StringIO()
    pf.dump(document, stream)
    files = page.project.named(page.project.config.get("bibliography"))
    cite = ["--citeproc", *(f"--bibliography={file}" for file in files)] if files else []
    return run(page, stream.getvalue(), "-f", "json", "-t", fmt, *cite, *options)
