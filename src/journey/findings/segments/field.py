"""The field part of chapter 04: customers of Online Retail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from journey.customers.rfm import RULES
from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
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
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    rows = [
        (f"retail_{name}", result[name], "count", label)
        for name, label in (
            ("customers", "Customers of Online Retail with goods left after cancellations"),
            ("orders", "Days on which a customer of Online Retail bought"),
            ("one_order", "Customers of Online Retail with one order"),
        )
    ]
    for name, value in result["period"].items():
        label = f"{name.capitalize()} day with an order, Online Retail"
        rows.append((f"retail_{name}", f"{pd.Timestamp(value):%-d %B %Y}", "text", label))
    add(desk, rows)
    add_lines(desk, result["lines"])
    add_segments(desk, result)
    add_top(desk, result["top"])
    add_row_order(desk, result["row_order"])
    add_migration(desk, result["migration"])
    add_months(desk, result["months"])


def add(desk: Desk, rows: Iterable[Row], **common: Any) -> None:
    """Register numbers of the field part."""
    add_rows(desk, rows, dataset="online_retail", **{"source": f"{SOURCE}:retail_segments"} | common)


def add_lines(desk: Desk, lines: dict[str, Any]) -> None:
    """Every line and penny by kind, and what others count in this file."""
    kinds = pd.DataFrame(lines["kinds"])
    kinds["pounds"] = kinds["pence"] / 100
    total = {"rule": "All lines of the file", "lines": kinds["lines"].sum(), "pounds": kinds["pounds"].sum()}
    shown = kinds.loc[kinds["lines"] > 0, ["rule", "lines", "pounds"]]
    shown["rule"] = shown["rule"].str[:1].str.upper() + shown["rule"].str[1:]
    desk.save("lines", pd.concat([shown, pd.DataFrame([total])], ignore_index=True))
    rows: list[Row] = [
        (f"retail_{row['mark']}_lines", row["lines"], "count", f"{MARKS[row['mark']]} of Online Retail")
        for row in lines["marks"]
    ]
    by_kind = kinds.set_index("kind")
    cancelled = by_kind.loc[[kind for kind in by_kind.index if kind.startswith("cancellation")]]
    named = cancelled.drop("cancellation_no_customer")
    lost, matched = lines["exact_pence"] - lines["pence"], lines["refunded_pence"] / -named["pence"].sum()
    share = "Money of cancelled goods of known customers that is matched to purchases"
    rows += [("retail_lines", lines["lines"], "count", "Lines of Online Retail")]
    rows += [("retail_matched", matched, "share", share)]
    rows += [
        (f"retail_{name}", pence / 100, "gbp", label, {"digits": digits})
        for name, pence, digits, label in (
            ("total", lines["pence"], 2, "Money of all lines"),
            ("sold", by_kind.loc["sale", "pence"], 2, "Goods sold to known customers"),
            ("refunded", lines["refunded_pence"], 2, "Of these, taken back by matched cancellations"),
            ("rounding", lost, 3, "Money lost by rounding each line to a penny"),
        )
    ]
    add(desk, rows)


def add_segments(desk: Desk, result: dict[str, Any]) -> None:
    """Named segments: customers, orders, money."""
    table = pd.DataFrame(result["segments"])
    table["rule"] = table["segment"].map(RULES)
    table["pounds_per_customer"] = table["pence_per_customer"] / 100
    desk.save("rfm", table)
    best = table.loc[table["revenue_share"].idxmax()]
    of = "Segment of Online Retail that brings most revenue"
    rows = (
        ("retail_best", best["segment"], "text", of),
        ("retail_best_customer_share", best["customer_share"], "share", f"{of}: share of customers"),
        ("retail_best_revenue_share", best["revenue_share"], "share", f"{of}: share of revenue"),
    )
    add(desk, rows, n=result["customers"])


def add_top(desk: Desk, rows: list[dict[str, Any]]) -> None:
    """What the best tenth of customers bring, however one counts, against what others claim."""
    numbers: list[Row] = []
    for row in rows:
        label = f"Revenue of the best tenth of customers: {COUNTED[row['counted']].lower()}"
        value = row["value"]
        if "low" in row:
            value = Estimate(value, row["low"], row["high"], method="studentised bootstrap over customers")
        numbers.append((f"top_{row['counted']}", value, "share", label, {"n": row.get("n")}))
    table = pd.DataFrame(rows)
    table["counted"] = table["counted"].map(COUNTED)
    desk.save("top", table)
    claim = {"digits": 0, "source": "journey.findings.segments.field:CLAIMED"}
    reaching = sum(row["value"] >= CLAIMED for row in rows)
    holding, n = sum(row.get("high", row["value"]) >= CLAIMED for row in rows), {"n": len(rows)}
    numbers += [
        ("claimed", CLAIMED, "share", "Revenue of the best tenth, as portfolios claim it", claim),
        ("reaching_claim", reaching, "count", "Ways of counting that reach the claimed share", n),
        ("near_claim", holding, "count", "Ways of counting whose interval reaches the claimed share", n),
        ("ways", len(rows), "count", "Ways of counting the revenue of the best tenth"),
    ]
    add(desk, numbers)


def add_row_order(desk: Desk, result: dict[str, int]) -> None:
    """What fifths by row order do to customers who all have one order."""
    labels = {
        "customers": "Customers by the usual recipe, Online Retail",
        "one_order": "Customers with one invoice by the usual recipe",
        "scored_1": "Of these, scored 1 by ranks in row order",
        "scored_higher": "Of these, scored higher by ranks in row order",
    }
    add(desk, [(f"usual_{name}", result[name], "count", label) for name, label in labels.items()])


def add_migration(desk: Desk, result: dict[str, Any]) -> None:
    """Customers by segment in the first and in the second half."""
    names = result["segments"]
    counts = pd.DataFrame(result["counts"], index=names, columns=names)
    # A segment may be empty in a short window: more orders than one are then among the best fifths at once.
    counts = counts.loc[counts.sum(axis=1) > 0, counts.sum(axis=0) > 0]
    long = counts.rename_axis("before").reset_index().melt("before", var_name="after", value_name="customers")
    long["share"] = long["customers"] / long.groupby("before")["customers"].transform("sum")
    desk.save("migration", long)
    both, first, champions = result["in_both"], result["first_customers"], counts.loc["Champions"]
    lost = "Customers of the first half without an order in the second"
    stay = "Champions of the first half who are Champions in the second"
    stays, of = champions["Champions"] / champions.sum(), {"n": champions.sum()}
    rows: tuple[Row, ...] = (
        (
            "halves_kept",
            result["kept"] / both,
            "share",
            "Customers of both halves with one name",
            {"n": both},
        ),
        ("halves_lost", 1 - both / first, "share", lost, {"n": first}),
        ("champions_stay", stays, "share", stay, of),
    )
    add(desk, rows)


def add_months(desk: Desk, result: dict[str, Any]) -> None:
    """Whether names last when the window moves by a month."""
    n = sum(int(move["in_both"]) for move in result["moves"])
    idle = "Of those whose name changed, nothing in their own orders did"
    rows = (
        ("kept", "kept_share", "share", "Customers who keep their segment when the window moves by a month"),
        ("kept_fixed", "kept_share_fixed_limits", "share", "The same with the limits of the first window"),
        ("idle", "idle_share_of_changed", "share", idle),
        ("window", "window_days", "count", "Days of a window"),
        ("days", "moved_days", "count", "Days by which it moves"),
    )
    for name, key, unit, label in rows:
        add(desk, [(f"month_{name}", result[key], unit, label)], n=n if unit == "share" else None)
