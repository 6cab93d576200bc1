"""Markup around content: Jinja templates with slots, turned into raw blocks that pandoc passes through."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import panflute as pf

from press.navigation import inline

HERE = Path(__file__).parent
SLOT = "<!-- slot -->\n"


@cache
def templates() -> jinja2.Environment:
    """The templates; those for HTML escape what they are given."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )
    environment.filters["inline"] = inline
    return environment


def framed(name: str, fmt: str, slots: list[list[pf.Block]], **values: Any) -> list[pf.Block]:
    """Blocks inside the markup of `templates/blocks/NAME.FMT`.

    Parameters
    ----------
    slots
        What stands in each slot, in the order of the template.
    """
    text = templates().get_template(f"blocks/{name}.{fmt}").render(values, count=len(slots))
    pieces = [piece.strip("\n") for piece in text.split(SLOT)]
    blocks = [pf.RawBlock(pieces[0], fmt)]
    for piece, content in zip(pieces[1:], slots, strict=True):
        # A heading opens a section up to the end of its container: give it one.
        headed = any(isinstance(block, pf.Header) for block in content)
        blocks += [*([pf.Div(*content)] if headed else content), pf.RawBlock(piece, fmt)]
    return blocks
