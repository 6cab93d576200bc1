"""Gradient-boosted trees: a small seeded search with early stopping, and the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.files import replacing
from journey.inference.arrays import Floats
from journey.inference.labels import checked_labels

Mask = NDArray[np.bool_]

# One thread: sums of gradients are added in one order on every machine, so trees are the same.
THREADS = 1
MOST_ROUNDS, PATIENCE = 1500, 50

#: What the search draws from, one value of each a trial.
SPACE: Mapping[str, tuple[float, ...]] = {
    "max_depth": (2, 3, 4),
    "min_child_weight": (5.0, 15.0, 40.0),
    "subsample": (0.6, 0.8),
    "colsample_bytree": (0.25, 0.5),
    "reg_lambda": (3.0, 10.0, 30.0),
}


@dataclass(frozen=True)
class Setting:
    """Size and penalties of the trees, by their XGBoost names; `rounds` is the number of trees."""

    max_depth: int = 3
    min_child_weight: float = 15.0
    subsample: float = 0.8
    colsample_bytree: float = 0.5
    reg_lambda: float = 10.0
    learning_rate: float = 0.05
    rounds: int = 200

    def parameters(self, seed: int, threads: int) -> dict[str, Any]:
        """What `xgboost.train` takes."""
        values = asdict(self)
        values.pop("rounds")
        return values | {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "max_bin": 64,
            "nthread": threads,
            "seed": seed,
        }


@dataclass(frozen=True)
class Trial:
    """One setting of a search, with the trees it stopped at, and its log loss on the validation rows."""

    setting: Setting
    loss: float


@dataclass(frozen=True)
class Boosted:
    """Fitted trees and the names of their features."""

    names: tuple[str, ...]
    booster: xgb.Booster
    setting: Setting

    def predict(self, matrix: Floats) -> Floats:
        """Probabilities of the rows of an (n, k) matrix of features."""
        return self.booster.predict(self.rows(matrix)).astype(np.float64)

    def rows(self, matrix: Floats) -> xgb.DMatrix:
        """Rows as XGBoost reads them.

        Raises
        ------
        JourneyError
            For a matrix without one column per feature.
        """
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names):
            raise JourneyError(
                f"the matrix has shape {matrix.shape} but the model has {len(self.names)} features"
            )
        return xgb.DMatrix(matrix, feature_names=list(self.names), nthread=THREADS)

    def save(self, target: Path) -> None:
        """Write XGBoost's own JSON, whole or not at all."""
        with replacing(target) as temporary:
            self.booster.save_model(temporary)


def fit_boosting(
    matrix: Floats,
    outcome: Mask,
    names: Sequence[str],
    setting: Setting,
    *,
    seed: int,
    weight: Floats | None = None,
    threads: int = THREADS,
) -> Boosted:
    """Fit exactly `setting.rounds` trees.

    Parameters
    ----------
    matrix, outcome, names
        (n, k) finite features, (n,) outcomes, k names.
    weight
        (n,) row weights; none when omitted.
    threads
        With another number the last digits of a score may change.

    Raises
    ------
    JourneyError
        When shapes differ, an outcome is not 0 or 1, or only one class is present.
    """
    data = _matrix(matrix, outcome, names, weight, threads)
    booster = xgb.train(setting.parameters(seed, threads), data, setting.rounds)
    return Boosted(tuple(names), booster, setting)


def search_boosting(
    train: tuple[Floats, Mask],
    validation: tuple[Floats, Mask],
    names: Sequence[str],
    *,
    seed: int,
    trials: int = 8,
    learning_rate: float = 0.05,
    space: Mapping[str, Sequence[float]] = SPACE,
    threads: int = THREADS,
) -> list[Trial]:
    """Try random settings, each stopped early on the validation rows; best first.

    Parameters
    ----------
    train, validation
        Features and outcomes. Only these two periods are looked at.
    seed
        Of the draws and of the trees.
    trials
        Number of settings, drawn from the grid `space` without repetition.
    """
    fitted = _matrix(*train, names, None, threads)
    held = _matrix(*validation, names, None, threads)
    rng = np.random.default_rng(seed)
    found: list[Trial] = []
    for _ in range(trials):
        drawn: dict[str, Any] = {
            name: values[int(rng.integers(len(values)))] for name, values in space.items()
        }
        setting = Setting(**drawn, learning_rate=learning_rate)
        booster = xgb.train(
            setting.parameters(seed, threads),
            fitted,
            MOST_ROUNDS,
            evals=[(held, "validation")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        values = asdict(setting) | {"rounds": booster.best_iteration + 1}
        found.append(Trial(Setting(**values), float(booster.best_score)))
    return sorted(found, key=lambda trial: trial.loss)


def contributions(model: Boosted, matrix: Floats) -> tuple[Floats, float]:
    """Exact TreeSHAP contributions of each feature to the log-odds; (n, k), and the base value.

    Notes
    -----
    Lundberg et al. (2020), path-dependent, as XGBoost computes them. A row's contributions and the base add
    up to the log-odds of its score.
    """
    found = model.booster.predict(model.rows(matrix), pred_contribs=True).astype(np.float64)
    return found[:, :-1], float(found[0, -1])


def _matrix(
    matrix: Floats, outcome: Mask, names: Sequence[str], weight: Floats | None, threads: int
) -> xgb.DMatrix:
    if matrix.ndim != 2 or matrix.shape != (len(outcome), len(names)):
        raise JourneyError(
            f"features have shape {matrix.shape}, expected {len(outcome):,} outcomes x {len(names)} names"
        )
    labels = checked_labels(outcome)
    if labels.all() or not labels.any():
        raise JourneyError(f"a model needs both classes, got {int(labels.sum())} of {len(labels)} positive")
    return xgb.DMatrix(
        matrix, label=labels.astype(float), weight=weight, feature_names=list(names), nthread=threads
    )
