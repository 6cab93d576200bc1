"""Writes a page as PDF through pandoc's Typst writer and the Typst compiler."""

from __future__ import annotations

from pathlib import Path

import typst

from press import pandoc
from press.errors import PressError
from press.filters import Filter
from press.project import as_list
from press.source import Page

TEMPLATE = Path(__file__).parent / "templates" / "page.typ"


def render(page: Page, markdown: str, output: Path) -> None:
    """Write the PDF of a page to `output`; its Typst source is kept beside the caches.

    Raises
    ------
    PressError
        When Typst cannot compile it; the message is Typst's own.
    """
    project, meta = page.project, page.metadata("typst")
    texts = [str(meta.get(key, "")) for key in ("title", "subtitle")]
    document = Filter(page, "typst").apply(pandoc.parse(page, markdown, texts))
    title, subtitle = document.metadata["texts"].content
    given = {"title": title, "subtitle": subtitle, "lang": project.config.get("lang", "en")}
    document.metadata = given | {key: meta[key] for key in ("papersize", "margin") if key in meta}
    source = project.state / "typst" / Path(page.path).with_suffix(".typ")
    source.parent.mkdir(parents=True, exist_ok=True)
    # The parts that a page brings along stand where the template names them.
    template, frame = TEMPLATE.read_text("utf-8"), source.with_suffix(".template")
    for part in page.partials:
        if not part.is_file() or f"${part.name}()$" not in template:
            raise page.error(f"template-partials: {part.name} does not exist or is none of ours", part.name)
        template = template.replace(f"${part.name}()$", part.read_text("utf-8"))
    frame.write_text(template, "utf-8")
    options = [f"--template={frame}" if page.partials else "--standalone", "--shift-heading-level-by=-1"]
    source.write_text(pandoc.write(page, document, "typst", *options), "utf-8")
    fonts, standards = page.near(meta.get("font-paths")), as_list(meta.get("pdf-standard"))
    try:
        compiler = typst.Compiler(str(source), root=str(project.root), font_paths=[str(it) for it in fonts])
        compiler.compile(output=str(output), format="pdf", pdf_standards=standards, timestamp=0)
    except typst.TypstError as error:
        raise PressError(f"Typst: {error.message}", page.file, detail=f"{error.diagnostic}") from None
