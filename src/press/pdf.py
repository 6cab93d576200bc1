"""Writes a page as PDF through pandoc's Typst writer and the Typst compiler."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import panflute as pf
import typst

from press import html, pandoc
from press.errors import PressError
from press.markup import HERE
from press.project import Meta, as_list
from press.source import Page


def render(page: Page, markdown: str, meta: Meta, output: Path) -> None:
    """Write the PDF of a page to `output`; its Typst source is kept beside the caches.

    Raises
    ------
    PressError
        When Typst cannot compile it; the message is Typst's own.
    """
    document = html.filtered(page, markdown, "typst", meta)
    authors = [{"name": {"literal": name}} for name in as_list(meta.get("author"))]
    numbering = "1.1.a" if meta.get("number-sections") else ""
    variables = {"section-numbering": numbering, **meta, "by-author": authors, "date": html.date(meta)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in [*(HERE / "typst").glob("*.typ"), *as_list(meta.get("template-partials"))]:
            shutil.copy(file, folder)
        (folder / "variables.json").write_text(json.dumps(variables, default=str), "utf-8")
        options = ["-s", f"--template={folder}/template.typ", f"--metadata-file={folder}/variables.json"]
        for key in html.INCLUDES:
            (folder / key).write_text("\n".join(html.includes(meta, key)), "utf-8")
            options.append(f"--{key}={folder / key}")
        if not any(isinstance(block, pf.Header) and block.level == 1 for block in document.content):
            options.append("--shift-heading-level-by=-1")
        body = pandoc.write(document, page, meta, "-t", "typst", *options)
    source = page.project.state / "typst" / Path(page.path).with_suffix(".typ")
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(body, "utf-8")
    fonts, standards = as_list(meta.get("font-paths")), as_list(meta.get("pdf-standard"))
    try:
        compiler = typst.Compiler(
            str(source), root=str(page.project.root), font_paths=[str(it) for it in fonts]
        )
        compiler.compile(output=str(output), format="pdf", pdf_standards=standards, timestamp=0)
    except typst.TypstError as error:
        raise PressError(f"Typst: {error.message}", page.file, detail=f"{error.diagnostic}") from None
