"""Qini and uplift curves, their areas, and uplift at k, with bootstrap bands.

Definitions. Rank people by predicted uplift, take the top share s, and let T, C be the treated and untreated
people in it, Y_T, Y_C their summed outcomes, n_T the treated people in all.

- Qini curve: Q(s) = (Y_T - Y_C * T / C) / n_T: outcomes gained among the treated, per treated person in the
  whole experiment (Radcliffe 2007). Q(1) is the average effect.
- Qini coefficient: area under Q over s in [0, 1] minus Q(1) / 2, the area of treating at random. It is in
  outcome units per person; 0 is a random ranking.
- Uplift (gain) curve: U(s) = s * (Y_T / T - Y_C / C): effect among the top share, per person in the whole
  experiment. U(1) is the average effect.
- AUUC: area under U over s in [0, 1]. Random targeting has U(1) / 2, so AUUC depends on the average effect;
  `auuc_gain` = AUUC - U(1) / 2 does not.
- Uplift at k: Y_T / T - Y_C / C in the top share k of everyone; refused where one of them is empty.
- Normalised Qini and AUUC, as in scikit-uplift 0.5 (`qini_auc_score`, `uplift_auc_score`): area over random
  divided by that of a ranking that knows arm and outcome. It need not be the best one: with 5% treated
  another ranking can have 1.1 times its area, so these are not shares of the best.

People with equal scores enter together, and the curves are straight in between. Before both arms have people,
the curves take the mean of an empty arm for 0, as scikit-uplift does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.study import FloatArray
from journey.errors import JourneyError
from journey.inference.differences import independent_difference
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate, percentile_interval, wilson_interval
from journey.uplift.ranking import (
    NOISE,
    Interpolation,
    Ranking,
    Sums,
    area_under,
    check_arms,
    divided,
    rank_people,
)

GRID = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class RankingQuality:
    """How well a score ranks people by uplift; definitions at the head of this module.

    Attributes
    ----------
    share
        Share of people targeted, shape (101,).
    qini_curve, qini_low, qini_high, uplift_curve, uplift_low, uplift_high
        Curves at `share` with pointwise percentile bands, shape (101,).
    average_effect, qini, auuc, auuc_gain
        With bootstrap intervals, in outcome units per person.
    uplift_at
        Share k -> uplift among the top k.
    qini_replicates
        Bootstrap Qini coefficients, shape (n_boot,); with equal seeds, replicates of two scores on the same
        people pair up, so their difference has an interval.
    """

    share: FloatArray
    qini_curve: FloatArray
    qini_low: FloatArray
    qini_high: FloatArray
    uplift_curve: FloatArray
    uplift_low: FloatArray
    uplift_high: FloatArray
    average_effect: Estimate
    qini: Estimate
    auuc: Estimate
    auuc_gain: Estimate
    uplift_at: dict[float, Estimate]
    qini_replicates: FloatArray
    n: int
    n_treated: int
    n_units: int
    n_boot: int


def ranking_quality(
    outcome: ArrayLike,
    treatment: ArrayLike,
    score: ArrayLike,
    *,
    ks: Sequence[float] = (0.1, 0.2, 0.3),
    n_boot: int = 200,
    seed: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> RankingQuality:
    """Evaluate an uplift score on a randomised experiment.

    Parameters
    ----------
    outcome, treatment, score, clusters
        As in `rank_people`; the score must come from a model that did not see the person.
    ks
        Shares at which to report uplift, each in (0, 1]. Where an arm's outcomes among the top do not vary,
        resampling cannot see how uncertain they are: the interval is then Newcombe's for outcomes of 0 or 1,
        and unknown (NaN) for others and for clusters.
    n_boot, seed, level
        Bootstrap of people (or clusters) for bands and intervals. The score is taken as given, which is right
        for scores of a model fitted apart or on earlier folds (`sequential_uplift`). Cross-fitted scores
        depend on one another through the folds, and their intervals are too narrow.

    Raises
    ------
    JourneyError
        As `rank_people`, and when an arm has nobody in a top share.
    """
    if n_boot < 2:
        raise JourneyError(f"{n_boot} bootstrap resamples give no interval; use at least 2.")
    cuts = np.asarray(ks, dtype=float)
    if ((cuts <= 0) | (cuts > 1)).any():
        raise JourneyError(f"Every k must lie in (0, 1]; got {list(ks)}.")
    ranking = rank_people(outcome, treatment, score, clusters)
    check_arms(ranking, cuts)
    point = _Curves.of(ranking.sums(), cuts)
    draws = [_Curves.of(ranking.sums(counts), cuts) for counts in ranking.resamples(n_boot, seed)]

    def drawn(name: str) -> FloatArray:
        return np.concatenate([getattr(d, name) for d in draws])

    def with_interval(name: str) -> Estimate:
        return percentile_estimate(getattr(point, name)[0], drawn(name), level)

    qini_low, qini_high = percentile_interval(drawn("qini_curve"), level)
    uplift_low, uplift_high = percentile_interval(drawn("uplift_curve"), level)
    drawn_at = drawn("uplift_at")
    at_k = {
        float(k): _at_k(ranking, float(k), percentile_estimate(point.uplift_at[0, i], drawn_at[:, i], level))
        for i, k in enumerate(cuts)
    }
    return RankingQuality(
        share=GRID,
        qini_curve=point.qini_curve[0],
        qini_low=qini_low,
        qini_high=qini_high,
        uplift_curve=point.uplift_curve[0],
        uplift_low=uplift_low,
        uplift_high=uplift_high,
        average_effect=with_interval("average_effect"),
        qini=with_interval("qini"),
        auuc=with_interval("auuc"),
        auuc_gain=with_interval("auuc_gain"),
        uplift_at=at_k,
        qini_replicates=drawn("qini"),
        n=len(ranking.order),
        n_treated=int(ranking.treated.sum()),
        n_units=ranking.n_units,
        n_boot=n_boot,
    )


def qini_curve(outcome: ArrayLike, treatment: ArrayLike, score: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Share targeted and Qini curve at every distinct score, both from 0, shape (k + 1,)."""
    sums = rank_people(outcome, treatment, score).sums()
    return sums.share[0], _qini(sums)[0]


