"""The attainable ceiling: the same models trained on 30 times the users. Simulated and trained on request.

The larger shop follows the same rules; its first 10,000 users are those of the default shop. Both models are
compared on the default shop's test decisions, and on those of the larger shop, where 30 times the sessions
leave little to chance. Takes about 20 minutes and 8 GB on 2 cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from journey.evaluation.ceilings import Share, share_of_ceiling, true_probabilities
from journey.features import DECISIONS, load_features
from journey.inference.estimate import Estimate
from journey.models.ranked import rank_outcomes
from journey.models.training import split_periods, train_models
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

TIMES, SEED, TRIALS, THREADS = 30, 5, 2, 2
REPLICATES = 100
#: More rows carry deeper trees.
SPACE = {
    "max_depth": (4, 5),
    "min_child_weight": (60.0,),
    "subsample": (0.8,),
    "colsample_bytree": (0.25,),
    "reg_lambda": (10.0,),
}


def attainable(paths: Paths, folder: Path | None = None, *, times: int = TIMES) -> dict[str, Any]:
    """Simulate the larger shop, train on it, and compare with the default shop's models.

    Parameters
    ----------
    paths
        Project whose warehouse holds the default shop.
    folder
        Where the larger shop is kept; what is already there is used again. A temporary folder when omitted.
    times
        Size of the larger shop, in default shops.

    Returns
    -------
    dict
        `times`, `users` and `decisions`. Each decision has the training rows and positives of both, the model
        chosen, `default_roc_auc` of the default shop's model on its own test decisions (another value in a
        later build says that features or models have changed since), `scores` of the default shop's test
        decisions by the larger model (in the order of `load_features`), and the areas under the ROC curve and
        shares of ceilings on the larger shop's test decisions.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return attainable(paths, Path(temporary), times=times)
    users = times * ShopParameters().users
    if not (folder / "store" / "manifest.json").is_file():
        simulate(folder / "store", ShopParameters(users=users))
    if not (folder / "shop.duckdb").is_file():
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql)
    with connect(folder / "shop.duckdb") as large, connect(paths.warehouse("simulated")) as default:
        found = {name: one_decision(large, default, folder / "store", name) for name in DECISIONS}
    return {"times": times, "users": users, "decisions": found}


def one_decision(
    large: duckdb.DuckDBPyConnection, default: duckdb.DuckDBPyConnection, store: Path, decision: str
) -> dict[str, Any]:
    """Train on the larger shop and compare on both shops' test decisions of one kind."""
    small = split_periods(load_features(default, decision))
    big = split_periods(load_features(large, decision))
    trained = train_models(small, seed=SEED)
    ceiling = train_models(big, seed=SEED, trials=TRIALS, learning_rate=0.08, space=SPACE, threads=THREADS)
    test = big.test
    truth = true_probabilities(large, store, test.decision_id)
    reached = trained.predict(test.matrix)[trained.chosen]
    possible = ceiling.predict(test.matrix)[ceiling.chosen]
    compared = {
        "of_attainable": share_of_ceiling(test.label, reached, possible, test.user_id, replicates=REPLICATES),
        "of_oracle": share_of_ceiling(test.label, reached, truth, test.user_id, replicates=REPLICATES),
        "attainable_of_oracle": share_of_ceiling(
            test.label, possible, truth, test.user_id, replicates=REPLICATES
        ),
    }
    scores = ceiling.predict(small.test.matrix)[ceiling.chosen]
    own = rank_outcomes(small.test.label, trained.predict(small.test.matrix)[trained.chosen])
    return {
        "default_roc_auc": round(float(own.profile(own.ones())["roc_auc"][0]), 5),
        "train_rows": len(big.known),
        "train_positives": int(big.known.label.sum()),
        "default_train_positives": int(small.known.label.sum()),
        "test_rows": len(small.test),
        "test_positives": int(small.test.label.sum()),
        "chosen": ceiling.chosen,
        "default_chosen": trained.chosen,
        "scores": " ".join(f"{score:.4g}" for score in scores),
        "large_test_rows": len(test),
        "large_test_positives": int(test.label.sum()),
        "large_test": {name: share_values(each) for name, each in compared.items()},
    }


def share_values(share: Share) -> dict[str, dict[str, float]]:
    """A share and its two areas, rounded, for JSON."""

    def values(estimate: Estimate) -> dict[str, float]:
        return {name: round(getattr(estimate, name), 5) for name in ("value", "low", "high")}

    return {name: values(getattr(share, name)) for name in ("model", "ceiling", "share")}
