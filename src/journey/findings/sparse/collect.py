"""Findings of chapter 06: from "this session buys" to "it buys this item", one procedure on every rung."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.metrics import average_precision_score

from journey.evaluation.ceilings import true_probabilities
from journey.evaluation.pair_oracle import PairOracle, pair_oracle, told_who_returns
from journey.findings.desk import Desk, Row, add_rows, flat
from journey.findings.sparse.curve import add_curve
from journey.findings.sparse.entries import SEED, SOURCE, add_estimate, decimals, figures
from journey.findings.sparse.field import add_field
from journey.findings.sparse.pairs import (
    add_feature_sets,
    add_memory,
    add_origins,
    add_reminder,
    add_top,
)
from journey.findings.sparse.rung import Rung
from journey.findings.sparse.sequence import add_sequence
from journey.inference.estimate import Estimate
from journey.sparse import (
    EVERYTHING,
    PLAIN,
    TARGETS,
    TEST,
    Ground,
    Learned,
    PairShop,
    PositiveRanks,
    Purchase,
    estimates,
    learn,
    load_shop,
    outcomes,
    positive_ranks,
    prepare,
    purchase_log_odds,
)

SETS = {"plain": PLAIN, "everything": EVERYTHING}
ITEM_TARGETS = ("cart", "item", "item_3")
#: pairs without a positive to learn from, of either kind
SAMPLED = 100_000


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    shop = load_shop(desk.warehouse)
    purchase = purchase_log_odds(shop, seed=SEED)
    ground = prepare(shop, purchase.log_odds, ITEM_TARGETS, collaborative=True, seed=SEED, number=SAMPLED)
    oracle = pair_oracle(desk.warehouse, desk.paths.store(desk.store), shop, ground.test.places)
    sets = {name: learn(ground, "item", features, seed=SEED) for name, features in SETS.items()}
    fitted = {
        "cart": learn(ground, "cart", EVERYTHING, seed=SEED),
        "item": sets["everything"],
        "item_3": learn(ground, "item_3", EVERYTHING, seed=SEED),
    }
    rungs = {
        "session": session_rung(desk, shop, purchase, ground),
        "category": category_rung(shop, purchase, oracle),
        **{target: item_rung(ground, oracle, target, fitted[target]) for target in ITEM_TARGETS},
    }
    add_ladder(desk, ground, rungs)
    for key, target, source in (("", "item", "pair_oracle"), ("_3", "item_3", "told_who_returns")):
        desk.ledger.add(
            f"sparse.expected{key}",
            round(float(rungs[target].oracle.sum())),
            "count",
            label=f"Pairs the true chances expect: {TARGETS[target]}",
            source=f"journey.evaluation.pair_oracle:{source}",
        )
    add_feature_sets(desk, ground, sets, rungs["item"])
    add_origins(desk, ground, rungs["item"])
    add_memory(desk, ground, rungs["item"])
    add_top(desk, rungs["item"])
    add_reminder(desk, ground)
    add_curve(desk)
    add_sequence(desk)
    add_field(desk)


def session_rung(desk: Desk, shop: PairShop, purchase: Purchase, ground: Ground) -> Rung:
    """The whole session, by the model whose score every other rung starts from."""
    frame, test, known = shop.frame, ground.test.places, shop.period != TEST
    truth = true_probabilities(desk.warehouse, desk.paths.store(desk.store), frame.decision_id[test])
    return Rung(
        scores=purchase.log_odds[test][:, None],
        baseline=frame.column("orders_before")[test][:, None],
        oracle=truth[:, None],
        happened=frame.label[test][:, None],
        positives=int(frame.label[known].sum()),
        train_precision=float(average_precision_score(frame.label[known], purchase.in_sample)),
    )


def category_rung(shop: PairShop, purchase: Purchase, oracle: PairOracle) -> Rung:
    """Session by category."""
    ground = prepare(shop.by_category(), purchase.log_odds, ("category",), collaborative=False, seed=SEED)
    found = learn(ground, "category", PLAIN, seed=SEED)
    known, test = ground.known, ground.test
    return Rung(
        scores=found.scores,
        baseline=ground.test_margin,
        oracle=oracle.bought_category(shop.items.category),
        happened=outcomes(test.shop, test.places, "category"),
        positives=int(outcomes(known.shop, known.places, "category").sum()),
        train_precision=found.train_precision,
    )


def item_rung(ground: Ground, oracle: PairOracle, target: str, fitted: Learned) -> Rung:
    """Session by item."""
    known, test = ground.known, ground.test
    truth = {
        "cart": oracle.carted,
        "item": oracle.bought,
        "item_3": lambda: told_who_returns(oracle, test.shop, test.places),
    }
    return Rung(
        scores=fitted.scores,
        baseline=ground.test_margin,
        oracle=truth[target](),  # type: ignore[no-untyped-call]
        happened=outcomes(test.shop, test.places, target),
        positives=int(outcomes(known.shop, known.places, target).sum()),
        train_precision=fitted.train_precision,
    )


def add_ladder(desk: Desk, ground: Ground, rungs: dict[str, Rung]) -> None:
    """Every rung: how rare, how well ranked, how far from training and from the oracle."""
    rows: list[dict[str, Any]] = []
    for target, rung in rungs.items():
        ranked = {
            name: positive_ranks(scores, rung.happened, ground.user)
            for name, scores in (("model", rung.scores), ("baseline", rung.baseline), ("oracle", rung.oracle))
        }
        found = estimates([ranked], measures_of(ranked), seed=SEED)
        row: dict[str, Any] = {
            "target": target,
            "name": TARGETS[target],
            "pairs": rung.happened.size,
            "train_positives": rung.positives,
            "test_positives": int(rung.happened.sum()),
            "base_rate": float(rung.happened.mean()),
            "train_precision": rung.train_precision,
        }
        rows.append(row | flat(found))
        add_rung(desk, target, row, found)
    desk.save("ladder", pd.DataFrame(rows))
    clear = sum(row["gain_low"] > 0 for row in rows)
    counts = (
        ("rungs", len(rows), "count", "Targets of the ladder"),
        ("rungs_clear", clear, "count", "Targets with a gain clear of zero"),
    )
    add_rows(desk, counts, source=f"{SOURCE}:add_ladder")


def measures_of(ranked: dict[str, PositiveRanks]) -> dict[str, Any]:
    """Average precision, lift and gain over the baseline of every ranking."""
    measures: dict[str, Any] = {}
    for name in ranked:
        measures[f"{name}_precision"] = lambda draw, name=name: draw[name]
        measures[f"{name}_lift"] = lambda draw, name=name: draw[name] / draw["base_rate"]
    measures["gain"] = lambda draw: draw["model"] - draw["baseline"]
    measures["share"] = lambda draw: (
        (draw["model"] - draw["base_rate"]) / (draw["oracle"] - draw["base_rate"])
    )
    return measures


def add_rung(desk: Desk, target: str, row: dict[str, Any], found: dict[str, Estimate]) -> None:
    """Register one rung."""
    name, base, pairs = TARGETS[target], row["base_rate"], row["pairs"]
    rare = {"digits": decimals(base), "n": pairs}
    rows: tuple[Row, ...] = (
        ("pairs", pairs, "count", "Test pairs"),
        ("train_positives", row["train_positives"], "count", "Positives before the test period"),
        ("test_positives", row["test_positives"], "count", "Positives in the test period"),
        ("base_rate", base, "share", "Base rate", rare),
        ("one_in", round(1 / base), "count", "Test pairs for each one that comes true"),
    )
    named = [
        (f"{target}_{key}", value, unit, f"{label}: {name}", *own) for key, value, unit, label, *own in rows
    ]
    add_rows(desk, named, source="journey.sparse.targets:outcomes")
    for key, each in found.items():
        what, measure = key.rsplit("_", 1) if "_" in key else ("model", key)
        short = {"precision": "pr_auc", "lift": "lift", "gain": "gain", "share": "of_oracle"}[measure]
        forms = {"lift": ("ratio", 0), "of_oracle": ("share", 0)}
        form = forms.get(short, ("ratio", figures(each.value)))
        id = f"{target}_{short}" if what == "model" else f"{target}_{what}_{short}"
        add_estimate(desk, id, each, form, pairs, f"{short} of the {what}: {name}")
