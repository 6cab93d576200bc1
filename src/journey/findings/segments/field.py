"""The field part of chapter 04: customers of Online Retail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.customers.rfm import RULES
from journey.findings.desk import Desk
from journey.studies.registry import kept

SOURCE = "journey.studies.retail_segments"
#: "The top 10% bring 68% of revenue", as portfolios of this kind say
CLAIMED = 0.68
COUNTED = {
    "net": "Goods less cancellations",
    "before_cancellations": "Positive lines, postage too",
    "as_booked": "All lines, as booked",
    "first_half": "Goods, first half",
    "second_half": "Goods, second half",
    "of_all_goods": "Of goods with unknown buyers",
}
MARKS = {
    "cancellation": "Cancellation lines",
    "no_customer": "Lines without a customer",
    "duplicate": "Exact duplicates",
    "negative_price": "Negative prices",
    "price_zero": "Prices of zero",
}


def add_field(desk: Desk) -> None:
    """Register what the invoices of Online Retail say of its customers, as committed evidence."""
    found = kept("online_retail_segments", desk.paths)
    result = found.results
    common: dict[str, Any] = {"source": f"{SOURCE}:retail_segments", "dataset": "online_retail"}
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    for name, label in (
        ("customers", "Customers of Online Retail with goods left after cancellations"),
        ("orders", "Days on which a customer of Online Retail bought"),
        ("one_order", "Customers of Online Retail with one order"),
    ):
        desk.ledger.add(f"segments.retail_{name}", result[name], "count", label=label, **common)
    for name, value in result["period"].items():
        label = f"{name.capitalize()} day with an order, Online Retail"
        desk.ledger.add(f"segments.retail_{name}", f"{pd.Timestamp(value):%-d %B %Y}", label=label, **common)
    add_lines(desk, result["lines"], common)
    add_segments(desk, result, common)
    add_top(desk, result["top"], common)
    add_row_order(desk, result["row_order"], common)
    add_migration(desk, result["migration"], common)
    add_months(desk, result["months"], common)


def add_lines(desk: Desk, lines: dict[str, Any], common: dict[str, Any]) -> None:
    """Every line and penny by kind, and what others count in this file."""
    kinds = pd.DataFrame(lines["kinds"])
    kinds["pounds"] = kinds["pence"] / 100
    total = {"rule": "All lines of the file", "lines": kinds["lines"].sum(), "pounds": kinds["pounds"].sum()}
    shown = kinds.loc[kinds["lines"] > 0, ["rule", "lines", "pounds"]]
    shown["rule"] = shown["rule"].str[:1].str.upper() + shown["rule"].str[1:]
    desk.save("lines", pd.concat([shown, pd.DataFrame([total])], ignore_index=True))
    for row in lines["marks"]:
        label = f"{MARKS[row['mark']]} of Online Retail"
        desk.ledger.add(f"segments.retail_{row['mark']}_lines", row["lines"], "count", label=label, **common)
    by_kind = kinds.set_index("kind")
    cancelled = by_kind.loc[[kind for kind in by_kind.index if kind.startswith("cancellation")]]
    named = cancelled.drop("cancellation_no_customer")
    for name, value, unit, label in (
        ("lines", lines["lines"], "count", "Lines of Online Retail"),
        ("total", lines["pence"] / 100, "gbp", "Money of all lines"),
        ("sold", by_kind.loc["sale", "pence"] / 100, "gbp", "Goods sold to known customers"),
        ("refunded", lines["refunded_pence"] / 100, "gbp", "Of these, taken back by matched cancellations"),
        (
            "matched",
            lines["refunded_pence"] / -named["pence"].sum(),
            "share",
            "Money of cancelled goods of known customers that is matched to purchases",
        ),
    ):
        digits = 2 if unit == "gbp" else None
        desk.ledger.add(f"segments.retail_{name}", value, unit, digits=digits, label=label, **common)
    value = (lines["exact_pence"] - lines["pence"]) / 100
    label = "Money lost by rounding each line to a penny"
    desk.ledger.add("segments.retail_rounding", value, "gbp", digits=3, label=label, **common)


def add_segments(desk: Desk, result: dict[str, Any], common: dict[str, Any]) -> None:
    """Named segments: customers, orders, money."""
    table = pd.DataFrame(result["segments"])
    table["rule"] = table["segment"].map(RULES)
    table["pounds_per_customer"] = table["pence_per_customer"] / 100
    desk.save("rfm", table)
    best = table.loc[table["revenue_share"].idxmax()]
    n, of = result["customers"], "Segment of Online Retail that brings most revenue"
    desk.ledger.add("segments.retail_best", best["segment"], n=n, label=of, **common)
    for name, words in (("customer_share", "share of customers"), ("revenue_share", "share of revenue")):
        desk.ledger.add(
            f"segments.retail_best_{name}", best[name], "share", n=n, label=f"{of}: {words}", **common
        )


def add_top(desk: Desk, rows: list[dict[str, Any]], common: dict[str, Any]) -> None:
    """What the best tenth of customers bring, however one counts, against what others claim."""
    for row in rows:
        label = f"Revenue of the best tenth of customers: {COUNTED[row['counted']].lower()}"
        desk.ledger.add(
            f"segments.top_{row['counted']}",
            row["value"],
            "share",
            low=row.get("low"),
            high=row.get("high"),
            method="studentised bootstrap over customers" if "low" in row else None,
            n=row.get("n"),
            label=label,
            **common,
        )
    table = pd.DataFrame(rows)
    table["counted"] = table["counted"].map(COUNTED)
    desk.save("top", table)
    label, source = (
        "Revenue of the best tenth, as portfolios claim it",
        "journey.findings.segments.field:CLAIMED",
    )
    desk.ledger.add(
        "segments.claimed", CLAIMED, "share", digits=0, label=label, source=source, dataset="online_retail"
    )
    reaching = sum(row["value"] >= CLAIMED for row in rows)
    label = "Ways of counting that reach the claimed share"
    desk.ledger.add("segments.reaching_claim", reaching, "count", n=len(rows), label=label, **common)
    holding = sum(row.get("high", row["value"]) >= CLAIMED for row in rows)
    label = "Ways of counting whose interval reaches the claimed share"
    desk.ledger.add("segments.near_claim", holding, "count", n=len(rows), label=label, **common)
    label = "Ways of counting the revenue of the best tenth"
    desk.ledger.add("segments.ways", len(rows), "count", label=label, **common)


def add_row_order(desk: Desk, result: dict[str, int], common: dict[str, Any]) -> None:
    """What fifths by row order do to customers who all have one order."""
    for name, label in (
        ("customers", "Customers by the usual recipe, Online Retail"),
        ("one_order", "Customers with one invoice by the usual recipe"),
        ("scored_1", "Of these, scored 1 by ranks in row order"),
        ("scored_higher", "Of these, scored higher by ranks in row order"),
    ):
        desk.ledger.add(f"segments.usual_{name}", result[name], "count", label=label, **common)


def add_migration(desk: Desk, result: dict[str, Any], common: dict[str, Any]) -> None:
    """Customers by segment in the first and in the second half."""
    names = result["segments"]
    counts = pd.DataFrame(result["counts"], index=names, columns=names)
    # A segment may be empty in a short window: more orders than one are then among the best fifths at once.
    counts = counts.loc[counts.sum(axis=1) > 0, counts.sum(axis=0) > 0]
    long = counts.rename_axis("before").reset_index().melt("before", var_name="after", value_name="customers")
    long["share"] = long["customers"] / long.groupby("before")["customers"].transform("sum")
    desk.save("migration", long)
    for name, value, n, label in (
        (
            "kept",
            result["kept"] / result["in_both"],
            result["in_both"],
            "Customers of both halves with one name",
        ),
        (
            "lost",
            1 - result["in_both"] / result["first_customers"],
            result["first_customers"],
            "Customers of the first half without an order in the second",
        ),
    ):
        desk.ledger.add(f"segments.halves_{name}", value, "share", n=n, label=label, **common)
    stays = counts.loc["Champions", "Champions"] / counts.loc["Champions"].sum()
    n, label = (
        int(counts.loc["Champions"].sum()),
        "Champions of the first half who are Champions in the second",
    )
    desk.ledger.add("segments.champions_stay", stays, "share", n=n, label=label, **common)


def add_months(desk: Desk, result: dict[str, Any], common: dict[str, Any]) -> None:
    """Whether names last when the window moves by a month."""
    n = sum(int(move["in_both"]) for move in result["moves"])
    for name, key, label in (
        ("kept", "kept_share", "Customers who keep their segment when the window moves by a month"),
        ("kept_fixed", "kept_share_fixed_limits", "The same with the limits of the first window"),
        ("idle", "idle_share_of_changed", "Of those whose name changed, nothing in their own orders did"),
    ):
        desk.ledger.add(f"segments.month_{name}", result[key], "share", n=n, label=label, **common)
    for name, value, label in (
        ("window", result["window_days"], "Days of a window"),
        ("days", result["moved_days"], "Days by which it moves"),
    ):
        desk.ledger.add(f"segments.month_{name}", value, "count", label=label, **common)
