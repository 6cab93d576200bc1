"""Raw blocks that pandoc passes through to HTML or Typst unchanged, with every text escaped."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence

from journey.errors import JourneyError

#: From so many columns on a table is set smaller.
MANY = 6
# What pandoc or Jupyter would read as markup within a line or at its start. An apostrophe is set as one.
_MARKUP = re.compile(
    r"""[!"#$&*<>@\[\\\]^_`{|}~]|(?<=\.)\.|(?<=-)-|:(?=//)|^[-+=:(]|(?<=^\d)[.)](?=\s)""", re.MULTILINE
)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*")
# No scheme but https, nothing that could end an attribute.
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(/[^\s\"'<>\\\\`]*)?")


class Link(str):
    """A cell's text that leads to an address outside the site."""

    address: str

    def __new__(cls, text: str, address: str) -> Link:
        """Make the text `text` with its https address.

        Raises
        ------
        JourneyError
            For any other address and for an empty text.
        """
        if not _ADDRESS.fullmatch(address):
            raise JourneyError(f"{address!r} is not an https address; a table links to nothing else")
        link = super().__new__(cls, checked_text(text, "text", f"The link to {address}"))
        link.address = address
        return link


class Bounded(str):
    """A cell's text `5.0% (4.8% to 5.2%)`: on the page the interval stands below its value."""

    value: str
    interval: str

    def __new__(cls, value: str, interval: str) -> Bounded:
        """Make the text of a value with its interval; both may carry the id of their number."""
        made = super().__new__(cls, f"{value} ({interval})")
        made.value, made.interval = value, interval
        return made


def checked_id(value: str, kind: str) -> str:
    """Return `value`, which must serve as an HTML id and a file name.

    Raises
    ------
    JourneyError
        When it is not lower-case letters, digits and hyphens that start with a letter.
    """
    if not _IDENTIFIER.fullmatch(value):
        raise JourneyError(
            f"The {kind} id '{value}' must be lower-case letters, digits and hyphens, starting with a letter."
        )
    return value


def checked_text(value: str, what: str, owner: str) -> str:
    """Return `value`, which must say something, without the space around it.

    Raises
    ------
    JourneyError
        When it is blank; the message names what is missing.
    """
    if not value.strip():
        raise JourneyError(f"{owner} has no {what}; give one, so that every reader knows what it shows.")
    return value.strip()


def escape(value: object) -> str:
    """Text for HTML content and attributes, on one line."""
    return html.escape(" ".join(str(value).split("\n")), quote=True)


def markdown_text(text: str) -> str:
    """Text in which pandoc sees no markup."""
    return _MARKUP.sub(r"\\\g<0>", text)


def raw_block(language: str, source: str) -> str:
    """A pandoc raw block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}{{={language}}}\n{source}\n{fence}\n"


def typst_string(value: object) -> str:
    """A Typst string literal, which Typst shows as it is."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(text.split("\n")) + '"'


def script_json(value: object) -> str:
    """Compact, sorted JSON that cannot end the script element it stands in."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def filter_box(*, items: str, noun: str, label: str, placeholder: str) -> str:
    """A box that filters the page, hidden until its script runs (`assets/filter.js`).

    `items` selects what is filtered, `noun` is what they are called; for a page two folders below the root.
    """
    return (
        f'<form class="page-filter" role="search" aria-label="{escape(label)}" data-items="{escape(items)}" '
        f'data-noun="{escape(noun)}" hidden>\n'
        f'<label for="page-filter-words">{escape(label)}</label>\n'
        '<input id="page-filter-words" type="search" class="form-control" autocomplete="off" '
        f'spellcheck="false" placeholder="{escape(placeholder)}">\n'
        '<p role="status"></p>\n</form>\n'
        '<script type="module" src="../../assets/filter.js"></script>'
    )


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[bool],
    caption: str | None,
    label: str,
    css_class: str = "journey-table stacked",
    ids: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    truth: Sequence[bool] | None = None,
) -> str:
    """Accessible table in a box that scrolls sideways; the first column names its row.

    All texts are escaped here; a `Link` becomes a link, the interval of a `Bounded` stands below its value.
    `label` names the scroll box for a screen reader, `ids` the rows, so that an address can lead to one.
    `groups` has a text a row: where it changes, a row of its own names what follows. `truth` marks columns
    that only a simulation knows. On a phone the rows of a `stacked` table become cards.
    """
    marks = [
        _classes(number, known)
        for number, known in zip(numeric, truth or [False] * len(numeric), strict=True)
    ]
    heads = "".join(
        f'<th scope="col"{mark}>{escape(text).replace("_", "_<wbr>")}</th>'
        for text, mark in zip(header, marks, strict=True)
    )
    stacked = "stacked" in css_class.split()
    labels = [f' data-label="{escape(head)}"' if stacked else "" for head in header]
    body = []
    for place, row in enumerate(rows):
        if groups and (place == 0 or groups[place] != groups[place - 1]):
            title = f'<th scope="rowgroup" colspan="{len(header)}">{escape(groups[place])}</th>'
            body.append(f'<tr class="group">{title}</tr>')
        name = f' id="{escape(ids[place])}"' if ids else ""
        cells = [f'<th scope="row"{marks[0]}>{_cell(row[0])}</th>']
        cells += [
            f"<td{mark}{label}>{_cell(text)}</td>"
            for label, text, mark in zip(labels[1:], row[1:], marks[1:], strict=True)
        ]
        body.append(f"<tr{name}>{''.join(cells)}</tr>")
    if len(header) >= MANY:
        css_class += " many"
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    # Quarto would otherwise read the table back into its own model and drop the classes.
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="{css_class}" data-quarto-disable-processing="true">{title}'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody></table></div>"
    )


def traced(text: str) -> str:
    """HTML of a text; a text of the ledger is marked with the number it comes from (`assets/numbers.js`)."""
    number = getattr(text, "number_id", None)
    if number is None:
        return escape(text)
    return f'<span class="traced" data-number="{escape(number)}">{escape(text)}</span>'


def _cell(text: str) -> str:
    if isinstance(text, Bounded):
        return f'<span>{traced(text.value)}<span class="interval"> ({traced(text.interval)})</span></span>'
    if isinstance(text, Link):
        return f'<a href="{escape(text.address)}">{escape(text)}</a>'
    return traced(text)


def _classes(numeric: bool, truth: bool) -> str:
    names = [name for name, holds in (("num", numeric), ("truth", truth)) if holds]
    return f' class="{" ".join(names)}"' if names else ""
