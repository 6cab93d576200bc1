"""Findings of chapter 06 on the item target: features, where purchases come from, a tree that memorises."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.findings.sparse.entries import METHOD, SEED, SET_NAME, add_estimate, decimals
from journey.findings.sparse.rung import Rung
from journey.inference.intervals import wilson_estimate
from journey.metrics.bootstrap import bootstrap_totals
from journey.sparse import Ground, Learned, estimates, memorise, outcomes, positive_ranks
from journey.sparse.history import NEVER
from journey.warehouse.query import query

SOURCE = "journey.findings.sparse.pairs"
TOP = 100
#: Where a purchased item comes from.
ORIGINS = {"left": "Left in a cart", "touched": "Seen or bought", "new": "Never touched"}


def add_feature_sets(desk: Desk, ground: Ground, fitted: dict[str, Learned], rung: Rung) -> None:
    """The item target with more to go by, on all pairs and on items new to the user."""
    for part, counted in (("all", None), ("untouched", ground.untouched())):
        ranked = {
            name: positive_ranks(each.scores, rung.happened, ground.user, counted)
            for name, each in fitted.items()
        }
        measures = {"over_plain": lambda draw: draw["everything"] / draw["plain"] - 1}
        change = estimates([ranked], measures, seed=SEED)["over_plain"]
        label = f"{SET_NAME}: PR-AUC over history" + (", new items" if part == "untouched" else "")
        add_estimate(desk, f"{part}_everything_over_plain", change, ("share", 0), rung.happened.size, label)


def add_origins(desk: Desk, ground: Ground, rung: Rung) -> None:
    """Where purchases come from: items left in a cart, touched before, or new to the user."""
    past = ground.test.past
    origin = np.full(rung.happened.shape, 2, dtype=np.int8)
    origin[past.row, past.item] = np.where(past.days_left < NEVER, 0, 1)
    table, rows = [], []
    total = int(rung.happened.sum())
    for code, (key, name) in enumerate(ORIGINS.items()):
        mine = origin == code
        pairs, bought = int(mine.sum()), int(rung.happened[mine].sum())
        rate, share = wilson_estimate(bought, pairs), bought / total
        row = {"origin": name, "pairs": pairs, "positives": bought, "share": share}
        table.append(row | {"rate": rate.value, "low": rate.low, "high": rate.high})
        of_all, digits = {"digits": 0, "n": total}, {"digits": decimals(rate.value)}
        rows += [
            (f"{key}_pairs", pairs, "count", f"Test pairs: {key}"),
            (f"{key}_share", share, "share", f"Share of purchased pairs: {name}", of_all),
            (f"{key}_rate", rate, "share", f"Pairs that are bought: {name}", digits),
        ]
    add_rows(desk, rows, source=f"{SOURCE}:add_origins")
    desk.save("origins", pd.DataFrame(table))


def add_memory(desk: Desk, ground: Ground, rung: Rung) -> None:
    """A tree that learns every row by heart, beside the model."""
    sample, known = ground.sample, ground.known
    outcome = outcomes(known.shop, known.places, "item")[sample.row, sample.item]
    train, scores = memorise(known, sample, outcome, ground.test, seed=SEED)
    ranked = {"memory": positive_ranks(scores, rung.happened, ground.user)}
    lift = {"lift": lambda draw: draw["memory"] / draw["base_rate"]}
    found = estimates([ranked], lift, seed=SEED)["lift"]
    label = "PR-AUC of the memorising tree on the rows it learned from"
    learned = ("memory_train_pr_auc", train, "ratio", label)
    add_rows(desk, [learned], digits=3, source="journey.sparse.memory:memorise")
    add_estimate(desk, "memory_lift", found, ("ratio", 1), rung.happened.size, "Tree that memorises, lift")


def add_top(desk: Desk, rung: Rung) -> None:
    """How many of the pairs with the highest scores come true."""
    rows: list[Row] = [("top", TOP, "count", "Likeliest pairs looked at")]
    for name, scores in (("model", rung.scores), ("oracle", rung.oracle)):
        best = np.argsort(-scores.ravel(), kind="stable")[:TOP]
        hits = wilson_estimate(int(rung.happened.ravel()[best].sum()), TOP)
        label = f"Bought among the {TOP} pairs with the highest scores, {name}"
        rows.append((f"top_{name}", hits, "share", label, {"digits": 0}))
    add_rows(desk, rows, source=f"{SOURCE}:add_top")


def add_reminder(desk: Desk, ground: Ground) -> None:
    """Margin on items that were bought after having been left in a cart: a reminder cannot have made more."""
    past, shop = ground.test.past, ground.test.shop
    left = past.days_left < NEVER
    places = ground.test.places[past.row[left]]
    paid = query("paid_by_session_and_item", desk.warehouse)
    wanted = pd.DataFrame(
        {"session_id": shop.frame.session_id[places], "item_id": shop.items.item_id[past.item[left]]}
    )
    found = wanted.merge(paid, on=["session_id", "item_id"], how="left")["paid"].fillna(0.0).to_numpy()
    users = np.bincount(ground.user[past.row[left]], found, int(ground.user.max()) + 1)
    margin = desk.assumptions["shop.gross_margin"]
    drawn = bootstrap_totals({"paid": users}, seed=SEED).estimate(lambda totals: margin * totals["paid"])
    label = "Gross margin on items bought after being left in a cart, test"
    row = ("reminder_margin", drawn, "eur", label)
    add_rows(desk, [row], digits=0, n=len(users), method=METHOD, source=f"{SOURCE}:add_reminder")
