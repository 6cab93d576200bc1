"""The pages as a reader gets them: what `journey study pages_measured` measured in a browser."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.studies.pages_measured import SCHEMES, SIZES
from journey.studies.registry import kept

SOURCE, DATASET = "journey.studies.pages_measured:measure_pages", "rendered site"
KIB = 1024
#: Two values of a cell; a line may end after it, not before.
AND = "\u00a0/ "


def add_pages(desk: Desk) -> None:
    """Save one row a page, and register what must hold for all and what is largest."""
    found = kept("pages_measured", desk.paths)
    results = found.results
    desk.save("pages", pd.DataFrame([page_row(page) for page in results["pages"]]))
    where = f"of commit {results['commit']}" if results["commit"] else "of no known commit"
    changed = ", with changes not yet committed" if results["changed"] else ""
    note = (
        f"Measured on {found.date} in Chromium {results['chromium']}, {where}{changed}; "
        f"load average before: {results['load']}."
    )
    desk.save("pages_note", pd.DataFrame({"note": [note]}))
    views = [view for page in results["pages"] for view in page["views"]]
    for name, value, unit, digits, label in (
        ("pages", len(results["pages"]), "count", 0, "Pages measured in a browser"),
        ("pages_views", len(views), "count", 0, "Views of them: sizes by colour schemes"),
        ("pages_shift", max(view["shift"] for view in views), "ratio", 3, "Largest layout shift of a view"),
        ("pages_violations", sum(view["violations"] for view in views), "count", 0, "Violations of axe-core"),
    ):
        label = f"{label}, when last measured"
        desk.ledger.add(
            f"agreement.{name}", value, unit, digits=digits, label=label, source=SOURCE, dataset=DATASET
        )


def page_row(page: dict[str, Any]) -> dict[str, Any]:
    """A page as the table has it: weight by size, paint by size and scheme, worst shift, all violations."""
    views = {(view["size"], view["scheme"]): view for view in page["views"]}
    row: dict[str, Any] = {"page": page["page"], "title": page["title"]}
    for size in SIZES:
        before, after = (max(views[size, each][part] for each in SCHEMES) for part in ("before", "after"))
        row[f"weight_{size}"] = AND.join(f"{value / KIB:,.0f}" for value in (before, after))
        row[f"paint_{size}"] = AND.join(f"{views[size, each]['paint']:,}" for each in SCHEMES)
    return row | {
        "shift": max(view["shift"] for view in page["views"]),
        "violations": sum(view["violations"] for view in page["views"]),
        "words": page["words"],
        "density": 100 * page["numbers"] / page["words"] if page["words"] else 0.0,
    }
