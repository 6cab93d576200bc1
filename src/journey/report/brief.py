"""The author's kit: lines for a résumé and answers for an interview, every figure from the ledger."""

from __future__ import annotations

from importlib import resources
from textwrap import fill

from jinja2 import Environment, StrictUndefined

from journey.report import wording
from journey.report.ledger import Numbers

TEMPLATE = "templates/brief.md"
WIDTH = 100


def write_brief(numbers: Numbers, title: str, pages: int, site: str = "") -> str:
    """The kit as Markdown.

    Parameters
    ----------
    numbers
        The finished ledger.
    title
        Name of the project.
    pages
        How many pages the site has.
    site
        Stands before each chapter's path: an address with a slash at its end, or nothing.

    Raises
    ------
    JourneyError
        When the text names a number that the ledger does not hold.
    """
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    words = {name: getattr(wording, name) for name in ("above", "say", "side", "zero")}
    text = resources.files("journey.report").joinpath(TEMPLATE).read_text(encoding="utf-8")
    text = environment.from_string(text).render(n=numbers, title=title, pages=pages, site=site, **words)
    return "\n\n".join(_set(block) for block in text.split("\n\n"))


def _set(block: str) -> str:
    """One paragraph or list with its lines broken anew: the figures changed their lengths."""
    items = [" ".join(item.split()) for item in f"\n{block}".split("\n- ")]
    lists = [fill(f"- {item}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) for item in items[1:]]
    return "\n".join([*([fill(items[0], WIDTH, break_on_hyphens=False)] if items[0] else []), *lists])
