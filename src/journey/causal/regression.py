"""Unadjusted difference and regression adjustment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.glm import Link, fit_regression, with_intercept
from journey.causal.study import (
    CausalEffect,
    Estimand,
    FloatArray,
    Study,
    checked_study,
    effect_from_influence,
    over_untreated,
)


def naive_difference(
    outcome: ArrayLike, treatment: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> CausalEffect:
    """Difference of the raw means; a causal effect only when treatment was randomised."""
    study = checked_study(outcome, treatment, clusters=clusters)
    arms = [_raw_mean(study, arm) for arm in (True, False)]
    return effect_from_influence(
        "naive difference", "ATE", study, (arms[0][0], arms[1][0]), (arms[0][1], arms[1][1]), level=level
    )


def regression_adjustment(
    outcome: ArrayLike,
    treatment: ArrayLike,
    covariates: ArrayLike,
    *,
    estimand: Estimand = "ATE",
    link: Link = "identity",
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Fit the outcome in each arm, predict everyone under both, and average.

    Parameters
    ----------
    outcome, treatment, covariates, clusters
        As in `checked_study`.
    link
        `identity` for least squares, `logit` or `probit` for a binary outcome.

    Notes
    -----
    Separate models per arm (Lin 2013; g-computation, Robins 1986). The interval stacks the estimating
    equations of both models and the averages (sandwich), so it counts the fitting of the models. Right only
    if the outcome models are right.
    """
    untreated = over_untreated(
        estimand,
        treatment,
        lambda swapped: regression_adjustment(
            outcome, swapped, covariates, estimand="ATT", link=link, clusters=clusters, level=level
        ),
    )
    if untreated:
        return untreated
    study = checked_study(outcome, treatment, covariates, clusters)
    design = with_intercept(study.covariates)
    target = np.ones(study.n, dtype=bool) if estimand == "ATE" else study.treated
    if estimand == "ATT":
        treated_mean, treated_influence = _raw_mean(study, True)
    else:
        treated_mean, treated_influence = _predicted_mean(study, design, True, target, link)
    control_mean, control_influence = _predicted_mean(study, design, False, target, link)
    return effect_from_influence(
        "regression adjustment",
        estimand,
        study,
        (treated_mean, control_mean),
        (treated_influence, control_influence),
        level=level,
    )


def _raw_mean(study: Study, arm: bool) -> tuple[float, FloatArray]:
    rows = study.treated == arm
    mean = float(study.outcome[rows].mean())
    return mean, np.where(rows, study.outcome - mean, 0.0) / rows.mean()


def _predicted_mean(
    study: Study, design: FloatArray, arm: bool, target: np.ndarray, link: Link
) -> tuple[float, FloatArray]:
    rows = study.treated == arm
    model = fit_regression(design[rows], study.outcome[rows], link)
    predicted, slope = model.mean(design), model.slope(design)
    mean = float(predicted[target].mean())
    gradient = (design * slope[:, None])[target].mean(axis=0)
    # The probit link is not canonical: its score weights residuals by slope / variance.
    variance = np.maximum(predicted * (1 - predicted), 1e-12) if link == "probit" else slope
    weight = slope / np.maximum(variance, 1e-12)
    curvature = (design * (rows * weight * slope)[:, None]).T @ design / study.n
    leverage = design @ (np.linalg.pinv(curvature, hermitian=True) @ gradient)
    fitting = rows * weight * (study.outcome - predicted) * leverage
    return mean, np.where(target, predicted - mean, 0.0) / target.mean() + fitting
