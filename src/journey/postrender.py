"""Runs once after pages are rendered, by either renderer.

It takes out of each page what is loaded only when a reader explores a figure, gives it its fonts, icons and
Content-Security-Policy, and writes down where the functions stand that a reader can ask for.

Scripts come from the site itself. A script that stands in a page is allowed by the hash of its text, so that
none that a hostile name or an injected tag brings ever runs. Styles may stand in a page: Quarto, Plotly and
MathML write them there. What `frame-ancestors` and reports would say needs headers, which a static site
cannot send.

An element `data-policy="wasm-unsafe-eval"` lets its page compile WebAssembly in a worker.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "style-src": "'self' 'unsafe-inline'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
#: What a page may ask for besides, and what it needs then: the worker that runs WebAssembly begins as a text
#: of the page, so that the page's policy holds in it too, and the page hands it the program.
ASKED = {"wasm-unsafe-eval": {"connect-src": "'self' blob:", "worker-src": "blob:"}}
#: Types of a script element that a browser runs; any other holds data.
RUN = {"", "module", "importmap", "text/javascript", "application/javascript"}
CHARSET = re.compile(r"<meta charset=[^>]*>\s*", re.IGNORECASE)
FIGURE = re.compile(
    r'(<figure class="journey-figure" id="([a-z0-9-]+)">(?:(?!</figure>).)*?)'
    r'<script type="application/json">(.*?)</script>\n?',
    re.DOTALL,
)
WRITTEN = re.compile(r'<meta http-equiv="Content-Security-Policy" [^>]*>\n')
#: What the head of a page names besides: fonts, so that they are there before text is drawn, and icons.
HEAD = """<link rel="preload" as="font" crossorigin href="{up}assets/fonts/journey-serif.woff2">
<link rel="preload" as="font" crossorigin href="{up}assets/fonts/schibsted-grotesk.woff2">
<link rel="icon" href="{up}assets/icons/favicon.ico" sizes="32x32">
<link rel="apple-touch-icon" href="{up}assets/icons/apple-touch-icon.png">
<link rel="manifest" href="{up}site.webmanifest">
"""
#: Shows the page once its letters are there: what is not shown does not move. It follows the style sheets.
AWAIT_FONTS = """<script>((root) => {
  const show = () => root.classList.remove("awaits-fonts");
  root.classList.add("awaits-fonts");
  Promise.all([...document.fonts].map((face) => face.load())).then(show, show);
  setTimeout(show, 1000);
})(document.documentElement);</script>
"""
FEED = """<link rel="alternate" type="application/rss+xml" title="Changes" href="{up}feed.xml">
"""
NAMED = re.compile(
    r'<link rel="(?:preload" as="font"|icon" href="[^"]*ico"|apple-touch-icon|manifest|alternate" type="app)'
    r"[^>]*>\n"
)
NOT_FOUND = "404.html"
#: An address from where the page stands.
RELATIVE = re.compile(r'(?<=\s)(href|src)="(?![/#]|[a-z][a-z0-9+.-]*:)(?:\./)?')
OFFSET = re.compile(r'(<meta name="quarto:offset" content=)"[^"]*"')


class Scripts(HTMLParser):
    """Finds what runs in a page: texts of scripts, handlers in attributes, what its elements ask for."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self.handlers: list[str] = []
        self.asked: set[str] = set()
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        given = {name: value or "" for name, value in attrs}
        self.handlers += [value for name, value in given.items() if name.startswith("on")]
        self.asked |= {given["data-policy"]} if "data-policy" in given else set()
        self.inside = tag == "script" and "src" not in given and given.get("type", "").lower() in RUN
        self.texts += [""] if self.inside else []

    def handle_data(self, data: str) -> None:
        """Collect the text of a script."""
        if self.inside:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        """A script has ended."""
        self.inside = False


