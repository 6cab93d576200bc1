"""Whether texts say what the ledger says."""

from __future__ import annotations

import re
from pathlib import Path

from journey.files import write_text
from journey.report.ledger import Numbers

README_FIGURE = re.compile(r"\*\*([^*]+)\*\*<!--\s*([a-z0-9_.]+)(?::(ci|n))?\s*-->")
USED = re.compile(r"\bn\.([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


def used_numbers(page: Path) -> set[str]:
    """Ids of the ledger that a page uses."""
    return {f"{chapter}.{name}" for chapter, name in USED.findall(page.read_text(encoding="utf-8"))}


def readme_text(numbers: Numbers, id: str, part: str) -> str:
    """What the ledger says for one figure of the README: the value, its interval (`ci`) or size (`n`)."""
    figure = numbers[id]
    if part == "ci":
        return figure.ci
    return figure.n if part == "n" else str(figure)


def stale_readme_figures(readme: Path, numbers: Numbers) -> list[str]:
    """Figures of the README that differ from the ledger, one sentence each.

    A figure is written `**text**<!-- id -->`; the part `:ci` or `:n` after the id asks for the interval
    or the sample size.
    """
    stale = []
    for text, id, part in README_FIGURE.findall(readme.read_text(encoding="utf-8")):
        expected = readme_text(numbers, id, part)
        if text != expected:
            stale.append(f"README.md says {text!r} for {id}; the ledger says {expected!r}")
    return stale


def update_readme(readme: Path, numbers: Numbers) -> int:
    """Write the ledger's figures into the README; return how many changed."""
    stale = len(stale_readme_figures(readme, numbers))
    text = README_FIGURE.sub(
        lambda match: match[0].replace(match[1], readme_text(numbers, match[2], match[3] or ""), 1),
        readme.read_text(encoding="utf-8"),
    )
    if stale:
        write_text(readme, text)
    return stale
