"""Audit of a data set before modelling: is the target a formula, and does anything else predict it?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from journey.inference.labels import checked_labels
from journey.models.discrimination import RocAuc, roc_auc
from journey.models.permutation import encode, out_of_fold, permutation_test

#: Columns with one value a row (ids, free text, near-unique places) cannot generalise and are left out.
FEATURES = (
    "category",
    "price",
    "discount_applied",
    "payment_method",
    "pages_visited",
    "time_spent",
    "rating",
    "sentiment_score",
    "age",
    "gender",
    "income_level",
)
UNIFORM = ("price", "discount_applied", "time_spent")


def audit_consumer_behavior(frame: pd.DataFrame, *, shuffles: int = 200, seed: int = 42) -> dict[str, Any]:
    """Audit the Kaggle set `consumer_behavior`.

    Parameters
    ----------
    frame
        Its 5,000 rows, as `journey.stores.datasets.load_consumer_behavior` gives them.
    shuffles
        Relabellings of the permutation test.

    Returns
    -------
    dict
        Rows, purchases, rows that break the rule `purchase = add_to_cart AND NOT abandoned_cart`, the
        out-of-fold area under the curve (5 stratified folds) of a careless analysis with every column,
        without `abandoned_cart`, and without both cart columns; the permutation test of the last; and
        Kolmogorov-Smirnov tests of uniform draws.
    """
    outcome, cart, abandoned = (
        checked_labels(frame[name], name) for name in ("purchase_decision", "add_to_cart", "abandoned_cart")
    )
    when = pd.to_datetime(frame["purchase_date"])
    rest = frame[list(FEATURES)].assign(
        hour=when.dt.hour, weekday=when.dt.day_of_week, words=frame["review_text"].str.split().str.len()
    )

    def area(extra: list[str]) -> RocAuc:
        features = encode(pd.concat([rest, frame[extra]], axis=1))
        return roc_auc(outcome, out_of_fold(features, outcome, folds=5, seed=seed))

    test = permutation_test(encode(rest), outcome, shuffles=shuffles, seed=seed)
    areas = {
        "all_columns": area(["add_to_cart", "abandoned_cart"]),
        "without_abandoned": area(["add_to_cart"]),
        "without_cart_columns": test.observed,
    }
    uniform = {}
    for column in UNIFORM:
        values = frame[column].to_numpy(dtype=float)
        low, high = values.min(), values.max()
        uniform[column] = float(stats.kstest(values, "uniform", args=(low, high - low)).pvalue)
    return {
        "rows": len(frame),
        "purchases": int(outcome.sum()),
        "rule_broken": int((outcome != (cart & ~abandoned)).sum()),
        "features_tested": rest.shape[1],
        "areas": {
            name: {"value": auc.value, "low": auc.low, "high": auc.high} for name, auc in areas.items()
        },
        "permutation": {
            "p_value": test.p_value,
            "shuffles": shuffles,
            "shuffled": [round(float(value), 6) for value in np.sort(test.shuffled)],
        },
        "uniform_p": uniform,
    }
