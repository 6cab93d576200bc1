"""Writes a page as HTML: pandoc for the content, Jinja for everything around it."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any
from urllib.parse import unquote

import panflute as pf

from press.crossref import CrossReferences, found
from press.errors import PressError
from press.filters import Filter, published, resolve
from press.markup import HERE, templates
from press.navigation import Navigation, inline, plain
from press.pandoc import UnknownCitationError, parse, run, serialise
from press.project import Meta, Project, as_list
from press.source import Page

HEADING = re.compile(
    r'<section id="([^"]+)" class="([^"]*)"([^>]*)>\s*<h([2-6])([^>]*)>(.*?)</h\4>', re.DOTALL
)
ADDRESS = re.compile(r'\b(href|src)="([^"#?:][^"#?:]*)([#?][^"]*)?"')
REFERENCES = ("<!-- references -->", "<!-- /references -->")
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
FOOTNOTES = re.compile(r'<section id="footnotes".*?<hr />(.*?)</section>', re.DOTALL)
CELL_CODE = re.compile(r'<div class="sourceCode"( id="[^"]*")><pre class="sourceCode (\w+) cell-code">')
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)


def filtered(project: Project, page: Page, markdown: str, fmt: str, meta: Meta) -> pf.Doc:
    """Parse a page and run all filters over it."""
    document = parse(markdown)
    blocks = Filter(project, page, fmt)
    document = CrossReferences(page, blocks, bool(meta.get("number-sections"))).apply(blocks.apply(document))
    cites = found(document, pf.Cite)
    if cites and not meta.get("bibliography"):
        key = cites[0].citations[0].id
        raise page.error(f"citation @{key}, but there is no bibliography", f"@{key}")
    if cites:
        document.content.extend(_references(fmt))
    return document


def _references(fmt: str) -> list[pf.Block]:
    """Where citeproc puts the list of references; in HTML it is moved to the appendix."""
    refs = pf.Div(identifier="refs")
    if fmt == "html":
        return [pf.RawBlock(REFERENCES[0]), refs, pf.RawBlock(REFERENCES[1])]
    return [pf.Header(pf.Str("References"), level=2, classes=["unnumbered"]), refs]


def write(markdown: pf.Doc, page: Page, meta: Meta, *options: str) -> str:
    """A filtered document through pandoc's writer, with citations and section numbers."""
    cite = ["--citeproc"] if meta.get("bibliography") else []
    cite += [f"--bibliography={file}" for file in as_list(meta.get("bibliography"))]
    cite += [f"--csl={meta['csl']}"] if meta.get("csl") else []
    numbers = ["--number-sections"] if meta.get("number-sections") else []
    if meta.get("link-citations", True):
        cite += ["-M", "link-citations=true"]
    try:
        return run(serialise(markdown), "-f", "json", *options, *cite, *numbers, cwd=page.file.parent)
    except UnknownCitationError as error:
        raise page.error(str(error), f"@{error.key}") from None


def relink(html: str, project: Project, page: Page) -> tuple[str, set[str]]:
    """Point links to where things are in the site.

    Returns
    -------
    tuple
        The HTML, and the project files it needs beside it.
    """
    needed: set[str] = set()
    here = PurePosixPath(page.path).parent.as_posix()

    def point(match: re.Match[str]) -> str:
        path = resolve(page.path, unquote(match[2]))
        rooted = match[2].startswith("/") and not match[2].startswith("//")
        if path not in project.pages and (project.root / path).is_file():
            needed.add(path)
        elif path not in project.pages and not rooted:
            return match[0]
        return f'{match[1]}="{relpath(published(path), here)}{match[3] or ""}"'

    return ADDRESS.sub(point, html), needed


def render(
    project: Project,
    page: Page,
    markdown: str,
    meta: Meta,
    navigation: Navigation,
    others: list[tuple[str, str]],
) -> tuple[str, set[str]]:
    """A complete page.

    Parameters
    ----------
    others
        Other formats of the page: address relative to it, and name.

    Returns
    -------
    tuple
        The HTML, and the project files it needs beside it.
    """
    document = filtered(project, page, markdown, "html", meta)
    depth = str(meta.get("toc-depth", 3))
    options = ["--section-divs", "--mathml", "--toc", f"--toc-depth={depth}", "--email-obfuscation=none"]
    written = write(document, page, meta, "-t", "html", f"--template={HERE}/templates/content.html", *options)
    toc, _, content = written.partition("<!-- content -->\n")
    content, references, footnotes = appendix(content)
    up = relpath(".", PurePosixPath(page.path).parent.as_posix()) + "/"
    before, after = navigation.neighbours(page.path)
    title = plain(str(meta.get("title", "")))
    context: dict[str, Any] = {
        "project": project,
        "website": project.website,
        "meta": meta,
        "page": page,
        "title": title,
        "site_title": plain(str(project.website.get("title", ""))),
        "navigation": navigation,
        "toc": decorate_toc(toc) if meta.get("toc") else "",
        "content": decorate(content),
        "references": references,
        "footnotes": footnotes,
        "offset": up,
        "previous": before,
        "next": after,
        "trail": navigation.trail(page.path),
        "others": others,
        "header_includes": includes(meta, "include-in-header"),
        "before_includes": includes(meta, "include-before-body"),
        "after_includes": includes(meta, "include-after-body"),
        "styles": [relpath(file, project.root) for file in as_list(meta.get("css"))],
        "schemes": list(theme_rules(project)),
        "date": date(meta),
        "authors": authors(meta),
        "footer": footer(project.website.get("page-footer"), project.root),
    }
    text = templates().get_template("page.html").render(context)
    identifiers = Counter(re.findall(r'\sid="([^"]+)"', SCRIPT.sub("", text)))
    if twice := next((name for name, times in identifiers.items() if times > 1), None):
        raise page.error(f"id '{twice}' is used more than once on this page", twice)
    return relink(text, project, page)


