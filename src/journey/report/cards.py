"""Key-figure cards: a few numbers a reader should leave with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journey.errors import JourneyError
from journey.report.markup import checked_text, escape, raw_block, traced, typst_string
from journey.report.style import FONT_FIGURES, LIGHT

ACROSS = 3


@dataclass(frozen=True)
class Card:
    """One key figure, all parts formatted text (from the ledger).

    `label` says what is measured, `value` is shown large, `interval` is its uncertainty, `detail` one line
    of meaning.
    """

    label: str
    value: str
    detail: str = ""
    interval: str = ""


def show_cards(cards: Sequence[Card]) -> None:
    """Print key-figure cards for the page and for the PDF; call it in a cell with `output: asis`.

    Three stand side by side where there is room (four when there are four), one below the other on a phone.

    Raises
    ------
    JourneyError
        For no cards, or a card without label or value.
    """
    if not cards:
        raise JourneyError("there are no cards to show; pass at least one Card")
    for card in cards:
        checked_text(card.label, "label", f"the card '{card.value}'")
        checked_text(card.value, "value", f"the card '{card.label}'")
    across = 4 if len(cards) % 4 == 0 else min(ACROSS, len(cards))
    page = "\n".join(_html(card) for card in cards)
    print(
        raw_block("html", f'<dl class="key-figures" data-across="{across}">\n{page}\n</dl>')
        + raw_block("typst", _typst(cards, across))
    )


def _html(card: Card) -> str:
    rest = "".join(
        f'<dd class="key-figure-{part}">{traced(text)}</dd>'
        for part, text in (("interval", card.interval), ("detail", card.detail))
        if text
    )
    return (
        f'<div class="key-figure"><dt class="key-figure-label">{escape(card.label)}</dt>'
        f'<dd class="key-figure-value">{traced(card.value)}</dd>{rest}</div>'
    )


def _typst(cards: Sequence[Card], across: int) -> str:
    muted = f'rgb("{LIGHT["muted"]}")'
    blocks = []
    for card in cards:
        lines = [
            f"text(size: 8.6pt, fill: {muted}, {typst_string(card.label)})",
            f'text(size: 19pt, weight: "bold", fill: rgb("{LIGHT["series-1"]}"), {typst_string(card.value)})',
        ]
        if card.interval:
            lines.append(f"text(size: 8pt, {typst_string(card.interval)})")
        if card.detail:
            lines.append(f"text(size: 8.6pt, fill: {muted}, {typst_string(card.detail)})")
        stack = ", ".join(lines)
        blocks.append(
            f'    block(width: 100%, stroke: (top: 1.2pt + rgb("{LIGHT["series-1"]}")), inset: (top: 6pt), '
            f"stack(spacing: 5pt, {stack})),"
        )
    body = "\n".join(blocks)
    return (
        "#block(width: 100%, breakable: false, above: 1.3em, below: 1.3em)[\n"
        f'  #set text(font: "{FONT_FIGURES}", number-width: "tabular")\n'
        f"  #set par(leading: 0.45em, justify: false)\n"
        f"  #grid(columns: (1fr,) * {across}, column-gutter: 14pt, row-gutter: 10pt,\n{body}\n  )\n]"
    )
