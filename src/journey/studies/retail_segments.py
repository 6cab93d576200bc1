"""Customers of Online Retail: named segments, who brings the revenue, and how long a name lasts.

Everything is read off the lines, so another year of the same shop goes through unchanged: halves and windows
are parts of its own span of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from journey.customers.concentration import TopShare, top_share
from journey.customers.rfm import GONE, SEGMENTS, History, fifths, migration, name_customers, order_history
from journey.errors import JourneyError
from journey.stores.online_retail import customer_orders, known_at, load_invoices, reconcile

#: days that a window moves, and the part of the span that it covers
MONTH, WINDOW = 30, 2 / 3
SHARE, SEED = 0.1, 4


def retail_segments(raw: pd.DataFrame) -> dict[str, Any]:
    """Segment the customers of a year of invoices.

    Parameters
    ----------
    raw
        Lines as `load_online_retail` gives them, or another year of them.

    Raises
    ------
    JourneyError
        When a line is not as `load_invoices` wants it, or the lines span too few days for a window to move.
    """
    lines = load_invoices(raw)
    counted = reconcile(lines)
    orders = customer_orders(lines)
    first, end = orders["day"].min(), orders["day"].max() + pd.Timedelta(days=1)
    history = order_history(orders, first, end)
    names = name_customers(history)
    return {
        "lines": {
            "kinds": counted.kinds.to_dict("records"),
            "marks": counted.marks.to_dict("records"),
            "lines": counted.lines,
            "pence": counted.pence,
            "exact_pence": counted.exact_pence,
            "refunded_pence": counted.refunded_pence,
        },
        "period": {"first": f"{first:%Y-%m-%d}", "last": f"{orders['day'].max():%Y-%m-%d}"},
        "customers": len(history.customer),
        "orders": len(orders),
        "one_order": int((history.orders == 1).sum()),
        "segments": described(history, names).to_dict("records"),
        "top": top_shares(lines, orders, first, end),
        "row_order": row_order(lines),
        "migration": between_halves(lines, first, end),
        "months": moved_windows(lines, first, end),
    }


def described(history: History, names: np.ndarray) -> pd.DataFrame:
    """One row a segment that has customers: how many, what they bought, and their share of the money."""
    table = pd.DataFrame(
        {"segment": names, "days": history.days_since, "orders": history.orders, "money": history.money}
    ).groupby("segment")
    result = pd.DataFrame(
        {
            "customers": table.size(),
            "median_days_since": table["days"].median(),
            "mean_orders": table["orders"].mean(),
            "pence_per_customer": table["money"].mean(),
            "revenue_share": table["money"].sum() / history.money.sum(),
        }
    )
    result["customer_share"] = result["customers"] / result["customers"].sum()
    return result.reindex([name for name in SEGMENTS if name in result.index]).reset_index()


def top_shares(
    lines: pd.DataFrame, orders: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp
) -> list[dict[str, Any]]:
    """Share of the best tenth of customers, as one may count it."""
    middle = halfway(first, end)
    usual = lines[(lines["quantity"] > 0) & (lines["price"] > 0) & lines["customer"].notna()]
    # The file as it stands: cancellations off where they are booked, whatever they cancel; postage in.
    booked = lines[lines["customer"].notna()].groupby("customer")["pence"].sum()
    net = order_history(orders, first, end).money
    whole = top_share(net, share=SHARE, seed=SEED)
    goods = lines[lines["kind"].isin(["sale_no_customer", "cancellation_no_customer"])]["pence"].sum()
    known = whole.value * net.sum() / (net.sum() + goods)
    found = {
        "net": whole,
        "before_cancellations": top_share(usual.groupby("customer")["pence"].sum(), share=SHARE, seed=SEED),
        "as_booked": top_share(booked[booked > 0], share=SHARE, seed=SEED),
        "first_half": top_share(order_history(orders, first, middle).money, share=SHARE, seed=SEED),
        "second_half": top_share(order_history(orders, middle, end).money, share=SHARE, seed=SEED),
    }
    rows = [{"counted": name, **_numbers(each)} for name, each in found.items()]
    return [*rows, {"counted": "of_all_goods", "value": float(known), "customers": whole.customers}]


def _numbers(top: TopShare) -> dict[str, Any]:
    return {
        "value": top.value,
        "low": top.low,
        "high": top.high,
        "customers": top.customers,
        "n": top.n,
    }


def row_order(lines: pd.DataFrame) -> dict[str, int]:
    """The usual recipe, fifths of ranks by row order: how it scores customers who all have one order.

    Orders are invoices here, cancellations and lines without a customer left out, as the recipe counts them.
    """
    usual = lines[(lines["quantity"] > 0) & (lines["price"] > 0) & lines["customer"].notna()]
    invoices = usual.groupby("customer")["invoice"].nunique()
    once = (invoices == 1).to_numpy()
    by_row = pd.qcut(invoices.rank(method="first"), 5, labels=False).to_numpy() + 1
    fair = fifths(invoices.to_numpy())
    return {
        "customers": len(invoices),
        "one_order": int(once.sum()),
        "scored_1": int((by_row[once] == 1).sum()),
        "scored_higher": int((by_row[once] > 1).sum()),
        "scores_when_equal": len(np.unique(fair[once])),
    }


def between_halves(lines: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp) -> dict[str, Any]:
    """Segments in the first half of the days, as known at its end, against those in the second."""
    middle = halfway(first, end)
    before = order_history(customer_orders(known_at(lines, middle.to_datetime64())), first, middle)
    after = order_history(customer_orders(lines), middle, end)
    table = migration(before, name_customers(before), after, name_customers(after))
    named = table.loc[list(SEGMENTS), list(SEGMENTS)].to_numpy()
    return {
        "middle": f"{middle:%Y-%m-%d}",
        "segments": [*SEGMENTS, GONE],
        "counts": table.to_numpy().tolist(),
        "first_customers": len(before.customer),
        "second_customers": len(after.customer),
        "in_both": int(named.sum()),
        "kept": int(np.trace(named)),
    }


def moved_windows(lines: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp) -> dict[str, Any]:
    """How many customers keep their segment when a window of two thirds of the days moves by a month.

    Raises
    ------
    JourneyError
        When the days are too few to move the window by a month.
    """
    span = (end - first).days
    length = int(span * WINDOW)
    moves = (span - length) // MONTH
    if moves < 1:
        raise JourneyError(f"{span} days of orders are too few to move a window by {MONTH} days; give a year")
    window = pd.Timedelta(days=length)
    ends = [end - pd.Timedelta(days=MONTH * back) for back in range(moves, -1, -1)]
    views = [_view(lines, each - window, each) for each in ends]
    rows = [_move(*pair, views[0].history) for pair in pairwise(views)]
    both, kept = sum(row["in_both"] for row in rows), sum(row["kept"] for row in rows)
    return {
        "window_days": length,
        "moved_days": MONTH,
        "moves": rows,
        "kept_share": kept / both,
        "kept_share_fixed_limits": sum(row["kept_fixed_limits"] for row in rows) / both,
        "idle_share_of_changed": sum(row["changed_idle"] for row in rows) / max(both - kept, 1),
    }


@dataclass(frozen=True)
class _View:
    """A window as known at its end, `end` being the first day after it."""

    history: History
    end: pd.Timestamp

    def table(self, limits: History) -> pd.DataFrame:
        """One row a customer: names by the limits of this window and by fixed ones, and what was bought."""
        mine = self.history
        return pd.DataFrame(
            {
                "segment": name_customers(mine),
                "fixed": name_customers(mine, limits),
                "orders": mine.orders,
                "money": mine.money,
                "last": (self.end - pd.to_timedelta(mine.days_since, unit="D")).to_numpy(),
            },
            index=mine.customer,
        )


def _view(lines: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> _View:
    known = customer_orders(known_at(lines, end.to_datetime64()))
    return _View(order_history(known, start, end), end)


def _move(old: _View, new: _View, limits: History) -> dict[str, Any]:
    then, now = old.table(limits), new.table(limits)
    both = then.index.intersection(now.index)
    equal = then.loc[both].eq(now.loc[both])
    # Nothing came in and nothing fell out: only days passed, and others bought.
    idle = equal[["orders", "money", "last"]].all(axis=1)
    return {
        "end": f"{new.end - pd.Timedelta(days=1):%Y-%m-%d}",
        "in_both": len(both),
        "kept": int(equal["segment"].sum()),
        "kept_fixed_limits": int(equal["fixed"].sum()),
        "changed_idle": int((~equal["segment"] & idle).sum()),
        "left": len(then) - len(both),
        "came": len(now) - len(both),
    }


def halfway(first: pd.Timestamp, end: pd.Timestamp) -> pd.Timestamp:
    """The day that begins the second half."""
    return first + pd.Timedelta(days=(end - first).days // 2)
