"""Numbers figures, tables, equations and sections, and turns `@fig-x` into links."""

from __future__ import annotations

import re
from collections import Counter

import panflute as pf

from press import dialect
from press.filters import Filter, Rules
from press.markup import framed
from press.source import Page

EQUATION = re.compile(r"^\{#(eq-[^}\s]+)\}(.*)$")
NBSP = "\u00a0"


def found(root: pf.Element, kind: type) -> list[pf.Element]:
    """All elements of a kind, in order."""
    elements: list[pf.Element] = []
    root.walk(lambda element, _: elements.append(element) if isinstance(element, kind) else None)
    return elements


class CrossReferences(Filter):
    """All rules for a page, with numbers and references; `sections` says whether sections show numbers."""

    def __init__(self, page: Page, fmt: str, sections: bool) -> None:
        super().__init__(page, fmt)
        self.sections = sections
        self.numbers: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.headings: list[int] = []

    def steps(self) -> list[Rules]:
        """The rules in the order in which they must run."""
        floats: Rules = dict.fromkeys((pf.Figure, pf.Table, pf.Div), self.float)
        texts: Rules = dict.fromkeys((pf.Para, pf.Plain), self.equations)
        return [*super().steps(), {pf.Header: self.heading, **texts, **floats}, {pf.Cite: self.refer}]

    def label(self, identifier: str, number: str = "") -> str:
        """Register a labelled thing; its number is counted unless it is given."""
        if identifier in self.numbers:
            raise self.page.error(f"label '{identifier}' is used twice", identifier)
        kind = dialect.kind(identifier)
        self.counts[kind] += 1
        self.numbers[identifier] = number or str(self.counts[kind])
        return self.numbers[identifier]

    def heading(self, header: pf.Header) -> None:
        """Count a section; only `sec-` labels can be referred to."""
        if header.level == 1 and self.fmt == "html":
            message = "the page title is the only first-level heading; start sections with ##"
            raise self.page.error(message, "# ")
        depth = header.level - min(level.level for level in found(header.doc, pf.Header)) + 1
        if "unnumbered" not in header.classes:
            self.headings = [*self.headings[:depth], *[0] * (depth - len(self.headings))]
            self.headings[-1] += 1
        if dialect.kind(header.identifier) == "sec":
            self.label(header.identifier, ".".join(map(str, self.headings)))

    def equations(self, paragraph: pf.Para | pf.Plain) -> None:
        """Number displayed equations that carry `{#eq-...}`."""
        result: list[pf.Inline] = []
        for inline in paragraph.content:
            named = EQUATION.match(inline.text) if isinstance(inline, pf.Str) else None
            if named and result and isinstance(result[-1], (pf.Space, pf.SoftBreak)):
                result.pop()
            if not named or not result or not isinstance(result[-1], pf.Math):
                result.append(inline)
                continue
            math, name = result.pop(), named[1]
            number = self.label(name)
            if self.fmt == "typst":
                start = '#math.equation(block: true, numbering: "(1)", ['
                result += [pf.RawInline(start, "typst"), math, pf.RawInline(f"])<{name}>", "typst")]
            else:
                math.text += f"\\qquad({number})"
                result.append(pf.Span(math, identifier=name))
            result += [pf.Str(named[2])] if named[2] else []
        paragraph.content = result

    def float(self, element: pf.Figure | pf.Table | pf.Div) -> object:
        """A numbered figure or table: an image or table with its caption, or a div that ends with one."""
        name, kind = element.identifier, dialect.kind(element.identifier)
        if kind not in dialect.FLOATS:
            if not isinstance(element, pf.Figure) or self.fmt == "typst":
                return None
            element.classes.append("figure")
            return pf.Div(element, classes=["quarto-figure", "quarto-figure-center"])
        above = element.parent
        while above and dialect.kind(getattr(above, "identifier", "")) not in dialect.FLOATS:
            above = above.parent
        if above:
            raise self.page.error(
                f"'{name}' inside '{above.identifier}': sub-figures are outside the dialect", name
            )
        content, caption, classes = [element], [], []
        if isinstance(element, pf.Div):
            last = element.content[-1] if element.content else None
            if isinstance(last, pf.Para) and not _only_image(last):
                caption = list(element.content.pop().content)
            laid = "layout-ncol" in element.attributes
            content, classes = self.layout(element) if laid else list(element.content), element.classes
        else:
            caption = [inline for block in element.caption.content for inline in block.content]
            content = list(element.content) if isinstance(element, pf.Figure) else [element]
            element.identifier, element.caption = "", pf.Caption()
        number, word = self.label(name), dialect.REFERENCES[kind]
        slots = [content, [pf.Plain(*caption)]]
        if self.fmt == "html":
            for image in [image for block in content for image in found(block, pf.Image)]:
                image.classes.append("figure-img")
            start = pf.Str(f"{word}{NBSP}{number}" + (": " if caption else ""))
            slots[1] = [pf.Plain(start, *caption)]
        if self.fmt == "html" and kind == "tbl":
            slots.reverse()
        return framed("float", self.fmt, slots, id=name, kind=kind, word=word, classes=classes)

    def refer(self, cite: pf.Cite) -> list[pf.Inline] | None:
        """Replace a citation of a label by a link; leave real citations to citeproc."""
        links: list[pf.Inline] = []
        for citation in cite.citations:
            name = citation.id[0].lower() + citation.id[1:]
            if dialect.kind(name) in dialect.FOREIGN_REFERENCES:
                raise self.page.error(f"@{citation.id} is of a kind outside the dialect", f"@{citation.id}")
            if dialect.kind(name) in dialect.REFERENCES:
                links += [pf.Str(","), pf.Space()] if links else []
                links.append(self.reference(citation, name))
        return links or None

    def reference(self, citation: pf.Citation, name: str) -> pf.Inline:
        """The link for one reference."""
        if name not in self.numbers:
            raise self.page.error(f"@{citation.id} refers to nothing on this page", f"@{citation.id}")
        if dialect.kind(name) == "sec" and not self.sections:
            raise self.page.error(f"@{citation.id} needs number-sections: true", f"@{citation.id}")
        lead = list(citation.prefix)
        if not lead and citation.mode != "SuppressAuthor":
            lead = [pf.Str(dialect.REFERENCES[dialect.kind(name)])]
        if self.fmt == "typst":
            supplement = "".join(pf.stringify(inline) for inline in lead)
            return pf.RawInline(f"#ref(<{name}>, supplement: [{supplement}])", "typst")
        text = [*lead, pf.Str(NBSP)] if lead else []
        return pf.Link(*text, pf.Str(self.numbers[name]), url=f"#{name}", classes=["quarto-xref"])


def _only_image(paragraph: pf.Para) -> bool:
    """Whether a paragraph is an image (raw by now in Typst) and so no caption."""
    first = paragraph.content[0]
    return len(paragraph.content) == 1 and isinstance(first, (pf.Image, pf.RawInline))
