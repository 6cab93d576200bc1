"""Writes a page as HTML: pandoc for the content, Jinja for everything around it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from posixpath import relpath

import panflute as pf

from press import pandoc
from press.crossref import CrossReferences, found
from press.errors import PressError
from press.filters import published, resolve
from press.markup import HERE, TEMPLATES
from press.navigation import Navigation
from press.project import Meta, Project, as_list
from press.source import Page

HEADING = re.compile(
    r'<section id="([^"]+)" class="([^"]*)"([^>]*)>\s*<h([2-6])([^>]*)>(.*?)</h\4>', re.DOTALL
)
ADDRESS = re.compile(r'\b(href|src)="([^"#?:][^"#?:]*)([#?][^"]*)?"')
REFERENCES = ("<!-- references -->", "<!-- /references -->")
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
FOOTNOTES = re.compile(r'<section id="footnotes".*?<hr />(.*?)</section>', re.DOTALL)
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
TH = re.compile(r"<th(?![^>]*scope=)(?=[ >])")
CELL_CODE = re.compile(r'<div class="sourceCode"( id="[^"]*")><pre class="sourceCode (\w+) cell-code">')
DATAFRAME = "dataframe caption-top table table-sm table-striped small"
INCLUDES = ("include-in-header", "include-before-body", "include-after-body")


def filtered(page: Page, markdown: str, fmt: str, meta: Meta) -> pf.Doc:
    """Parse a page and run all filters over it."""
    rules = CrossReferences(page, fmt, bool(meta.get("number-sections")))
    document = rules.apply(pandoc.parse(markdown))
    if cites := found(document, pf.Cite):
        if not meta.get("bibliography"):
            key = cites[0].citations[0].id
            raise page.error(f"citation @{key}, but there is no bibliography", f"@{key}")
        # Where citeproc puts the list of references; in HTML it is moved to the appendix.
        refs, start, end = pf.Div(identifier="refs"), *(pf.RawBlock(mark) for mark in REFERENCES)
        heading = pf.Header(pf.Str("References"), level=2, classes=["unnumbered"])
        if fmt == "html":
            document.content.extend([start, refs, end])
        elif not meta.get("suppress-bibliography"):
            document.content.extend([heading, refs])
    return document


def relink(html: str, page: Page) -> tuple[str, set[str]]:
    """Point links to where things are in the site; also returns the project files to put beside them."""
    needed: set[str] = set()
    project = page.project

    def point(match: re.Match[str]) -> str:
        path = resolve(page.path, match[2])
        rooted = match[2].startswith("/") and not match[2].startswith("//")
        if path not in project.pages and (project.root / path).is_file():
            needed.add(path)
        elif path not in project.pages and not rooted:
            return match[0]
        return f'{match[1]}="{relpath(published(path), PurePosixPath(page.path).parent)}{match[3] or ""}"'

    return ADDRESS.sub(point, html), needed


def render(
    page: Page, markdown: str, meta: Meta, navigation: Navigation, others: list[Meta]
) -> tuple[str, set[str]]:
    """A complete page, and the project files it needs beside it.

    `others` are links to other formats of the page: `href` relative to it, `text` and `icon`.
    """
    project, document = page.project, filtered(page, markdown, "html", meta)
    options = ["--section-divs", "--mathml", "--toc", f"--toc-depth={meta.get('toc-depth', 3)}"]
    options += ["--email-obfuscation=none", f"--template={HERE}/templates/content.html"]
    toc, _, content = pandoc.write(document, page, meta, "-t", "html", *options).partition(
        "<!-- content -->\n"
    )
    before, _, rest = content.partition(REFERENCES[0])
    references, _, after = rest.partition(REFERENCES[1])
    notes = FOOTNOTES.search(before + after)
    text = TEMPLATES.get_template("page.html").render(
        website=project.website,
        meta=meta,
        page=page,
        title=pandoc.inline(str(meta.get("title", "")), "plain"),
        site_title=pandoc.inline(str(project.website.get("title", "")), "plain"),
        navigation=navigation,
        toc=decorate_toc(toc) if meta.get("toc") else "",
        content=decorate(FOOTNOTES.sub("", before + after)),
        references=references,
        footnotes=notes[1] if notes else "",
        offset=relpath(".", PurePosixPath(page.path).parent) + "/",
        others=others,
        includes={key: includes(meta, key) for key in INCLUDES},
        styles=[relpath(file, project.root) for file in as_list(meta.get("css"))],
        schemes=list(theme_rules(project)),
        date=date(meta),
        authors=as_list(meta.get("author")),
        footer=footer(project),
    )
    identifiers = Counter(re.findall(r'\sid="([^"]+)"', SCRIPT.sub("", text)))
    if twice := next((name for name, times in identifiers.items() if times > 1), None):
        raise page.error(f"id '{twice}' is used more than once on this page", twice)
    return relink(text, page)


def decorate_toc(toc: str) -> str:
    """Class names of Quarto's table of contents."""
    links = re.sub(r'<a href="(#[^"]+)"', r'<a href="\1" class="nav-link" data-scroll-target="\1"', toc)
    return links.replace('<span class="toc-section-number">', '<span class="header-section-number">')


