"""Markup around content: Jinja templates with slots, turned into raw blocks that pandoc passes through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import panflute as pf

from press import pandoc

HERE = Path(__file__).parent
SLOT = "<!-- slot -->\n"

# Templates for HTML escape what they are given.
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=jinja2.select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.ChainableUndefined,
)
TEMPLATES.filters["inline"] = pandoc.inline


def framed(name: str, fmt: str, slots: list[list[pf.Block]], **values: Any) -> list[pf.Block]:
    """Blocks inside the markup of `templates/blocks/NAME.FMT`, one list for each slot of the template."""
    text = TEMPLATES.get_template(f"blocks/{name}.{fmt}").render(values, count=len(slots))
    pieces = [piece.strip("\n") for piece in text.split(SLOT)]
    blocks = [pf.RawBlock(pieces[0], fmt)]
    for piece, content in zip(pieces[1:], slots, strict=True):
        # A heading opens a section up to the end of its container: give it one.
        headed = any(isinstance(block, pf.Header) for block in content)
        blocks += [*([pf.Div(*content)] if headed else content), pf.RawBlock(piece, fmt)]
    return blocks
