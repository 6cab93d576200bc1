"""Balance of covariates between the arms, before and after weighting or matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.study import FloatArray, checked_study
from journey.errors import JourneyError


@dataclass(frozen=True)
class Balance:
    """Standardised mean differences, treated minus untreated, per covariate.

    Both columns divide by the same unweighted standard deviation, the root of the mean of the two arms'
    variances (Austin 2009), so that a change shows a change in means. 0.1 in absolute value is the usual
    limit. A covariate that is constant in both arms has 0 when the means agree.
    """

    names: tuple[str, ...]
    before: FloatArray
    after: FloatArray
    limit: float

    @property
    def worst_before(self) -> float:
        """Largest absolute difference without adjustment."""
        return float(np.abs(self.before).max())

    @property
    def worst_after(self) -> float:
        """Largest absolute difference after adjustment."""
        return float(np.abs(self.after).max())

    @property
    def n_unbalanced_after(self) -> int:
        """Covariates beyond the limit after adjustment."""
        return int((np.abs(self.after) > self.limit).sum())


def balance(
    covariates: ArrayLike,
    treatment: ArrayLike,
    weights: ArrayLike,
    names: Sequence[str],
    *,
    limit: float = 0.1,
) -> Balance:
    """Compare covariate means between the arms with and without weights.

    Parameters
    ----------
    covariates
        Shape (n, p).
    weights
        Weight of each row, shape (n,): `inverse_probability_weights` or `Match.weights`.
    names
        Name of each covariate.

    Raises
    ------
    JourneyError
        As `checked_study`, when there is not one name per covariate and one weight of 0 or more per row, and
        when all weights of an arm are 0.
    """
    size = len(np.asarray(treatment))
    study = checked_study(np.zeros(size), treatment, covariates)
    weight = np.asarray(weights, dtype=float)
    if len(names) != study.covariates.shape[1]:
        raise JourneyError(f"{len(names)} names were given for {study.covariates.shape[1]} covariates.")
    if weight.shape != (study.n,) or (weight < 0).any():
        raise JourneyError(f"Weights must be {study.n} non-negative numbers, one per row.")
    arms = (study.treated, ~study.treated)
    if any(weight[arm].sum() <= 0 for arm in arms):
        raise JourneyError("All weights of one arm are 0; the arms cannot be compared.")
    deviation = np.sqrt(np.mean([study.covariates[arm].var(axis=0, ddof=1) for arm in arms], axis=0))

    def standardised(row_weight: FloatArray) -> FloatArray:
        means = [np.average(study.covariates[arm], axis=0, weights=row_weight[arm]) for arm in arms]
        gap = means[0] - means[1]
        return np.asarray(np.divide(gap, deviation, out=np.where(gap == 0, 0.0, np.inf), where=deviation > 0))

    return Balance(tuple(names), standardised(np.ones(study.n)), standardised(weight), limit)