def decorate(content: str) -> str:
    """Quarto's class names, anchors on headings, scopes on table headers."""

    def heading(match: re.Match[str]) -> str:
        identifier, classes, rest, level, attributes, text = match.groups()
        kept = re.search(r'class="([^"]*)"', attributes)
        names = f"{kept[1]} anchored" if kept else "anchored"
        others = re.sub(r'\s*class="[^"]*"', "", attributes)
        name = re.sub(r"<[^>]+>|\"", "", text)
        anchor = f'<a class="anchorjs-link" href="#{identifier}" aria-label="Link to section: {name}"></a>'
        opened = f'<section id="{identifier}" class="{classes}"{rest}>\n<h{level} class="{names}"'
        return f'{opened} data-anchor-id="{identifier}"{others}>{text}{anchor}</h{level}>'

    def head(match: re.Match[str]) -> str:
        return TH.sub('<th scope="col"', re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", match[0]))

    content = HEAD.sub(head, HEADING.sub(heading, content))
    content = CELL_CODE.sub(r'<div class="sourceCode cell-code"\1><pre class="sourceCode \2">', content)
    content = content.replace('class="dataframe"', f'class="{DATAFRAME}"')
    return TH.sub('<th scope="row"', content)


def includes(meta: Meta, key: str) -> list[str]:
    """Text of `include-...` entries: file names or `text:`."""
    texts = []
    for item in as_list(meta.get(key)):
        if isinstance(item, Path) and not item.is_file():
            raise PressError(f"{key} names a file that does not exist", item)
        texts.append(item.read_text("utf-8") if isinstance(item, Path) else item["text"])
    return texts


def theme_rules(project: Project) -> dict[str, str]:
    """Plain CSS of each colour scheme: what the theme's Sass files have in their rules part."""
    theme = project.metadata({}, "html").get("theme")
    rules = {}
    for scheme, files in (theme if isinstance(theme, dict) else {"light": theme}).items():
        texts = [file.read_text("utf-8") for file in as_list(files) if isinstance(file, Path)]
        parts = [part for text in texts for part in re.split(r"(?=/\*-- scss:)", text)]
        rules[scheme] = "".join(part for part in parts if part.startswith("/*-- scss:rules"))
    return rules


def date(meta: Meta) -> str:
    """The page's date as Quarto writes it in British English."""
    return f"{meta['date'].day} {meta['date']:%B %Y}" if "date" in meta else ""


def footer(project: Project) -> dict[str, str]:
    """The parts of the page footer as HTML; its links start from the project's root."""
    given = project.website.get("page-footer") or {}
    parts = given if isinstance(given, dict) else {"center": given}
    texts = {place: pandoc.inline(text) for place, text in parts.items()}
    return {place: re.sub(r'href="(?!/|#|[a-z]+:)', 'href="/', text) for place, text in texts.items()}
