"""LightGBM and CatBoost next to XGBoost on the same rows. On request, kept as evidence.

Each library gets as many seeded trials as XGBoost, early stopping on the validation period, and a refit on
everything before the test period. Raw scores are compared: ranking does not depend on calibration.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.features import DECISIONS, load_features
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.boosting import MOST_ROUNDS, PATIENCE, fit_boosting, search_boosting
from journey.models.scores import compare, log_loss, measure
from journey.models.training import Periods, split_periods
from journey.paths import Paths
from journey.warehouse.connect import connect

METRICS = ("roc_auc", "pr_auc")
LIBRARIES = ("xgboost", "lightgbm", "catboost")
TRIALS, SEED, RATE = 6, 5, 0.05
#: Size of the trees and penalty, drawn without repetition for the two libraries of the extra.
GRID = tuple(itertools.product((2, 3, 4), (3.0, 10.0, 30.0)))


def drawn_settings() -> list[tuple[int, float]]:
    """Depth and penalty of each trial."""
    order = np.random.default_rng(SEED).permutation(len(GRID))[:TRIALS]
    return [GRID[place] for place in order]


def xgboost_scores(periods: Periods) -> Floats:
    """Test scores of XGBoost, searched as in the build."""
    train, validation, known = periods.train, periods.validation, periods.known
    best = search_boosting(
        (train.matrix, train.label),
        (validation.matrix, validation.label),
        train.names,
        seed=SEED,
        trials=TRIALS,
        learning_rate=RATE,
    )[0]
    model = fit_boosting(known.matrix, known.label, known.names, best.setting, seed=SEED)
    return model.predict(periods.test.matrix)


def searched(periods: Periods, build: Callable[..., Any], stop: Callable[..., tuple[Any, int]]) -> Floats:
    """Test scores of a library with scikit-learn's interface: search, stop early, refit."""
    best: tuple[float, tuple[int, float], int] | None = None
    for depth, penalty in drawn_settings():
        model, rounds = stop(build(depth, penalty, MOST_ROUNDS), periods)
        loss = log_loss(periods.validation.label, model.predict_proba(periods.validation.matrix)[:, 1])
        if best is None or loss < best[0]:
            best = (loss, (depth, penalty), rounds)
    assert best is not None
    final = build(*best[1], best[2]).fit(periods.known.matrix, periods.known.label)
    return final.predict_proba(periods.test.matrix)[:, 1]


def lightgbm_scores(periods: Periods) -> Floats:
    """Test scores of LightGBM."""
    library = importlib.import_module("lightgbm")

    def build(depth: int, penalty: float, rounds: int) -> Any:
        return library.LGBMClassifier(
            n_estimators=rounds,
            learning_rate=RATE,
            max_depth=depth,
            num_leaves=2**depth,
            min_child_samples=60,
            subsample=0.8,
            subsample_freq=1,
            colsample_bytree=0.25,
            reg_lambda=penalty,
            random_state=SEED,
            n_jobs=1,
            deterministic=True,
            force_row_wise=True,
            verbose=-1,
        )

    def stop(model: Any, rows: Periods) -> tuple[Any, int]:
        model.fit(
            rows.train.matrix,
            rows.train.label,
            eval_X=(rows.validation.matrix,),
            eval_y=(rows.validation.label,),
            eval_metric="binary_logloss",
            callbacks=[library.early_stopping(PATIENCE, verbose=False)],
        )
        return model, int(model.best_iteration_)

    return searched(periods, build, stop)


def catboost_scores(periods: Periods) -> Floats:
    """Test scores of CatBoost."""
    library = importlib.import_module("catboost")

    def build(depth: int, penalty: float, rounds: int) -> Any:
        return library.CatBoostClassifier(
            iterations=rounds,
            learning_rate=RATE,
            depth=depth,
            l2_leaf_reg=penalty,
            rsm=0.25,
            random_seed=SEED,
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
        )

    def stop(model: Any, rows: Periods) -> tuple[Any, int]:
        model.fit(
            rows.train.matrix,
            rows.train.label,
            eval_set=(rows.validation.matrix, rows.validation.label),
            early_stopping_rounds=PATIENCE,
        )
        return model, int(model.get_best_iteration()) + 1

    return searched(periods, build, stop)


def bounds(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    """Values and bounds to five digits, for JSON."""
    found: dict[str, float] = {}
    for name, each in estimates.items():
        found |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    return {name: round(value, 5) for name, value in found.items()}


def compare_libraries(paths: Paths) -> dict[str, Any]:
    """ROC-AUC and PR-AUC of each library at each decision, and how much they differ on the same rows.

    Raises
    ------
    JourneyError
        When a library is not installed.
    """
    for library in LIBRARIES:
        if importlib.util.find_spec(library) is None:
            raise JourneyError(f"{library} is not installed; run `pip install '.[boosting]'` first")
    scorers = {"xgboost": xgboost_scores, "lightgbm": lightgbm_scores, "catboost": catboost_scores}
    rows, differences = [], []
    with connect(paths.warehouse("simulated")) as connection:
        for decision in DECISIONS:
            periods = split_periods(load_features(connection, decision))
            test = periods.test
            found = {library: scorers[library](periods) for library in LIBRARIES}
            for library, scores in found.items():
                quality = measure(test.label, scores, test.user_id, seed=SEED)
                row = {"decision_id": decision, "library": library, "n": quality.n}
                rows.append(row | bounds({name: getattr(quality, name) for name in METRICS}))
            for one, other in itertools.combinations(LIBRARIES, 2):
                paired = compare(test.label, found[other], found[one], test.user_id, seed=SEED)
                row = {"decision_id": decision, "library": other, "other": one}
                differences.append(row | bounds({name: paired[name] for name in METRICS}))
    return {
        "rows": rows,
        "differences": differences,
        "versions": {name: importlib.import_module(name).__version__ for name in LIBRARIES},
    }
