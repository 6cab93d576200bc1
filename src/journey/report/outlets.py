"""What others read of the site: search engines, feed readers, language models, and whoever shares a link.

What needs the site's address is made only where that is known.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml

from journey.files import replacing, write_text
from journey.paths import Paths
from journey.report.about import About
from journey.report.markup import typst_string
from journey.report.style import FONT_FIGURES, FONT_TEXT, LIGHT

#: In the root of the project, from where both renderers copy them into the site.
FILES = ("robots.txt", "llms.txt", "sitemap.xml", "feed.xml", "site.webmanifest")
CARD = "assets/card.png"
CARD_SIZE = (1200, 630)
NOT_FOUND = "404.html"
#: The sign of the site, drawn once as SVG; what phones and older browsers ask for is made from it.
SIGN = "assets/favicon.svg"
ICONS = "assets/icons"
TOUCH, OLD = "apple-touch-icon.png", "favicon.ico"
PIXELS = {TOUCH: 180, "icon-192.png": 192, "icon-512.png": 512}
OLD_PIXELS = 32
_ENTRY = re.compile(r"^- (.*?)(?=^- |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Linked:
    """A page of the site: its address below the root, its title, what it says in a sentence."""

    path: str
    title: str
    description: str


def read_pages(root: Path, files: Sequence[Path]) -> list[Linked]:
    """Pages by their sources, in order; the page for what is not found is left out."""
    found = []
    for file in files:
        front = yaml.safe_load(file.read_text(encoding="utf-8").split("---\n")[1])
        path = file.relative_to(root).with_suffix(".html").as_posix()
        if path != NOT_FOUND:
            found.append(Linked(path, str(front["title"]), str(front.get("description-meta", ""))))
    return found


def write_outlets(paths: Paths, about: About, pages: Sequence[Linked]) -> None:
    """Write what is possible of `FILES`, and remove what is not."""
    settings = yaml.safe_load((paths.root / "_quarto.yml").read_text(encoding="utf-8"))["website"]
    title, said = str(settings["title"]), str(settings["description"])
    texts = {
        "robots.txt": robots(about.site),
        "llms.txt": for_models(title, said, pages, about),
        "site.webmanifest": manifest(title, said),
    }
    if about.site:
        changes = (paths.root / "CHANGELOG.md").read_text(encoding="utf-8")
        texts |= {"sitemap.xml": sitemap(about.site, pages), "feed.xml": feed(about.site, title, changes)}
    for name in FILES:
        if name in texts:
            write_text(paths.root / name, texts[name])
        else:
            (paths.root / name).unlink(missing_ok=True)


def robots(site: str) -> str:
    """Everything may be read; the sitemap is named where its address is known."""
    return "User-agent: *\nAllow: /\n" + (f"Sitemap: {site}sitemap.xml\n" if site else "")


def for_models(title: str, description: str, pages: Sequence[Linked], about: About) -> str:
    """The pages as a list in Markdown, after https://llmstxt.org."""
    lines = [f"# {title}", "", f"> {description}", "", "## Pages", ""]
    lines += [
        f"- [{page.title}]({about.site}{page.path})" + (f": {page.description}" if page.description else "")
        for page in pages
    ]
    lines += ["", "## Data", "", f"- [Every number with its source]({about.site}numbers.json)"]
    if about.repository:
        lines += [f"- [Code]({about.repository})"]
    return "\n".join(lines) + "\n"


def manifest(title: str, description: str) -> str:
    """What a phone shows of a page on its home screen, after https://www.w3.org/TR/appmanifest."""
    sizes = {name: f"{pixels}x{pixels}" for name, pixels in PIXELS.items() if name != TOUCH}
    icons = [{"src": f"{ICONS}/{name}", "type": "image/png", "sizes": size} for name, size in sizes.items()]
    told = {
        "name": title,
        "description": description,
        "start_url": ".",
        "display": "browser",
        "background_color": LIGHT["paper"],
        "theme_color": LIGHT["series-1"],
        "icons": icons,
    }
    return json.dumps(told, indent=2) + "\n"


