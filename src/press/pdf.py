"""Writes a page as PDF through pandoc's Typst writer and the Typst compiler."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import panflute as pf
import typst

from press.errors import PressError
from press.html import authors, date, filtered, includes, write
from press.markup import HERE
from press.pandoc import parse
from press.project import Meta, Project, as_list
from press.source import Page

VARIABLES = (
    *("title", "subtitle", "abstract", "lang", "papersize", "mainfont", "fontsize", "monofont", "mathfont"),
    *("section-numbering", "toc", "toc-title", "toc-depth", "columns", "linestretch", "page-numbering"),
    "linkcolor",
)
INCLUDES = {
    "header-includes": "include-in-header",
    "include-before": "include-before-body",
    "include-after": "include-after-body",
}


def render(project: Project, page: Page, markdown: str, meta: Meta, output: Path) -> None:
    """Write the PDF of a page to `output`.

    Raises
    ------
    PressError
        When Typst cannot compile it; the message is Typst's own.
    """
    document = filtered(project, page, markdown, "typst", meta)
    document.metadata = _metadata(meta)
    with tempfile.TemporaryDirectory() as folder:
        for file in (HERE / "typst").glob("*.typ"):
            shutil.copy(file, folder)
        for partial in as_list(meta.get("template-partials")):
            shutil.copy(partial, folder)
        options = ["-t", "typst", "-s", f"--template={folder}/template.typ"]
        if not any(isinstance(block, pf.Header) and block.level == 1 for block in document.content):
            options.append("--shift-heading-level-by=-1")
        body = write(document, page, meta, *options)
    source = page.file.with_name(f".{page.file.stem}.{os.getpid()}.typ")
    source.write_text(body, "utf-8")
    fonts = [str(path) for path in as_list(meta.get("font-paths"))]
    standards = as_list(meta.get("pdf-standard"))
    try:
        compiler = typst.Compiler(str(source), root=str(project.root), font_paths=fonts)
        compiler.compile(output=str(output), format="pdf", pdf_standards=standards, timestamp=0)
    except typst.TypstError as error:
        kept = project.state / "typst" / f"{page.file.stem}.typ"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(body, "utf-8")
        raise PressError(f"Typst: {error.message}", page.file, 1, f"{error.diagnostic}\nin {kept}") from None
    finally:
        source.unlink(missing_ok=True)


def _metadata(meta: Meta) -> Meta:
    """Variables of the Typst template, named as Quarto names them."""
    values: Meta = {key: meta[key] for key in VARIABLES if meta.get(key) not in (None, False)}
    for key in ("title", "subtitle", "abstract", "toc-title"):
        if key in values:
            values[key] = pf.MetaInlines(*parse(str(values[key])).content[0].content)
    values["by-author"] = [{"name": {"literal": name}} for name in authors(meta)]
    values["date"] = date(meta)
    if meta.get("number-sections") and "section-numbering" not in values:
        values["section-numbering"] = "1.1.a"
    if margin := meta.get("margin"):
        values["margin"] = {key: str(value) for key, value in margin.items()}
    for variable, option in INCLUDES.items():
        if texts := includes(meta, option):
            values[variable] = pf.MetaBlocks(*(pf.RawBlock(text, "typst") for text in texts))
    return values