def decorate_toc(toc: str) -> str:
    """Class names of Quarto's table of contents."""
    links = re.sub(r'<a href="(#[^"]+)"', r'<a href="\1" class="nav-link" data-scroll-target="\1"', toc)
    return links.replace('<span class="toc-section-number">', '<span class="header-section-number">')


def appendix(content: str) -> tuple[str, str, str]:
    """Content, references and footnotes, told apart."""
    before, _, rest = content.partition(REFERENCES[0])
    references, _, after = rest.partition(REFERENCES[1])
    notes = FOOTNOTES.search(before + after)
    return FOOTNOTES.sub("", before + after), references, notes[1] if notes else ""


def decorate(content: str) -> str:
    """Anchors on headings and scopes on table headers."""

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
        emptied = re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", match[0])
        return re.sub(r"<th(?![^>]*scope=)(?=[ >])", '<th scope="col"', emptied)

    content = HEAD.sub(head, HEADING.sub(heading, content))
    content = CELL_CODE.sub(r'<div class="sourceCode cell-code"\1><pre class="sourceCode \2">', content)
    content = re.sub(r"<th(?![^>]*scope=)(?=[ >])", '<th scope="row"', content)
    return content.replace(
        'class="dataframe"', 'class="dataframe caption-top table table-sm table-striped small"'
    )


def includes(meta: Meta, key: str) -> list[str]:
    """Text of `include-...` entries: file names, `file:` or `text:`."""
    texts = []
    for item in as_list(meta.get(key)):
        if isinstance(item, dict) and "text" in item:
            texts.append(str(item["text"]))
        else:
            file = Path(item["file"] if isinstance(item, dict) else item)
            if not file.is_file():
                raise PressError(f"{key} names a file that does not exist", file)
            texts.append(file.read_text("utf-8"))
    return texts


def theme_rules(project: Project) -> dict[str, str]:
    """Plain CSS of each colour scheme: what the theme's Sass files have in their rules part."""
    theme = project.metadata({}, "html").get("theme")
    named = theme if isinstance(theme, dict) else {"light": theme}
    rules = {}
    for scheme, files in named.items():
        texts = [Path(file).read_text("utf-8") for file in as_list(files) if str(file).endswith(".scss")]
        parts = [part for text in texts for part in re.split(r"(?=/\*-- scss:)", text)]
        rules[scheme] = "".join(part for part in parts if part.startswith("/*-- scss:rules"))
    return rules


def sitemap(address: str, pages: tuple[str, ...]) -> str:
    """Addresses of all pages for search engines."""
    urls = "".join(f"<url><loc>{address.rstrip('/')}/{published(page)}</loc></url>\n" for page in pages)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{urls}</urlset>\n'


def date(meta: Meta) -> str:
    """The page's date as Quarto writes it in English."""
    value = meta.get("date")
    if not isinstance(value, datetime.date):
        return ""
    american = meta.get("lang", "en") in {"en", "en-US"}
    return f"{value:%B} {value.day}, {value.year}" if american else f"{value.day} {value:%B %Y}"


def authors(meta: Meta) -> list[str]:
    """Names of the authors."""
    people = as_list(meta.get("author"))
    names = [person.get("name", "") if isinstance(person, dict) else person for person in people]
    return [str(name) for name in names]


def footer(given: Any, root: Path) -> dict[str, str]:
    """The parts of the page footer as HTML; its links start from the project's root."""
    parts = given if isinstance(given, dict) else {"center": given} if given else {}
    if not all(isinstance(text, str) for text in parts.values()):
        raise PressError("page-footer takes text only, no list of items", root / "_quarto.yml")
    texts = {place: inline(text) for place, text in parts.items()}
    return {place: re.sub(r'href="(?!/|#|[a-z]+:)', 'href="/', text) for place, text in texts.items()}
