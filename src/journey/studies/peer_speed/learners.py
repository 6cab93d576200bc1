"""Uplift learners and the areas under their curves: by this project and scikit-uplift, on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from journey.inference.arrays import Floats, Ints
from journey.studies.peer_speed.way import SEED, Once
from journey.uplift import (
    BaseModels,
    fit_uplift,
    logistic_base,
    normalised_auuc,
    normalised_qini,
    xgboost_base,
)

FEATURES = 10


def people(rows: int) -> tuple[Floats, Ints, Ints]:
    """Covariates, treatment at random and a yes-or-no outcome, for uplift."""
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(rows, FEATURES))
    treatment = rng.integers(0, 2, rows)
    score = -1.5 + 0.6 * x[:, 0] - 0.3 * x[:, 1] * x[:, 2] + treatment * (0.2 + 0.5 * x[:, 3])
    return x, treatment, (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(np.int64)


def own_learner(rows: int, learner: Any, base: BaseModels) -> Once:
    """An uplift learner of this project: fit, then score the same people."""
    x, treatment, outcome = people(rows)
    return lambda: fit_uplift(learner, base, x, treatment, outcome).predict(x)[0][None, :]


def sklift_trees(rows: int) -> Once:
    """Two models of scikit-uplift, with the same trees."""
    from sklift.models import TwoModels

    x, treatment, outcome = people(rows)
    new = xgboost_base().response

    def once() -> Floats:
        model = TwoModels(estimator_trmnt=new(), estimator_ctrl=new(), method="vanilla")
        return np.asarray(model.fit(x, outcome, treatment).predict(x), dtype=np.float64)[None, :]

    return once


def sklift_logistic(rows: int) -> Once:
    """One model of scikit-uplift with the treatment and its products, and the same logistic regression."""
    from sklift.models import SoloModel

    x, treatment, outcome = people(rows)
    new = logistic_base().response

    def once() -> Floats:
        model = SoloModel(new(), method="treatment_interaction").fit(x, outcome, treatment)
        return np.asarray(model.predict(x), dtype=np.float64)[None, :]

    return once


def ranked(rows: int) -> tuple[Ints, Ints, Floats]:
    """Outcome, treatment and a score to rank by."""
    x, treatment, outcome = people(rows)
    return outcome, treatment, x[:, 3] + np.random.default_rng(SEED + 1).normal(size=rows)


def own_curves(rows: int) -> Once:
    """Normalised Qini and AUUC of this project."""
    outcome, treatment, score = ranked(rows)
    return lambda: np.array(
        [[area(outcome, treatment, score)] for area in (normalised_qini, normalised_auuc)]
    )


def sklift_curves(rows: int) -> Once:
    """The same by scikit-uplift."""
    from sklift.metrics import qini_auc_score, uplift_auc_score

    outcome, treatment, score = ranked(rows)
    return lambda: np.array(
        [[area(outcome, score, treatment)] for area in (qini_auc_score, uplift_auc_score)], dtype=np.float64
    )
