"""Persuadable, sure thing, lost cause, sleeping dog: what the two arms can say about their shares.

Nobody is seen both treated and untreated, so the joint distribution of the two outcomes is not known: only
its margins are. Frechet bounds are the sharpest statement without further assumptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.study import FloatArray, checked_study
from journey.errors import JourneyError
from journey.inference.intervals import percentile_interval
from journey.inference.resampling import resample_counts
from journey.uplift.ranking import divided

GROUPS = ("persuadable", "sure thing", "lost cause", "sleeping dog")


@dataclass(frozen=True)
class GroupShare:
    """Share of one group: bounds, their outer confidence limits, and the value if nobody is put off.

    Attributes
    ----------
    low, high
        Bounds on the share that the two rates leave possible.
    outer_low, outer_high
        Lower confidence limit of `low` and upper one of `high`.
    if_never_harmful
        Share under the assumption that the treatment puts nobody off (no sleeping dogs); None when the
        treated rate is below the untreated one, which contradicts it.
    """

    group: str
    low: float
    high: float
    outer_low: float
    outer_high: float
    if_never_harmful: float | None


@dataclass(frozen=True)
class FourGroups:
    """Bounds on the four groups, and the rates behind them."""

    shares: tuple[GroupShare, ...]
    treated_rate: float
    control_rate: float
    n_strata: int
    n: int
    level: float

    def __getitem__(self, group: str) -> GroupShare:
        """Share of one of `GROUPS`."""
        return self.shares[GROUPS.index(group)]


def frechet_bounds(treated_rate: ArrayLike, control_rate: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds on the four shares given the two rates.

    Parameters
    ----------
    treated_rate, control_rate
        Probability of the outcome with and without treatment, any common shape.

    Returns
    -------
    Two arrays of shape (4, ...), in the order of `GROUPS`: outcome only if treated; outcome either way;
    never; outcome only if not treated.

    Raises
    ------
    JourneyError
        When a rate is not between 0 and 1.
    """
    with_it, without = np.asarray(treated_rate, dtype=float), np.asarray(control_rate, dtype=float)
    if not (((with_it >= 0) & (with_it <= 1)).all() and ((without >= 0) & (without <= 1)).all()):
        raise JourneyError("Rates must lie between 0 and 1.")
    low = np.stack(
        [
            np.maximum(0, with_it - without),
            np.maximum(0, with_it + without - 1),
            np.maximum(0, 1 - with_it - without),
            np.maximum(0, without - with_it),
        ]
    )
    high = np.stack(
        [
            np.minimum(with_it, 1 - without),
            np.minimum(with_it, without),
            np.minimum(1 - with_it, 1 - without),
            np.minimum(1 - with_it, without),
        ]
    )
    return low, high


def four_groups(
    outcome: ArrayLike,
    treatment: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    n_boot: int = 500,
    seed: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> FourGroups:
    """Bound the shares of the four groups from a randomised experiment.

    Parameters
    ----------
    outcome
        0/1, shape (n,).
    strata
        Group known before treatment (decile of an out-of-fold score, say), shape (n,); bounds are taken
        within strata and averaged, which can only narrow them. Every stratum needs both arms.
    n_boot, seed, clusters
        Bootstrap of people (or clusters) for the outer limits.

    Raises
    ------
    JourneyError
        As `checked_study`, for an outcome other than 0 and 1, when there is not one stratum per person, and
        when a stratum lacks an arm.

    Notes
    -----
    Bounds use max and min of estimated rates within strata; in small strata noise makes the lower bounds too
    high, so keep strata large.
    """
    study = checked_study(outcome, treatment, clusters=clusters)
    if not np.isin(study.outcome, (0, 1)).all():
        raise JourneyError("The four groups need an outcome of 0 or 1.")
    stratum = np.zeros(study.n, dtype=np.int64)
    if strata is not None:
        stratum = np.unique(np.asarray(strata), return_inverse=True)[1]
        if stratum.shape != (study.n,):
            raise JourneyError(f"Strata have shape {stratum.shape}; one per person is needed ({study.n}).")
    n_strata = int(stratum.max()) + 1
    arm = study.treated.astype(np.int64)
    cell = (stratum * 2 + arm) * 2 + study.outcome.astype(np.int64)
    counts = np.bincount(cell, minlength=n_strata * 4).reshape(1, n_strata, 2, 2).astype(float)
    empty = int((counts.sum(axis=3) == 0).sum())
    if empty:
        raise JourneyError(f"{empty} of {n_strata} strata lack an arm; use fewer strata.")
    low, high = _averaged_bounds(counts)
    draws = [
        _averaged_bounds(c)
        for c in _resampled(cell, study.clusters, study.n_clusters, n_strata, n_boot, seed)
    ]
    outer_low = percentile_interval(np.concatenate([d[0] for d in draws]), level)[0]
    outer_high = percentile_interval(np.concatenate([d[1] for d in draws]), level)[1]
    weights = counts[0].sum(axis=(1, 2)) / study.n
    rates = counts[0, :, :, 1] / counts[0].sum(axis=2)
    control_rate, treated_rate = (float(x) for x in weights @ rates)
    monotone: tuple[float | None, ...] = (None,) * 4
    if treated_rate >= control_rate:
        monotone = (treated_rate - control_rate, control_rate, 1 - treated_rate, 0.0)
    return FourGroups(
        shares=tuple(
            GroupShare(
                name,
                float(low[0, i]),
                float(high[0, i]),
                float(outer_low[i]),
                float(outer_high[i]),
                monotone[i],
            )
            for i, name in enumerate(GROUPS)
        ),
        treated_rate=treated_rate,
        control_rate=control_rate,
        n_strata=n_strata,
        n=study.n,
        level=level,
    )


def _averaged_bounds(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bounds of shape (b, 4) from counts of shape (b, strata, arm, outcome)."""
    people = counts.sum(axis=3)
    rates = divided(counts[..., 1], people)
    low, high = frechet_bounds(rates[..., 1], rates[..., 0])
    weights = people.sum(axis=2) / counts.sum(axis=(1, 2, 3))[:, None]
    return (low * weights).sum(axis=2).T, (high * weights).sum(axis=2).T


def _resampled(
    cell: np.ndarray, clusters: np.ndarray, n_clusters: int, n_strata: int, n_boot: int, seed: int
) -> Iterator[FloatArray]:
    size = n_strata * 4
    for drawn in resample_counts(n_clusters, n_boot, seed):
        weight = drawn[:, clusters]
        flat = cell + np.arange(len(weight))[:, None] * size
        counts = np.bincount(flat.ravel(), weights=weight.ravel(), minlength=len(weight) * size)
        yield np.asarray(counts, dtype=np.float64).reshape(-1, n_strata, 2, 2)
