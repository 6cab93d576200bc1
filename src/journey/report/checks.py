"""Verify that data, warehouse, ledger and texts fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from journey.errors import JourneyError
from journey.paths import Paths
from journey.report.ledger import Numbers

USED = re.compile(r"\bn\.([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


def pages(root: Path) -> list[Path]:
    """All sources of the site, in order."""
    return sorted([*root.glob("*.qmd"), *root.glob("chapters/**/*.qmd")])


def used_numbers(page: Path) -> set[str]:
    """Ids of the ledger that a page uses."""
    return {f"{chapter}.{name}" for chapter, name in USED.findall(page.read_text(encoding="utf-8"))}


def readme_figures(readme: Path) -> list[tuple[str, str, str]]:
    """Figures of the README as (id, part, text as printed).

    A figure is written `**text**<!-- id -->`, where the part `:ci` or `:n` asks for the interval or the
    sample size.
    """
    found = []
    for match in re.finditer(
        r"\*\*([^*]+)\*\*<!--\s*([a-z0-9_.]+)(:ci|:n)?\s*-->", readme.read_text("utf-8")
    ):
        text, id, part = match.groups()
        found.append((id, (part or "").lstrip(":"), text))
    return found


def stale_readme_figures(readme: Path, numbers: Numbers) -> list[str]:
    """Figures of the README that differ from the ledger, one sentence each."""
    stale = []
    for id, part, text in readme_figures(readme):
        figure = numbers[id]
        expected = {
            "": str(figure),
            "ci": figure.ci if part == "ci" else "",
            "n": figure.n if part == "n" else "",
        }
        if text != expected[part]:
            stale.append(f"README.md says {text!r} for {id}; the ledger says {expected[part]!r}")
    return stale


def check_project(paths: Paths) -> Iterator[str]:
    """Yield one line per passed check.

    Raises
    ------
    JourneyError
        At the first check that fails.
    """
    from journey.stores.schema import validate_store

    store = paths.store("simulated")
    yield f"store simulated: {validate_store(store)}"
    numbers = Numbers(paths.numbers)
    yield f"ledger: {len(numbers):,} numbers"
    known = {number.id for number in numbers}
    for page in pages(paths.root):
        if unknown := sorted(used_numbers(page) - known):
            raise JourneyError(
                f"{page.relative_to(paths.root)} uses number {unknown[0]!r}, which is not in the ledger"
            )
    yield f"pages: every number used in {len(pages(paths.root))} pages is in the ledger"
    if stale := stale_readme_figures(paths.root / "README.md", numbers):
        raise JourneyError(stale[0] + ": run `journey numbers` and update the README")
    yield "README: its figures agree with the ledger"
