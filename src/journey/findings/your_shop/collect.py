"""A log in foreign form through proposal, import and warehouse, held against the shop's own data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from journey.findings.desk import Desk, add_rows
from journey.paths import Paths
from journey.report.formats import format_number
from journey.stores.imported import import_shop, propose_map
from journey.stores.imported.foreign import export
from journey.studies.registry import kept
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query

SOURCE = "journey.findings.your_shop.collect"
LOG, MAP, NAME = "clicks.csv", "shop.toml", "mine"
#: Lines of a proposal that a person decides, and what is decided here; the first already stands so.
DECIDED = {'shop_zone = "UTC"': 'shop_zone = "UTC"', 'currency = "EUR"': 'currency = "EUR"'}
#: count -> (column of `overall_metrics`, unit, digits)
COUNTS: dict[str, tuple[str, str, int | None]] = {
    "Visits": ("sessions", "count", None),
    "Visits that buy": ("conversion_rate", "share", 2),
    "Orders": ("orders", "count", None),
    "Net revenue": ("revenue", "eur", None),
}


def collect(desk: Desk) -> None:
    """Register the page's numbers and save its tables."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        export(desk.paths.store(desk.store), root / LOG)
        said = propose_map(str(root / LOG), root / MAP)
        proposed = (root / MAP).read_text(encoding="utf-8")
        (root / MAP).write_text(decided(proposed), encoding="utf-8")
        done = import_shop(str(root / LOG), root / MAP, NAME, Paths(root))
        warehouse = root / f"{NAME}.duckdb"
        built = build_warehouse(done.folder / "raw", warehouse, desk.paths.sql, features=False)
        with connect(warehouse) as connection:
            ours = query("overall_metrics", connection).iloc[0]
    add_import(desk, dict(done.report), built.clean_rows)
    add_counts(desk, ours, query("overall_metrics", desk.warehouse).iloc[0])
    add_ecom(desk)
    desk.save("map", pd.DataFrame({"line": decided(proposed).splitlines()}))
    desk.save("said", pd.DataFrame({"line": said[1:]}))


def decided(proposed: str) -> str:
    """The proposal with what it left open decided."""
    lines = [line for line in proposed.splitlines() if not line.startswith("# ?")]
    return "\n".join(DECIDED.get(line, line) for line in lines) + "\n"


def add_import(desk: Desk, report: dict[str, Any], clean: int) -> None:
    """What the import kept, what it set aside and why."""
    known = "Columns that the proposal recognised by name or content"
    rows = (
        ("rows", report["rows"], "count", "Rows of the log in foreign form"),
        ("kept", report["kept"], "count", "Of them, rows that the import kept"),
        ("clean", clean, "count", "Of them, rows left when robots and repetitions are out"),
        ("columns", len(report["mapped"]), "count", known),
    )
    add_rows(desk, rows, source="journey.stores.imported.run:import_shop")
    desk.save("aside", pd.DataFrame(report["aside"]).drop(columns="reason"))


def add_counts(desk: Desk, imported: pd.Series, native: pd.Series) -> None:
    """The main counts of the imported log beside those of the shop's own data."""
    rows = [
        {"count": name, "imported": format_number(float(imported[column]), unit, digits)}
        | {"native": format_number(float(native[column]), unit, digits)}
        for name, (column, unit, digits) in COUNTS.items()
    ]
    desk.save("counts", pd.DataFrame(rows))


def add_ecom(desk: Desk) -> None:
    """A log that is not ours: what its proposal left open, and its counts beside those of pandas."""
    evidence = kept("ecom_log", desk.paths)
    found = evidence.results
    counts = pd.DataFrame(found["counts"])
    agree = counts["warehouse"].eq(counts["pandas"]).sum()
    rows = (
        ("ecom_rows", found["rows"], "count", "Rows of the log of another project"),
        ("ecom_kept", found["kept"], "count", "Of them, rows that the import kept"),
        ("ecom_open", found["open"], "count", "Lines that its proposal left to be decided"),
        ("ecom_agree", agree, "count", "Counts of that log that are the same in pandas"),
        ("ecom_counts", len(counts), "count", "Counts of that log that were compared"),
    )
    add_rows(desk, rows, source="journey.studies.ecom_log:import_ecom")
    desk.save("ecom_counts", counts)
    desk.save("ecom_map", pd.DataFrame({"line": found["map"]}))
    desk.save("ecom_evidence", pd.DataFrame({"note": [evidence.label]}))
