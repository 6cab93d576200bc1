"""Sample-ratio mismatch: did the assignment deliver the planned split? Check it before any result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

from journey.errors import JourneyError
from journey.experiments.inputs import FloatArray, check_alpha, numeric, whole


@dataclass(frozen=True)
class SampleRatio:
    """Chi-square test of the observed split.

    Attributes
    ----------
    counts, expected : tuple of float
        Units observed and expected per arm.
    chi_square, p_value : float
        Infinite and 0 when units are found in an arm that was to have none.
    df : int
        Arms with an expected share, minus one.
    mismatch : bool
        p_value below alpha: the result of the experiment must not be read.
    alpha : float
    misplaced : tuple of int
        Positions of arms with an expected share of zero in which units were found all the same.
    """

    counts: tuple[float, ...]
    expected: tuple[float, ...]
    chi_square: float
    p_value: float
    df: int
    mismatch: bool
    alpha: float
    misplaced: tuple[int, ...]


def _weights(weights: Sequence[float] | None, arms: int) -> FloatArray:
    shares = np.ones(arms) if weights is None else np.atleast_1d(np.asarray(numeric("weights", weights)))
    if shares.shape != (arms,):
        raise JourneyError(f"there are {arms} arms and {shares.size} weights; give one weight per arm")
    if (shares < 0).any():
        raise JourneyError(f"weights must not be negative; got {shares.tolist()}")
    if shares.sum() <= 0:
        raise JourneyError("the weights add up to zero; at least one arm must be expected to have units")
    return shares


def sample_ratio_test(
    counts: Sequence[float], weights: Sequence[float] | None = None, *, alpha: float = 0.01
) -> SampleRatio:
    """Chi-square test of the observed counts against the planned split.

    Parameters
    ----------
    counts : sequence of float
        Units per arm, shape (arms,).
    weights : sequence of float, optional
        Planned split, any positive scale; equal by default. An arm with weight 0 must hold nobody: units
        where none belong are a mismatch whatever the others say.
    alpha : float
        Threshold for `mismatch`. A platform that checks thousands of experiments a year uses 0.001 or less.

    Returns
    -------
    SampleRatio
        p value 1 when nobody was counted, or when one arm alone was to have units and has them all.

    Raises
    ------
    JourneyError
        For negative or fractional counts, negative weights or weights that are all zero.

    Examples
    --------
    >>> check = sample_ratio_test([1000, 1200], [0.5, 0.5])
    >>> f"{check.p_value:.4e}", check.mismatch
    ('2.0079e-05', True)
    """
    check_alpha(alpha)
    observed = np.atleast_1d(np.asarray(whole("counts", counts), dtype=np.float64))
    if observed.ndim != 1 or observed.size == 0:
        raise JourneyError("counts must be a non-empty list with one number per arm")
    shares = _weights(weights, observed.size)
    used = shares > 0
    misplaced = tuple(int(index) for index in np.flatnonzero(~used & (observed > 0)))
    expected = shares / shares.sum() * observed.sum()
    df = int(used.sum()) - 1
    if misplaced:
        statistic, p = np.inf, 0.0
    elif observed.sum() == 0 or df == 0:
        statistic, p = 0.0, 1.0
    else:
        statistic = float((np.square(observed - expected)[used] / expected[used]).sum())
        p = float(stats.chi2.sf(statistic, df))
    return SampleRatio(
        tuple(observed.tolist()), tuple(expected.tolist()), statistic, p, df, p < alpha, alpha, misplaced
    )


def sequential_sample_ratio(
    cumulative_counts: Any, weights: Sequence[float] | None = None, *, concentration: float = 10_000.0
) -> FloatArray:
    """Always-valid p value of the split after each look, for a check that runs every day.

    Parameters
    ----------
    cumulative_counts : array
        Units per arm so far, shape (..., looks, arms), not decreasing over looks.
    weights : sequence of float, optional
        Planned split; equal by default. Units in an arm of weight 0 are a mismatch from their look on.
    concentration : float
        Weight of the Dirichlet prior around the planned split; larger is more sensitive to small defects
        late, smaller to large defects early.

    Returns
    -------
    array
        Shape (..., looks), the running minimum of 1 / Bayes factor, at most 1. Below alpha at any look:
        mismatch, with error at most alpha over all looks.

    Raises
    ------
    JourneyError
        When counts are not whole, decrease over looks or have fewer than two arms, when weights are not one
        of 0 or more per arm with a sum above 0, and when `concentration` is not finite and above 0.

    Notes
    -----
    Lindon and Malek (2022), Anytime-valid inference for multinomial count data.
    """
    observed = np.asarray(whole("cumulative_counts", cumulative_counts), dtype=np.float64)
    if observed.ndim < 2 or observed.shape[-1] < 2:
        raise JourneyError("cumulative_counts needs the shape (looks, arms) with at least two arms")
    if (np.diff(observed, axis=-2) < 0).any():
        raise JourneyError("cumulative_counts must not decrease from one look to the next")
    shares = _weights(weights, observed.shape[-1])
    if not np.isfinite(concentration) or concentration <= 0:
        raise JourneyError(f"concentration must be above zero; got {concentration!r}")
    used = shares > 0
    misplaced = observed[..., ~used].sum(axis=-1) > 0
    observed, shares = observed[..., used], shares[used] / shares.sum()
    prior = shares * concentration
    total = observed.sum(axis=-1)
    log_factor = special.gammaln(concentration) - special.gammaln(concentration + total)
    log_factor = log_factor + (special.gammaln(prior + observed) - special.gammaln(prior)).sum(axis=-1)
    log_factor = log_factor - (observed * np.log(shares)).sum(axis=-1)
    p = np.where(misplaced, 0.0, np.exp(np.minimum(0.0, -log_factor)))
    return np.minimum.accumulate(p, axis=-1)
