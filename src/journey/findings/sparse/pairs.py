"""Findings of chapter 06 on the item target: features, where purchases come from, a tree that memorises."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.findings.desk import Desk
from journey.findings.sparse.entries import METHOD, SEED, SET_NAME, add_estimate, decimals
from journey.findings.sparse.rung import Rung
from journey.inference.intervals import wilson_estimate
from journey.metrics.bootstrap import bootstrap_totals
from journey.sparse import Ground, Learned, estimates, memorise, outcomes, positive_ranks
from journey.sparse.history import NEVER
from journey.warehouse.query import query

SOURCE = "journey.findings.sparse.pairs"
TOP = 100


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
    shape = rung.happened.shape
    origin = np.full(shape, 2, dtype=np.int8)
    origin[past.row, past.item] = np.where(past.days_left < NEVER, 0, 1)
    rows = []
    total = int(rung.happened.sum())
    for code, key, name in (
        (0, "left", "Left in a cart"),
        (1, "touched", "Seen or bought"),
        (2, "new", "Never touched"),
    ):
        mine = origin == code
        pairs, bought = int(mine.sum()), int(rung.happened[mine].sum())
        rate = wilson_estimate(bought, pairs)
        rows.append(
            {
                "origin": name,
                "pairs": pairs,
                "positives": bought,
                "share": bought / total,
                "rate": rate.value,
                "low": rate.low,
                "high": rate.high,
            }
        )
        label = f"Test pairs: {key.replace('_', ' ')}"
        desk.ledger.add(f"sparse.{key}_pairs", pairs, "count", label=label, source=f"{SOURCE}:add_origins")
        desk.ledger.add(
            f"sparse.{key}_share",
            bought / total,
            "share",
            digits=0,
            n=total,
            label=f"Share of purchased pairs: {name}",
            source=f"{SOURCE}:add_origins",
        )
        desk.ledger.add(
            f"sparse.{key}_rate",
            rate,
            "share",
            digits=decimals(rate.value),
            label=f"Pairs that are bought: {name}",
            source=f"{SOURCE}:add_origins",
        )
    desk.save("origins", pd.DataFrame(rows))


def add_memory(desk: Desk, ground: Ground, rung: Rung) -> None:
    """A tree that learns every row by heart, beside the model."""
    sample = ground.sample
    known = ground.known
    outcome = outcomes(known.shop, known.places, "item")[sample.row, sample.item]
    train, scores = memorise(known, sample, outcome, ground.test, seed=SEED)
    ranked = {"memory": positive_ranks(scores, rung.happened, ground.user)}
    found = estimates(
        [ranked],
        {
            "lift": lambda draw: draw["memory"] / draw["base_rate"],
        },
        seed=SEED,
    )
    desk.ledger.add(
        "sparse.memory_train_pr_auc",
        train,
        digits=3,
        label="PR-AUC of the memorising tree on the rows it learned from",
        source="journey.sparse.memory:memorise",
    )
    pairs = rung.happened.size
    add_estimate(desk, "memory_lift", found["lift"], ("ratio", 1), pairs, "Tree that memorises, lift")


def add_top(desk: Desk, rung: Rung) -> None:
    """How many of the pairs with the highest scores come true."""
    for name, scores in (("model", rung.scores), ("oracle", rung.oracle)):
        best = np.argsort(-scores.ravel(), kind="stable")[:TOP]
        hits = int(rung.happened.ravel()[best].sum())
        desk.ledger.add(
            f"sparse.top_{name}",
            wilson_estimate(hits, TOP),
            "share",
            digits=0,
            label=f"Bought among the {TOP} pairs with the highest scores, {name}",
            source=f"{SOURCE}:add_top",
        )
    desk.ledger.add("sparse.top", TOP, "count", label="Likeliest pairs looked at", source=f"{SOURCE}:add_top")


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
    drawn = bootstrap_totals({"paid": users}, seed=SEED)
    desk.ledger.add(
        "sparse.reminder_margin",
        drawn.estimate(lambda totals: margin * totals["paid"]),
        "eur",
        digits=0,
        n=len(users),
        method=METHOD,
        label="Gross margin on items bought after being left in a cart, test",
        source=f"{SOURCE}:add_reminder",
    )
