"""Recommendations on Online Retail (UCI 352): what customers buy in the last weeks, from all before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.recommend.comparison import compare
from journey.recommend.period import ContactLog, Task, task_at
from journey.recommend.study import Grid, all_scores, choose_settings

VALIDATION, TEST, END = (np.datetime64(day) for day in ("2011-10-01", "2011-11-01", "2011-12-10"))
GRID = Grid(
    weights=((1.0,),),
    shrinkage=(0.0, 10.0, 50.0),
    als=((16, 5.0, 10.0), (24, 5.0, 10.0), (24, 5.0, 30.0)),
    sweeps=5,
)


def purchase_log(lines: pd.DataFrame) -> tuple[ContactLog, dict[str, int]]:
    """One contact a customer, invoice and product; and how many lines each rule drops.

    Dropped in this order: cancellations (invoice C...), lines without a customer, lines with a quantity or a
    price of zero or less, and codes that are no product (postage, samples, fees: a product's code starts with
    five digits).

    Raises
    ------
    JourneyError
        When a column is missing or no line is left.
    """
    columns = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    if missing := [name for name in columns if name not in lines.columns]:
        raise JourneyError(f"Online Retail lacks column {missing[0]} ({len(lines):,} rows); fetch it again")
    code = lines["StockCode"].astype(str).str.upper().str.strip()
    rules = {
        "cancelled": lines["InvoiceNo"].astype(str).str.startswith("C"),
        "no_customer": lines["CustomerID"].isna(),
        "not_positive": (lines["Quantity"] <= 0) | (lines["UnitPrice"] <= 0),
        "no_product": ~code.str.match(r"\d{5}"),
    }
    kept = np.ones(len(lines), dtype=np.bool_)
    dropped = {"lines": len(lines)}
    for name, rule in rules.items():
        out = rule.to_numpy(dtype=np.bool_) & kept
        dropped[name] = int(out.sum())
        kept &= ~out
    if not kept.any():
        raise JourneyError(f"Online Retail has no purchase line left of {len(lines):,}; fetch it again")
    frame = pd.DataFrame(
        {
            "invoice": lines["InvoiceNo"].astype(str),
            "user": lines["CustomerID"],
            "item": code,
            "moment": lines["InvoiceDate"],
        }
    )[kept].drop_duplicates(["invoice", "user", "item"])
    user_ids, user = np.unique(frame["user"].to_numpy(dtype=np.int64), return_inverse=True)
    item_ids, item = np.unique(frame["item"].to_numpy(dtype=np.str_), return_inverse=True)
    log = ContactLog(
        user=user.astype(np.int64),
        item=item.astype(np.int64),
        kind=np.zeros(len(frame), dtype=np.int64),
        moment=frame["moment"].to_numpy(dtype="datetime64[us]"),
        user_ids=user_ids,
        item_ids=item_ids,
    )
    return log, dropped | {"contacts": len(frame)}


def own_frequency(task: Task) -> np.ndarray:
    """How often each user bought each item before, ties by popularity, (rows, items)."""
    strength = task.strength((1.0,))
    popularity = np.asarray(strength.sum(axis=0), dtype=np.float64).ravel()
    own = np.asarray(strength[task.rows].todense(), dtype=np.float64)
    return own + 1e-6 * np.log1p(popularity)


def retail_study(lines: pd.DataFrame) -> dict[str, Any]:
    """Compare the recommenders on Online Retail: products new to the customer, and repeats allowed.

    Settings are chosen for new products and kept when repeats are allowed; there the blend, whose weights
    would be chosen for another task, is left out, and the customer's own frequent products come in.
    """
    log, dropped = purchase_log(lines)
    validation = task_at(log, VALIDATION, TEST, kinds=1, choosing=(0,))
    settings = choose_settings(validation, GRID)
    task = task_at(log, TEST, END, kinds=1, choosing=(0,))
    scores = all_scores(task, settings)
    warm = compare(task, scores, users=task.warm)
    cold = compare(task, {each: scores[each] for each in ("popularity", "recent")}, users=~task.warm)

    again = task_at(log, TEST, END, kinds=1, choosing=(0,), repeats=True)
    scores = all_scores(again, settings)
    del scores["hybrid"]
    scores["bought_before"] = np.where(again.warm[:, None], own_frequency(again), scores["popularity"])
    repeated = compare(again, scores, users=again.warm)
    return {
        "rows": dropped,
        "customers": len(log.user_ids),
        "products": len(log.item_ids),
        "candidates": int(task.candidates.sum()),
        "cold_share": task.cold_choices / task.choices,
        "new": {
            "methods": warm.table.to_dict("records"),
            "differences": warm.differences.to_dict("records"),
            "users": warm.n_users,
            "choices": warm.n_choices,
        },
        "repeats": {
            "methods": repeated.table.to_dict("records"),
            "differences": repeated.differences.to_dict("records"),
            "users": repeated.n_users,
            "choices": repeated.n_choices,
        },
        "cold": {"methods": cold.table.to_dict("records"), "users": cold.n_users},
        "settings": {
            "shrinkage": settings.shrinkage,
            "als": list(settings.als),
            "mix": dict(settings.mix),
            "validation": dict(settings.validation),
        },
    }
