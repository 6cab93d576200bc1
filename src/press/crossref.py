"""Numbers figures, tables, equations and sections, and turns `@fig-x` into links."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import panflute as pf

from press import dialect
from press.filters import Filter
from press.markup import framed
from press.source import Page

EQUATION = re.compile(r"^\{#(eq-[^}\s]+)\}(.*)$")
NBSP = "\u00a0"


@dataclass(frozen=True)
class Label:
    """What a reference points to."""

    kind: str
    number: str


def found(root: pf.Element, kind: type) -> list[pf.Element]:
    """All elements of a kind, in order."""
    elements: list[pf.Element] = []
    root.walk(lambda element, _: elements.append(element) if isinstance(element, kind) else None)
    return elements


class CrossReferences:
    """Numbering and references of one page in one format."""

    def __init__(self, page: Page, blocks: Filter, sections: bool) -> None:
        self.page = page
        self.filter = blocks
        self.fmt = blocks.fmt
        self.sections = sections
        self.labels: dict[str, Label] = {}
        self.counts: Counter[str] = Counter()
        self.headings: list[int] = []
        self.base = 1

    def apply(self, document: pf.Doc) -> pf.Doc:
        """Number everything, then resolve every reference."""
        self.base = min((header.level for header in found(document, pf.Header)), default=1)
        return document.walk(self.number).walk(self.refer)

    def label(self, identifier: str, kind: str, number: str | None = None) -> Label:
        """Register a labelled thing and count it."""
        if identifier in self.labels:
            raise self.page.error(f"label '{identifier}' is used twice", identifier)
        if number is None:
            self.counts[kind] += 1
            number = str(self.counts[kind])
        self.labels[identifier] = Label(kind, number)
        return self.labels[identifier]

    def number(self, element: pf.Element, _: pf.Doc) -> object:
        """Number one element, and write floats and equations in their final form."""
        if isinstance(element, pf.Header):
            self.heading(element)
        elif isinstance(element, (pf.Para, pf.Plain)):
            element.content = self.equations(list(element.content))
        elif isinstance(element, pf.Figure):
            return self.figure(element)
        elif isinstance(element, pf.Table) and element.identifier.startswith("tbl-"):
            return self.table(element)
        elif isinstance(element, pf.Div) and element.identifier.startswith(("fig-", "tbl-")):
            return self.div(element)
        return None

    def heading(self, header: pf.Header) -> None:
        """Count a section; only `sec-` labels can be referred to."""
        if header.level == 1 and self.fmt == "html":
            raise self.page.error(
                "the page title is the only first-level heading; start sections with ##", "# "
            )
        depth = header.level - self.base + 1
        if "unnumbered" not in header.classes:
            self.headings = [*self.headings[:depth], *[0] * (depth - len(self.headings))]
            self.headings[-1] += 1
        if header.identifier.startswith("sec-"):
            self.label(header.identifier, "sec", ".".join(map(str, self.headings)))

    def equations(self, inlines: list[pf.Inline]) -> list[pf.Inline]:
        """Number displayed equations that carry `{#eq-...}`."""
        result: list[pf.Inline] = []
        for inline in inlines:
            named = EQUATION.match(inline.text) if isinstance(inline, pf.Str) else None
            if named and result and isinstance(result[-1], (pf.Space, pf.SoftBreak)):
                result.pop()
            if not named or not result or not isinstance(result[-1], pf.Math):
                result.append(inline)
                continue
            math = result.pop()
            label = self.label(named[1], "eq")
            if self.fmt == "typst":
                start = '#math.equation(block: true, numbering: "(1)", ['
                result += [pf.RawInline(start, "typst"), math, pf.RawInline(f"])<{named[1]}>", "typst")]
            else:
                numbered = pf.Math(f"{math.text}\\qquad({label.number})", format=math.format)
                result.append(pf.Span(numbered, identifier=named[1]))
            result += [pf.Str(named[2])] if named[2] else []
        return result

    def figure(self, figure: pf.Figure) -> object:
        """An image with a caption: a numbered float when labelled."""
        caption = [inline for block in figure.caption.content for inline in block.content]
        if figure.identifier.startswith("fig-"):
            return self.float(figure.identifier, list(figure.content), caption, [])
        if self.fmt == "html":
            figure.classes = [*figure.classes, "figure"]
            return pf.Div(figure, classes=["quarto-figure", "quarto-figure-center"])
        return None

    def table(self, table: pf.Table) -> list[pf.Block]:
        """A Markdown table with a labelled caption."""
        identifier, table.identifier = table.identifier, ""
        caption = [inline for block in table.caption.content for inline in block.content]
        table.caption = pf.Caption()
        return self.float(identifier, [table], caption, [])

    def div(self, div: pf.Div) -> list[pf.Block]:
        """A labelled div whose last paragraph is the caption."""
        content = list(div.content)
        last = content[-1] if content else None
        image_only = (
            isinstance(last, pf.Para) and len(last.content) == 1 and isinstance(last.content[0], pf.Image)
        )
        caption = list(content.pop().content) if isinstance(last, pf.Para) and not image_only else []
        if "layout-ncol" in div.attributes:
            content = self.filter.layout(content, div.attributes["layout-ncol"])
        return self.float(div.identifier, content, caption, list(div.classes))

    def float(
        self, identifier: str, content: list[pf.Block], caption: list[pf.Inline], classes: list[str]
    ) -> list[pf.Block]:
        """A numbered figure or table around its content."""
        kind = identifier.split("-")[0]
        word = dialect.REFERENCES[kind]
        label = self.label(identifier, kind)
        if self.fmt == "html":
            for image in [image for block in content for image in found(block, pf.Image)]:
                image.classes.append("figure-img")
            caption = [pf.Str(f"{word}{NBSP}{label.number}" + (": " if caption else "")), *caption]
        slots = [content, [pf.Plain(*caption)]]
        if self.fmt == "html" and kind == "tbl":
            slots.reverse()
        return framed("float", self.fmt, slots, id=identifier, kind=kind, word=word, classes=classes)

    def refer(self, element: pf.Element, _: pf.Doc) -> object:
        """Replace a citation of a label by a link; leave real citations to citeproc."""
        if not isinstance(element, pf.Cite):
            return None
        links: list[pf.Inline] = []
        for citation in element.citations:
            kind, hyphen, _rest = citation.id.partition("-")
            if hyphen and kind.lower() in dialect.FOREIGN_REFERENCES:
                raise self.page.error(f"@{citation.id} is of a kind outside the dialect", f"@{citation.id}")
            if hyphen and kind.lower() in dialect.REFERENCES:
                links += [pf.Str(","), pf.Space()] if links else []
                links += self.link(citation)
        return links or None

    def link(self, citation: pf.Citation) -> list[pf.Inline]:
        """The link for one reference."""
        identifier = citation.id[0].lower() + citation.id[1:]
        label = self.labels.get(identifier)
        if label is None:
            raise self.page.error(f"@{citation.id} refers to nothing on this page", f"@{citation.id}")
        if label.kind == "sec" and not self.sections:
            raise self.page.error(f"@{citation.id} needs number-sections: true", f"@{citation.id}")
        word = dialect.REFERENCES[label.kind]
        if list(citation.prefix):
            lead: list[pf.Inline] = [*citation.prefix, pf.Str(NBSP)]
        else:
            lead = [] if citation.mode == "SuppressAuthor" else [pf.Str(word + NBSP)]
        if self.fmt == "typst":
            supplement = "".join(pf.stringify(inline) for inline in lead).strip(NBSP)
            return [pf.RawInline(f"#ref(<{identifier}>, supplement: [{supplement}])", "typst")]
        return [pf.Link(*lead, pf.Str(label.number), url=f"#{identifier}", classes=["quarto-xref"])]