def policy(page: str) -> str:
    """The policy of a page.

    Raises
    ------
    ValueError
        When an element asks for what no page may have.
    """
    scripts = Scripts()
    scripts.feed(page)
    scripts.close()
    if wrong := scripts.asked - set(ASKED):
        raise ValueError(f"data-policy={min(wrong)!r}; a page may ask for {', '.join(sorted(ASKED))}")
    words = ["'self'", *map(hashed, scripts.texts)]
    words += ["'unsafe-hashes'", *map(hashed, scripts.handlers)] if scripts.handlers else []
    words += [f"'{word}'" for word in sorted(scripts.asked)]
    parts = POLICY | {"script-src": " ".join(dict.fromkeys(words))}
    for word in sorted(scripts.asked):
        parts |= ASKED[word]
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def hashed(text: str) -> str:
    """A text as a source that a policy allows; a browser hashes it after it has made all line ends alike."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'sha256-{base64.b64encode(hashlib.sha256(plain.encode()).digest()).decode()}'"


def protected(page: str) -> str:
    """The page with its policy before anything that it governs; one that it had is replaced.

    Raises
    ------
    ValueError
        For a page that does not declare its character set, and see `policy`.
    """
    page = WRITTEN.sub("", page)
    found = CHARSET.search(page)
    if found is None or "<script" in page[: found.start()]:
        raise ValueError("no <meta charset> before the first script")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">\n'
    return f"{page[: found.end()]}{meta}{page[found.end() :]}"


def lightened(page: str) -> tuple[str, dict[str, str]]:
    """The page without the JSON of its figures, and the JSON by the figure's id."""
    found: dict[str, str] = {}

    def taken(match: re.Match[str]) -> str:
        found[match[2]] = match[3]
        return match[1]

    return FIGURE.sub(taken, page), found


def rooted(page: str, root: str) -> str:
    """A page whose addresses hold wherever it is shown, as that of an address which does not exist is."""
    return OFFSET.sub(rf'\1"{root}"', RELATIVE.sub(rf'\1="{root}', page))


def headed(page: str, up: str, site: str) -> str:
    """A page that names its fonts and icons, and the feed of a known site; `up` leads to the root."""
    head = (HEAD + (FEED if site else "")).format(up=up) + AWAIT_FONTS
    plain = NAMED.sub("", page).replace(AWAIT_FONTS, "")
    return plain.replace("</head>", f"{head}</head>", 1)


def site_address(results: Path) -> str:
    """Where the site is published, as the build wrote it down; empty where that is not known."""
    try:
        return str(json.loads((results / "about.json").read_text(encoding="utf-8")).get("site", ""))
    except (OSError, ValueError):
        return ""


def finish(folder: Path, site: str = "") -> None:
    """Give every page below a folder its icons and policy, and put the JSON of its figures beside the pages.

    Parameters
    ----------
    folder
        Of the rendered site.
    site
        Its address, where known.

    Raises
    ------
    ValueError
        For two figures of one id, and see `protected`; the message names the page.
    """
    known: set[str] = set()
    for file in sorted(folder.rglob("*.html")):
        page = file.read_text(encoding="utf-8")
        up = "../" * (len(file.relative_to(folder).parts) - 1)
        if site and file == folder / NOT_FOUND:
            up = urlsplit(site).path
            page = rooted(page, up)
        try:
            page, figures = lightened(page)
            if again := known & figures.keys():
                raise ValueError(f"another page has a figure '{min(again)}' too")
            known |= figures.keys()
            for name, text in figures.items():
                target = folder / "figures" / f"{name}.json"
                target.parent.mkdir(exist_ok=True)
                target.write_text(text, encoding="utf-8")
            page = protected(headed(page, up, site))
        except ValueError as error:
            raise ValueError(f"{file.name}: {error}") from None
        file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    from journey.report.sources import write_sources

    try:
        site = Path(os.environ["QUARTO_PROJECT_OUTPUT_DIR"])
        finish(site, site_address(Path.cwd() / "data" / "results"))
        write_sources(Path.cwd(), site, os.environ)
    except (KeyError, OSError, ValueError) as error:
        sys.exit(f"journey: the pages could not be finished: {error}")
