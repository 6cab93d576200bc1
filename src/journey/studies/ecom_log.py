"""A log that is not ours through proposal, map, import and warehouse, held against a count in pandas.

The log is the synthetic "ecom" of the package retentioneering (Apache-2.0): six months of a shop for
electronics, read from the installed package and never copied. Its name is fixed in the extra `ecom`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.imported import import_shop, propose_map
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query

PACKAGE, LOG, NAME = "retentioneering", "datasets/ecom.csv.gz", "ecom"
#: The one name of an event that a person moves: here a checkout begins with the address. The other names that
#: the proposal leaves out are of pages without a place in the funnel; its zone, UTC, stays.
CHECKOUT = "shipping_details"
KINDS = {
    "product_view": "view",
    "search": "search",
    "add_to_cart": "add_to_cart",
    CHECKOUT: "checkout",
    "purchase": "purchase",
}
GAP = pd.Timedelta(minutes=30)


def import_ecom(paths: Paths) -> dict[str, Any]:
    """Import the log by its own proposal, with one line decided.

    Returns
    -------
    dict
        `package` and `version`; `rows`, `kept`, `users`, `columns` (recognised) of the log; `map`, its lines;
        `open`, how many lines of the proposal were to be decided; `aside`, rows set aside by reason;
        `counts`, each with what the warehouse and what pandas counts.

    Raises
    ------
    JourneyError
        When the package is not installed or does not hold the log.
    """
    log = ecom_file()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        propose_map(str(log), root / "proposed.toml")
        proposed = (root / "proposed.toml").read_text(encoding="utf-8")
        lines = decided(proposed)
        (root / "shop.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = import_shop(str(log), root / "shop.toml", NAME, Paths(root))
        build_warehouse(done.folder / "raw", root / "shop.duckdb", paths.sql, features=False)
        with connect(root / "shop.duckdb") as connection:
            ours = query("overall_metrics", connection).iloc[0]
            visitors = query("user_segment_totals", connection)["user_id"].nunique()
        report = dict(done.report)
    theirs = recount(pd.read_csv(log))
    return {
        "package": PACKAGE,
        "version": importlib.metadata.version(PACKAGE),
        "rows": int(report["rows"]),
        "kept": int(report["kept"]),
        "columns": len(report["mapped"]),
        "open": sum(line.startswith("# ?") for line in proposed.splitlines()),
        "map": lines,
        "aside": [{"words": each["words"], "rows": int(each["rows"])} for each in report["aside"]],
        "counts": [
            {"count": name, "warehouse": int(value), "pandas": theirs[name]}
            for name, value in (
                ("Visitors", visitors),
                ("Visits", ours["sessions"]),
                ("Visits that buy", round(float(ours["conversion_rate"]) * float(ours["sessions"]))),
                ("Orders", ours["orders"]),
            )
        ],
    }


def ecom_file() -> Path:
    """The log inside the installed package, which is not imported: it would bring a dozen libraries.

    Raises
    ------
    JourneyError
        As `import_ecom`.
    """
    found = importlib.util.find_spec(PACKAGE)
    file = Path(found.origin).parent / LOG if found and found.origin else None
    if file is None or not file.is_file():
        raise JourneyError(f"the log of {PACKAGE} is not installed: install the extra `ecom`")
    return file


def decided(proposed: str) -> list[str]:
    """The lines of a proposal with what it left open decided, without the open questions."""
    lines = [line for line in proposed.splitlines() if line and not line.startswith("#")]
    place = next(place for place, line in enumerate(lines) if line.startswith("purchase = "))
    lines.insert(place, f'checkout = ["{CHECKOUT}"]')
    return [line.replace(f'"{CHECKOUT}", ', "") if line.startswith("ignore") else line for line in lines]


def recount(log: pd.DataFrame) -> dict[str, int]:
    """The same counts straight from the file: visits end after half an hour without an event."""
    rows = log[log["event"].isin(KINDS)].assign(
        at=pd.to_datetime(log["timestamp"]), kind=log["event"].map(KINDS)
    )
    rows = rows.drop_duplicates(["user_id", "at", "kind"]).sort_values(["user_id", "at"], kind="stable")
    waited = rows.groupby("user_id")["at"].diff()
    rows["visit"] = (waited.isna() | (waited > GAP)).cumsum()
    bought = rows[rows["kind"].eq("purchase")]
    return {
        "Visitors": int(rows["user_id"].nunique()),
        "Visits": int(rows["visit"].nunique()),
        "Visits that buy": int(bought["visit"].nunique()),
        "Orders": int(bought["visit"].nunique()),
    }
