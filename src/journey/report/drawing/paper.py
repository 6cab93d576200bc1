"""The smallest parts of a drawing: text with its width, colours by role, numbers, elements of SVG."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from journey.report.style import LIGHT

#: Pixels of text, and from line to line.
TEXT, LINE = 12.0, 15.0
BREAK = re.compile(r"<br\s*/?>")
DASHES = {"dash": "6 4", "dot": "1.5 4"}

_TOKEN = re.compile(r"@([a-z0-9-]+)(?:/([\d.]+))?")
# Widths of ASCII from the space on, in thousandths of the size: Schibsted Grotesk, regular.
_ADVANCES = (
    "254 240 353 654 564 850 686 199 309 309 443 635 265 488 280 444 611 343 572 576 584 580 595 531 579 594 "
    "280 268 635 635 635 529 885 700 645 703 697 585 561 718 720 354 536 660 545 868 729 770 615 770 633 613 "
    "644 673 678 935 652 623 595 310 444 310 635 500 500 551 589 551 589 573 341 555 567 242 272 552 262 873 "
    "581 597 590 590 401 513 340 581 554 812 559 548 504 327 239 327 635"
)
_WIDTHS = {chr(32 + place): int(width) / 1000 for place, width in enumerate(_ADVANCES.split())}
_WIDTHS |= {"€": 0.661, "£": 0.601, "–": 0.5, "“": 0.463, "”": 0.463, "’": 0.265}
_OTHER = 0.62


def text_width(text: str, size: float = TEXT) -> float:
    """Pixels that a line of text takes in the font of the figures."""
    return size * sum(_WIDTHS.get(letter, _OTHER) for letter in text)


def lines_of(text: object) -> list[str]:
    """Lines of a text of a figure's JSON, where it is escaped for Plotly and a tag breaks lines."""
    return [html.unescape(line) for line in BREAK.split(str(text))]


def wrapped(text: object, width: float) -> list[str]:
    """Lines of a text no wider than `width` pixels, except for longer words."""
    lines: list[str] = []
    for given in lines_of(text):
        line = ""
        for word in given.split():
            longer = f"{line} {word}".strip()
            if line and text_width(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def number(value: float) -> str:
    """A coordinate with one decimal at most."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def paint(token: str | None, what: str = "fill") -> str:
    """Attribute of a colour role, such as `@series-1/0.25`; no paint for `transparent` or nothing."""
    found = _TOKEN.fullmatch(token or "")
    if found is None:
        return f'{what}="none"'
    faint = f' {what}-opacity="{found[2]}"' if found[2] else ""
    return f'{what}="var(--{found[1]})"{faint}'


def ramp(share: float) -> str:
    """Colour at a share from 0 to 1 of the sequential scale, in steps of a twentieth."""
    step = round(20 * min(max(share, 0.0), 1.0))
    low, rest = divmod(step, 5)
    if rest == 0:
        return f"var(--ramp-{low + 1})"
    return f"color-mix(in srgb,var(--ramp-{low + 2}) {20 * rest}%,var(--ramp-{low + 1}))"


def on_paper(svg: str, alt: str) -> str:
    """The drawing by itself, with its alternative text: every role as its colour on white paper."""

    def mixed(match: re.Match[str]) -> str:
        ends = [LIGHT[match[place]] for place in (1, 3)]
        share = int(match[2]) / 100
        both = [[int(end[start : start + 2], 16) for start in (1, 3, 5)] for end in ends]
        return "#" + "".join(
            f"{round(share * one + (1 - share) * two):02x}" for one, two in zip(*both, strict=True)
        )

    svg = re.sub(r"color-mix\(in srgb,var\(--([\w-]+)\) (\d+)%,var\(--([\w-]+)\)\)", mixed, svg)
    svg = re.sub(r"var\(--([a-z0-9-]+)\)", lambda match: LIGHT[match[1]], svg)
    head, bracket, rest = svg.partition(">")
    head = re.sub(r' (?:class|aria-hidden|focusable)="[^"]*"', "", head)
    width = re.sub(r'.*viewBox="0 0 (\d+) .*', r' width="\1"', head)
    name = f' role="img" aria-label="{html.escape(alt)}" style="background:{LIGHT["paper"]};max-width:100%"'
    return f"{head}{width}{name}{bracket}{rest}"


def write(x: float, y: float, lines: Iterable[str], *, anchor: str = "start", extra: str = "") -> str:
    """Lines of text whose first has its base at `y`; `extra` are attributes."""
    given = [line for line in lines if line]
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    place = f'x="{number(x)}" y="{number(y)}"'
    if len(given) == 1:
        return f"<text {place}{side}{extra}>{html.escape(given[0])}</text>"
    spans = "".join(
        f'<tspan x="{number(x)}" dy="{number(LINE if row else 0)}">{html.escape(line)}</tspan>'
        for row, line in enumerate(given)
    )
    return f"<text {place}{side}{extra}>{spans}</text>" if given else ""


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight stroke as part of a path."""
    if x1 == x2:
        return f"M{number(x1)} {number(y1)}V{number(y2)}"
    if y1 == y2:
        return f"M{number(x1)} {number(y1)}H{number(x2)}"
    return f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"


def stroke(path: str, token: str, width: float = 1, dash: str | None = None, extra: str = "") -> str:
    """A path drawn with a pen."""
    dashes = f' stroke-dasharray="{DASHES[dash]}"' if dash in DASHES else ""
    wide = f' stroke-width="{width:g}"' if width != 1 else ""
    return f'<path fill="none" {paint(token, "stroke")}{wide}{dashes}{extra} d="{path}"/>' if path else ""


def rectangle(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as part of a path."""
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"
