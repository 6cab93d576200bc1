"""How many segments? Silhouette, gap statistic and bootstrap stability, side by side.

The three ask different things: are neighbours of other segments far away, is there more structure than in an
even box, and would other customers of the same kind lead to the same segments?
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from journey.customers.agreement import adjusted_rand, cross_table
from journey.customers.segments import k_means
from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints

#: mean ARI between resamples from which segments count as stable
STABLE = 0.8
#: customers that a silhouette looks at; it compares all pairs
SILHOUETTE_ROWS = 2500
#: starts of k-means in a reference box, and in a resample, where a bad start would look like instability
BOX_STARTS, RESAMPLE_STARTS = 2, 5


@dataclass(frozen=True)
class Gap:
    """The gap statistic for k = 1, 2, ...

    Attributes
    ----------
    k, gap, error
        (m,) number of segments, Gap(k), and s(k), the error of the simulated reference.
    chosen
        The smallest k with Gap(k) >= Gap(k + 1) - s(k + 1); the largest k looked at when none fits.
    settled
        Whether one fitted.
    """

    k: Ints
    gap: Floats
    error: Floats
    chosen: int
    settled: bool


@dataclass(frozen=True)
class Stability:
    """Adjusted Rand index between segmentations of resamples: its mean, and where 80% of pairs lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """What each criterion says, for k = 1, 2, ...; silhouette and stability begin at k = 2 (NaN before).

    Attributes
    ----------
    by_silhouette
        k of the largest mean silhouette.
    by_gap
        k by the 2001 rule of the gap statistic.
    by_stability
        The largest k that is stable: mean ARI between resamples of at least `STABLE`; 1 when none is.
    chosen
        The k of the largest silhouette among stable ones; 1 when none is stable.
    """

    k: Ints
    silhouette: Floats
    gap: Gap
    stability: Floats
    stability_low: Floats
    stability_high: Floats
    by_silhouette: int
    by_gap: int
    by_stability: int
    chosen: int


def choose_number(
    points: Floats, *, largest: int = 8, references: int = 10, resamples: int = 12, seed: int = 0
) -> Choice:
    """Try 1 to `largest` segments.

    Parameters
    ----------
    points
        (customers, features), standardised.
    references
        Even boxes that the gap is measured against.
    resamples
        Bootstrap samples for the stability.

    Raises
    ------
    JourneyError
        When there are too few different customers for `largest` segments.
    """
    gap = gap_statistic(points, largest=largest, references=references, seed=seed)
    silhouette, stable, low, high = np.full((4, largest), np.nan)
    for k in range(2, largest + 1):
        labels = k_means(points, k, seed=seed).labels
        silhouette[k - 1] = mean_silhouette(points, labels, seed=seed)
        between = stability(points, k, resamples=resamples, seed=seed)
        stable[k - 1], low[k - 1], high[k - 1] = between.mean, between.low, between.high
    numbers = np.arange(1, largest + 1)
    steady = stable >= STABLE
    kept = np.where(steady, silhouette, -np.inf)
    return Choice(
        k=numbers,
        silhouette=silhouette,
        gap=gap,
        stability=stable,
        stability_low=low,
        stability_high=high,
        by_silhouette=int(numbers[np.nanargmax(silhouette)]),
        by_gap=gap.chosen,
        by_stability=int(numbers[steady].max()) if steady.any() else 1,
        chosen=int(numbers[np.argmax(kept)]) if steady.any() else 1,
    )


def gap_statistic(points: Floats, *, largest: int = 8, references: int = 10, seed: int = 0) -> Gap:
    """Gap statistic of Tibshirani, Walther and Hastie (2001), section 3 and rule of its step 3.

    Gap(k) is the mean log of the within sum of squares of `references` even boxes less that of the data; a
    box has the range of each column. s(k) is the standard deviation over boxes times sqrt(1 + 1 / their
    number).

    Raises
    ------
    JourneyError
        When there are fewer different customers than `largest` + 1, so that a sum of squares would be zero.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    if len(np.unique(points, axis=0)) <= largest:
        raise JourneyError(
            f"a gap for {largest} segments needs more than {len(points):,} different customers"
        )
    rng = np.random.default_rng(seed)
    numbers = np.arange(1, largest + 1)
    boxes = [rng.uniform(low, high, points.shape) for _ in range(references)]
    logs = np.array([[_log_within(box, int(k), seed) for k in numbers] for box in boxes])
    gap = logs.mean(axis=0) - np.array([_log_within(points, int(k), seed) for k in numbers])
    error = logs.std(axis=0) * np.sqrt(1 + 1 / references)
    enough = np.flatnonzero(gap[:-1] >= gap[1:] - error[1:])
    chosen = int(numbers[enough[0]]) if len(enough) else int(largest)
    return Gap(numbers, gap, error, chosen, bool(len(enough)))


def mean_silhouette(points: Floats, labels: Ints, *, rows: int = SILHOUETTE_ROWS, seed: int = 0) -> float:
    """Mean silhouette (Rousseeuw 1987) of at most `rows` customers drawn at random."""
    size = rows if rows < len(points) else None
    return float(silhouette_score(points, labels, sample_size=size, random_state=seed))


def stability(points: Floats, k: int, *, resamples: int = 12, seed: int = 0) -> Stability:
    """Adjusted Rand index between segmentations learned from bootstrap resamples.

    Each resample is segmented, every customer is given to the nearest centre of each, and the segmentations
    are compared pair by pair: 1 when all agree, 0 when they agree as chance would.

    Raises
    ------
    JourneyError
        For fewer than two resamples, or a resample with fewer different customers than segments.
    """
    if resamples < 2:
        raise JourneyError(f"stability compares resamples: {resamples} is too few")
    rng = np.random.default_rng(seed)
    labels = []
    for draw in range(resamples):
        sample = points[rng.integers(0, len(points), len(points))]
        if len(np.unique(sample, axis=0)) < k:
            raise JourneyError(f"a resample of {len(points):,} customers cannot be cut into {k} segments")
        labels.append(KMeans(k, n_init=RESAMPLE_STARTS, random_state=seed + draw).fit(sample).predict(points))
    pairs = [adjusted_rand(cross_table(a, b)[None])[0] for a, b in combinations(labels, 2)]
    low, high = np.percentile(pairs, [10, 90])
    return Stability(float(np.mean(pairs)), float(low), float(high))


def _log_within(points: Floats, k: int, seed: int) -> float:
    return float(np.log(KMeans(k, n_init=BOX_STARTS, random_state=seed).fit(points).inertia_))