def uplift_curve(outcome: ArrayLike, treatment: ArrayLike, score: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Share targeted and uplift (gain) curve at every distinct score, both from 0, shape (k + 1,)."""
    sums = rank_people(outcome, treatment, score).sums()
    return sums.share[0], _uplift(sums)[0]


def normalised_qini(outcome: ArrayLike, treatment: ArrayLike, score: ArrayLike) -> float:
    """Qini coefficient in units of that of a ranking by hindsight (scikit-uplift's `qini_auc_score`).

    That ranking puts treated people with the outcome first and untreated people with it last. On real data
    values are small, since nobody can know the outcome beforehand; they can exceed 1 where few are treated.

    Raises
    ------
    JourneyError
        As `rank_people`, for a negative outcome, and when every ranking is equally good.
    """
    y, t = np.asarray(outcome, dtype=float), np.asarray(treatment, dtype=float)
    if (y < 0).any():
        raise JourneyError(
            "A normalised Qini needs outcomes of 0 or more; compare unnormalised ones instead."
        )
    hindsight = y * t - y * (1 - t)
    return _relative_area(rank_people(y, t, score), rank_people(y, t, hindsight), _qini)


def normalised_auuc(outcome: ArrayLike, treatment: ArrayLike, score: ArrayLike) -> float:
    """AUUC over random in units of that of a ranking by hindsight (scikit-uplift's `uplift_auc_score`).

    The value can exceed 1, as that of `normalised_qini`.

    Raises
    ------
    JourneyError
        As `rank_people`, for an outcome other than 0 and 1, and when every ranking is equally good.
    """
    y, t = np.asarray(outcome, dtype=float), np.asarray(treatment, dtype=float)
    if not np.isin(y, (0, 1)).all():
        raise JourneyError("A normalised AUUC needs an outcome of 0 or 1; compare unnormalised ones instead.")
    control_responders = ((y == 1) & (t == 0)).sum()
    treated_without = ((y == 0) & (t == 1)).sum()
    hindsight = 2.0 * (y == t) + (y if control_responders > treated_without else t)
    return _relative_area(rank_people(y, t, score), rank_people(y, t, hindsight), _uplift)


@dataclass(frozen=True)
class _Curves:
    """Curves and areas of a batch of resamples."""

    qini_curve: FloatArray
    uplift_curve: FloatArray
    average_effect: FloatArray
    qini: FloatArray
    auuc: FloatArray
    auuc_gain: FloatArray
    uplift_at: FloatArray

    @classmethod
    def of(cls, sums: Sums, cuts: FloatArray) -> _Curves:
        share = sums.share
        on_grid, at_cuts = Interpolation(share, GRID), Interpolation(share, cuts)
        qini, uplift = _qini(sums), _uplift(sums)
        auuc = area_under(share, uplift)
        return cls(
            qini_curve=on_grid(qini),
            uplift_curve=on_grid(uplift),
            average_effect=uplift[:, -1],
            qini=area_under(share, qini) - qini[:, -1] / 2,
            auuc=auuc,
            auuc_gain=auuc - uplift[:, -1] / 2,
            uplift_at=_rate_difference(sums, at_cuts),
        )


def _qini(sums: Sums) -> FloatArray:
    expected = sums.outcome_control * divided(sums.treated, sums.control)
    return divided(sums.outcome_treated - expected, sums.treated[:, -1:])


def _uplift(sums: Sums) -> FloatArray:
    rates = divided(sums.outcome_treated, sums.treated) - divided(sums.outcome_control, sums.control)
    return sums.share * rates


def _rate_difference(sums: Sums, at_cuts: Interpolation) -> FloatArray:
    columns = (sums.outcome_treated, sums.treated, sums.outcome_control, sums.control)
    y_t, n_t, y_c, n_c = (at_cuts(column) for column in columns)
    return divided(y_t, n_t, otherwise=np.nan) - divided(y_c, n_c, otherwise=np.nan)


def _at_k(ranking: Ranking, k: float, resampled: Estimate) -> Estimate:
    """Uplift at k; without events in an arm with Newcombe's interval, which two Wilson intervals make."""
    sums = ranking.sums()
    at_cut = Interpolation(sums.share, np.array([k]))
    squares = [
        ranking.cumulate(ranking.outcome**2 * arm, None) for arm in (ranking.treated, 1 - ranking.treated)
    ]
    columns = zip(
        (sums.outcome_treated, sums.outcome_control), squares, (sums.treated, sums.control), strict=True
    )
    total, square, n = np.array([[at_cut(each)[0, 0] for each in arm] for arm in columns]).T
    if (square - total**2 / n > NOISE * square).all():
        return resampled
    low = high = float("nan")
    if np.isin(ranking.outcome, (0, 1)).all() and ranking.n_units == len(ranking.order):
        bounds = wilson_interval(total, n, resampled.level)
        _, low, high = independent_difference(*zip(total / n, *bounds, strict=True))
    return Estimate(resampled.value, low, high, resampled.level)


def _relative_area(ranking: Ranking, other: Ranking, curve: Callable[[Sums], FloatArray]) -> float:
    areas = []
    for ranked in (ranking, other):
        sums = ranked.sums()
        values = curve(sums)
        areas.append(float(area_under(sums.share, values)[0] - values[0, -1] / 2))
    if areas[1] == 0:
        raise JourneyError("Every ranking of these people is equally good; a normalised area is not defined.")
    return areas[0] / areas[1]
