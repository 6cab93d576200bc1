"""Online Retail: who buys nothing in the next 90 days, by model, by treatment of unequal classes, by rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.customers.buying import fit_buying
from journey.customers.churn import KINDS, WAYS, AtRisk, at_risk, fit_churn, snapshots
from journey.customers.history import FEATURES, known_at, learning_days
from journey.customers.offers import targets
from journey.customers.summary import summarise
from journey.inference.arrays import Flags, Floats
from journey.models.linear import fit_linear
from journey.models.ranked import rank_outcomes
from journey.models.scores import compare, measure
from journey.studies.customer_value.cdnow import interval
from journey.studies.customer_value.invoices import HORIZON, HORIZONS, Invoices, date_of
from journey.studies.customer_value.watch import stack, watch_leaving

SEED, REPLICATES = 0, 400
#: Thresholds at which a rule's reach is counted.
GRID = np.round(np.arange(0.0, 1.0001, 0.01), 2)
MEASURES = ("roc_auc", "pr_auc", "brier")


def describe_retail_churn(raw: pd.DataFrame) -> dict[str, Any]:
    """Models of leaving at three horizons, rules without a model, easy ways to a high score, and the watch.

    Parameters
    ----------
    raw
        Lines as `load_online_retail` gives them, or another year with the same columns.
    """
    shop = Invoices(raw)
    return {
        "horizons": {str(days): one_horizon(shop, days) for days in HORIZONS},
        "easy": easy_scores(shop),
        "watch": watch_leaving(shop.everything, shop.first, shop.last),
    }


def one_horizon(shop: Invoices, horizon: int) -> dict[str, Any]:
    """Train on earlier days, score the customers at risk at the cut."""
    cut = shop.cut(horizon)
    known = shop.known(cut)
    learning = learning_days(shop.first, cut, horizon)
    train = snapshots(shop.known, known, learning, horizon)
    test = at_risk(known_at(known, cut, within=horizon), shop.everything, horizon)
    scores = {
        f"{kind}, {way}": fit_churn(train, kind, way, seed=SEED)(test.matrix)
        for kind in KINDS
        for way in WAYS
    }
    rules, name, reason = rules_without_model(known, cut, horizon, test)
    rows = [{"score": label, **judged_leaving(test, p)} for label, p in scores.items()]
    quiet = {"score": "quiet", **judged_leaving(test, rules["quiet"])}
    plain = scores["logistic, none"]
    return {
        "cut": date_of(cut),
        "learning_days": [date_of(day) for day in learning],
        "train": len(train),
        "train_base": float(train.left.mean()),
        "test": len(test),
        "test_base": float(test.left.mean()),
        "mean_spend_of_stayers": float(test.money[~test.left].mean()),
        "rows": [*rows, quiet],
        "rule_model": name,
        "rule_reason": reason,
        "alive_below_half": int((rules["gone"] > 0.5).sum()),
        "silence_roc_auc": area(test.left, rules["silence"]),
        "against_silence": interval(compare(test.left, plain, rules["silence"], seed=SEED)["roc_auc"]),
        "ways_differ": {
            way: interval(compare(test.left, scores[f"logistic, {way}"], plain, seed=SEED)["roc_auc"])
            for way in WAYS
            if way != "none"
        },
        "reach": {
            label: reach(test.left, p)
            for label, p in (*scores.items(), ("quiet", rules["quiet"]), ("gone", rules["gone"]))
        },
        "only": {
            "model": reach(test.left, scores["logistic, none"], but=rules["quiet"]),
            "quiet": reach(test.left, rules["quiet"], but=scores["logistic, none"]),
        },
    }


def rules_without_model(
    known: Any, cut: int, horizon: int, test: AtRisk
) -> tuple[dict[str, Floats], str, str]:
    """Scores that learn nothing from who left before: silence, a model of buying, and its P(alive)."""
    summary = summarise(known, cut)
    chosen = fit_buying(summary, "Pareto/NBD")
    rows = np.searchsorted(summary.customer, test.customer)
    model: Any = chosen.model
    return (
        {
            "silence": test.matrix[:, FEATURES.index("days_since_last")],
            "quiet": model.quiet(summary, horizon)[rows],
            "gone": 1 - model.alive(summary)[rows],
        },
        chosen.name,
        chosen.reason,
    )


def judged_leaving(test: AtRisk, p: Floats) -> dict[str, Any]:
    """Ranking, calibration, accuracy at one half, and the mean prediction."""
    scores = measure(test.left, p, replicates=REPLICATES, seed=SEED)
    right = float(((p >= 0.5) == test.left).mean())
    beside = {"calibration_error": scores.calibration_error, "accuracy": right, "mean": float(p.mean())}
    return {**estimates_of(scores), **beside}


def estimates_of(scores: Any) -> dict[str, dict[str, float]]:
    """The measures shown, as value, low and high."""
    return {name: interval(getattr(scores, name)) for name in MEASURES}


def reach(left: Flags, p: Floats, but: Floats | None = None) -> dict[str, list[int]]:
    """Customers, and leavers among them, at or above each threshold of the grid; `but` is below it."""
    found = targets(left, p, GRID, but)
    return {"chosen": found.chosen.tolist(), "leavers": found.leavers.tolist()}


def area(left: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve."""
    ranked = rank_outcomes(left, score)
    return float(ranked.profile(ranked.ones())["roc_auc"][0])


def easy_scores(shop: Invoices) -> dict[str, Any]:
    """Two ways to a high score that tell nothing: count the long gone, or define leaving by a feature.

    Returns
    -------
    dict
        `everyone`: all customers ever, so that most leavers left long ago. `circular`: who has been silent
        for 90 days *at the end* is called gone, and that silence is a feature; rows are split at random.
    """
    cut = shop.cut()
    known = shop.known(cut)
    learning = learning_days(shop.first, cut, HORIZON)
    train = stack([at_risk(known_at(shop.known(day), day), known, HORIZON) for day in learning])
    everyone = at_risk(known_at(known, cut), shop.everything, HORIZON)
    p = fit_churn(train, "logistic", "none", seed=SEED)(everyone.matrix)
    return {
        "everyone": {
            "customers": len(everyone),
            "base": float(everyone.left.mean()),
            **judged_leaving(everyone, p),
        },
        "circular": circular(shop),
    }


def circular(shop: Invoices) -> dict[str, Any]:
    """Predict silence from itself."""
    now = known_at(shop.everything, shop.last)
    gone = now.column("days_since_last") >= HORIZON
    held = np.random.default_rng(SEED).random(len(gone)) < 0.2
    model = fit_linear(now.matrix[~held], gone[~held], FEATURES, strength=1.0)
    p = model.predict(now.matrix[held])
    return {
        "customers": int(held.sum()),
        "base": float(gone[held].mean()),
        "roc_auc": area(gone[held], p),
        "accuracy": float(((p >= 0.5) == gone[held]).mean()),
    }
