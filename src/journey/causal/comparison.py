"""All estimators side by side, the placebo check, and what a wrong estimate costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.glm import Link
from journey.causal.matching import propensity_matching
from journey.causal.nuisance import ModelFactory
from journey.causal.propensity import fit_propensity
from journey.causal.regression import naive_difference, regression_adjustment
from journey.causal.study import CausalEffect, Estimand, FloatArray
from journey.causal.weighting import doubly_robust, inverse_probability_weighting
from journey.errors import JourneyError


@dataclass(frozen=True)
class PlaceboTest:
    """Effect on an outcome the treatment cannot have changed; a clear effect reveals confounding."""

    effect: CausalEffect
    alarm: bool


@dataclass(frozen=True)
class DecisionCost:
    """Treat everyone or nobody, decided on an estimate and judged by the true effect.

    `gain` is the money the decision brings, `best_gain` what the right decision brings, `regret` the
    difference (0 when the decision is right), all over `n` people.
    """

    treat: bool
    right: bool
    gain: float
    best_gain: float
    regret: float
    n: int


def compare_estimators(
    outcome: ArrayLike,
    treatment: ArrayLike,
    covariates: ArrayLike,
    *,
    outcome_factory: ModelFactory,
    propensity_factory: ModelFactory,
    estimand: Estimand = "ATE",
    link: Link = "identity",
    caliper: float | None = 0.2,
    trim: float = 0.01,
    folds: int = 5,
    seed: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[CausalEffect, ...]:
    """Run the five estimators on one study.

    Returns
    -------
    Naive difference, regression adjustment, propensity matching, inverse probability weighting (both with a
    logistic score) and doubly robust (cross-fitted factories), in this order.
    """
    score = fit_propensity(treatment, covariates)
    return (
        naive_difference(outcome, treatment, clusters=clusters, level=level),
        regression_adjustment(
            outcome, treatment, covariates, estimand=estimand, link=link, clusters=clusters, level=level
        ),
        propensity_matching(
            outcome,
            treatment,
            covariates,
            score,
            estimand=estimand,
            caliper=caliper,
            clusters=clusters,
            level=level,
        ),
        inverse_probability_weighting(
            outcome, treatment, score, estimand=estimand, trim=trim, clusters=clusters, level=level
        ),
        doubly_robust(
            outcome,
            treatment,
            covariates,
            outcome_factory=outcome_factory,
            propensity_factory=propensity_factory,
            estimand=estimand,
            folds=folds,
            seed=seed,
            trim=trim,
            clusters=clusters,
            level=level,
        ),
    )


def placebo_test(estimator: Callable[[FloatArray], CausalEffect], placebo_outcome: ArrayLike) -> PlaceboTest:
    """Apply an estimator to an outcome fixed before treatment.

    Parameters
    ----------
    estimator
        Takes an outcome (n,) and returns the effect, e.g.
        `lambda y: regression_adjustment(y, treatment, covariates)`.
    placebo_outcome
        Outcome measured before treatment and not among the covariates, shape (n,).
    """
    effect = estimator(np.asarray(placebo_outcome, dtype=float))
    return PlaceboTest(effect, not effect.low <= 0 <= effect.high)


def decision_cost(estimate: float, truth: float, *, value: float, cost: float, n: int) -> DecisionCost:
    """Money lost by deciding on an estimate instead of the truth.

    Parameters
    ----------
    estimate, truth
        Effect per person in outcome units.
    value
        Money one unit of outcome is worth.
    cost
        Money one treatment costs.
    n
        People the decision is about.

    Raises
    ------
    JourneyError
        When `n` or `cost` is negative.
    """
    if n < 0 or cost < 0:
        raise JourneyError(f"People ({n}) and cost ({cost}) must not be negative.")
    treat = estimate * value > cost
    per_person = truth * value - cost
    gain = n * per_person if treat else 0.0
    best = n * max(per_person, 0.0)
    return DecisionCost(treat, gain == best, gain, best, best - gain, n)