def sitemap(site: str, pages: Sequence[Linked]) -> str:
    """Every page, after https://www.sitemaps.org/protocol.html."""
    urls = "".join(f"  <url><loc>{escape(site + page.path)}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def feed(site: str, title: str, changes: str) -> str:
    """RSS 2.0 of the changelog: one item a change, known again by the digest of its text."""
    items = []
    for section in changes.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        for entry in _ENTRY.findall(body):
            text = " ".join(entry.split())
            name = hashlib.sha256(text.encode()).hexdigest()[:20]
            first = re.split(r"(?<=[.:])\s", text)[0]
            items.append(
                f"<item><title>{escape(first)}</title><description>{escape(text)}</description>"
                f'<category>{escape(heading.strip())}</category><guid isPermaLink="false">{name}</guid>'
                f"<link>{escape(site)}</link></item>\n"
            )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(title)}: changes</title><link>{escape(site)}</link>"
        "<description>What changes for a reader or a rebuilder</description>\n"
        f"{''.join(items)}</channel></rss>\n"
    )


def draw_card(paths: Paths, chart: str, heading: str, question: str, title: str, author: str) -> None:
    """Draw the picture that stands beside a shared link: the question, and the chart that answers it.

    Parameters
    ----------
    chart, heading
        SVG text as on the first page, and what it shows.
    """
    import typst

    width, height = CARD_SIZE
    ink, muted, accent = (f'rgb("{LIGHT[role]}")' for role in ("ink", "muted", "series-1"))
    foot = typst_string(" · ".join(filter(None, (title, author))))
    source = f"""#set page(width: {width}pt, height: {height}pt, fill: white)
#set page(margin: (x: 70pt, top: 60pt, bottom: 46pt))
#set text(font: "{FONT_TEXT}", size: 30pt, fill: {ink})
#line(length: 100%, stroke: 8pt + {accent})
#v(4pt)
#text(size: 51pt, weight: "bold", {typst_string(question)})
#v(1fr)
#text(font: "{FONT_FIGURES}", size: 27pt, weight: "bold", {typst_string(heading)})
#v(-14pt)
#image("chart.svg", width: 82%)
#v(1fr)
#text(font: "{FONT_FIGURES}", size: 24pt, fill: {muted}, {foot})
"""
    files = {"main": source.encode(), "chart.svg": chart.encode()}
    fonts = [str(paths.root / "assets" / "fonts")]
    with replacing(paths.root / CARD) as temporary:
        # A page and its picture by their names: the stubs of the package do not know that form.
        made = typst.compile(files, format="png", ppi=72, font_paths=fonts)  # type: ignore[call-overload]
        temporary.write_bytes(made if isinstance(made, bytes) else made[0])


def draw_icons(paths: Paths) -> None:
    """Draw the sign for phones, and as the small picture that browsers without SVG show."""
    sign = (paths.root / SIGN).read_bytes()
    folder = paths.root / ICONS
    folder.mkdir(exist_ok=True)
    for name, pixels in PIXELS.items():
        with replacing(folder / name) as temporary:
            # A phone rounds the corners itself, and shows black where nothing is.
            temporary.write_bytes(_drawn(sign, pixels, f'rgb("{LIGHT["series-1"]}")'))
    small = _drawn(sign, OLD_PIXELS, "none")
    # The format's head and its one entry; the picture itself is PNG, which every reader of the format knows.
    entry = struct.pack("<BBBBHHII", OLD_PIXELS, OLD_PIXELS, 0, 0, 1, 32, len(small), 22)
    with replacing(folder / OLD) as temporary:
        temporary.write_bytes(struct.pack("<HHH", 0, 1, 1) + entry + small)


def _drawn(sign: bytes, pixels: int, ground: str) -> bytes:
    """A square PNG of the sign on a ground, a Typst colour."""
    import typst

    page = f"#set page(width: {pixels}pt, height: {pixels}pt, margin: 0pt, fill: {ground})\n"
    files = {"main": f'{page}#image("sign.svg", width: 100%)'.encode(), "sign.svg": sign}
    made = typst.compile(files, format="png", ppi=72)  # type: ignore[call-overload]
    return made if isinstance(made, bytes) else bytes(made[0])
