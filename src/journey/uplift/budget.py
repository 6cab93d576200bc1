"""Return on investment over the budget, from treating nobody to treating everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.study import FloatArray
from journey.errors import JourneyError
from journey.inference.estimate import Estimate, scaled
from journey.inference.intervals import percentile_estimate, percentile_interval
from journey.uplift.ranking import Interpolation, Ranking, check_arms, divided, rank_people

SHARES = np.linspace(0, 1, 51)


@dataclass(frozen=True)
class Band:
    """A curve with its pointwise interval, each of shape (shares,)."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class RoiCurve:
    """Money over the share of people treated, best first, per person of the whole audience.

    Attributes
    ----------
    share
        Share of people treated, from 0 to 1, shape (shares,).
    incremental_margin, cost, profit
        Bands. Incremental margin is what the treatment added, never all margin; profit = margin - cost.
    roi
        (incremental margin - cost) / cost; NaN where nothing is spent (share 0).
    random_profit
        Profit of treating the same share at random, shape (shares,).
    best_share, best_profit
        Share with the highest profit and that profit. Both are chosen on the data they are measured on, which
        flatters the profit; the interval of `best_share` shows how well it is known.
    n, n_units
        People, and units resampled.
    """

    share: FloatArray
    incremental_margin: Band
    cost: Band
    profit: Band
    roi: Band
    random_profit: FloatArray
    best_share: Estimate
    best_profit: Estimate
    n: int
    n_units: int
    level: float


@dataclass(frozen=True)
class DrawnCurves:
    """Two curves over the share of people treated, best first, per person of the whole audience.

    Attributes
    ----------
    added, caused
        Outcome that treating adds, and what the treated bring of something that is paid for, shape (shares,).
    added_draws, caused_draws
        The same of each resample, shape (n_boot, shares). Rows of both belong together.
    """

    added: FloatArray
    caused: FloatArray
    added_draws: FloatArray
    caused_draws: FloatArray


def drawn_curves(
    outcome: ArrayLike,
    treatment: ArrayLike,
    score: ArrayLike,
    caused: ArrayLike,
    *,
    shares: ArrayLike = SHARES,
    n_boot: int = 300,
    seed: int = 0,
    clusters: ArrayLike | None = None,
) -> DrawnCurves:
    """The curves behind `roi_curve` with each of their resamples, so that any price can be put on them later.

    Parameters
    ----------
    outcome
        What each person brought in a randomised experiment, such as revenue, shape (n,).
    score
        Ranking, highest first, shape (n,).
    caused
        What is paid for, such as orders, shape (n,); only treated rows are read.
    shares
        Shares of people at which to report, within [0, 1].

    Raises
    ------
    JourneyError
        When `caused` is not one number a person, or for rows that `rank_people` refuses.
    """
    grid = np.asarray(shares, dtype=float)
    ranking = rank_people(outcome, treatment, score, clusters)
    counted = np.asarray(caused, dtype=float)
    if counted.shape != ranking.order.shape:
        raise JourneyError(f"What is paid for has shape {counted.shape}; one number per person is needed.")
    counted = counted[ranking.order]
    added, paid, *_ = _money(ranking, counted, 0.0, grid, None)
    draws = [_money(ranking, counted, 0.0, grid, counts) for counts in ranking.resamples(n_boot, seed)]
    return DrawnCurves(added[0], paid[0], *(np.concatenate([each[i] for each in draws]) for i in (0, 1)))


def roi_curve(
    margin: ArrayLike,
    treatment: ArrayLike,
    score: ArrayLike,
    *,
    cost_per_treated: float = 0.0,
    treatment_cost: ArrayLike | None = None,
    shares: ArrayLike = SHARES,
    n_boot: int = 300,
    seed: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> RoiCurve:
    """Profit and return of treating the top share of a ranking, for every share.

    Parameters
    ----------
    margin
        Margin each person brought in a randomised experiment, before the cost of the treatment, shape (n,).
    score
        Ranking, highest first (out-of-fold predicted uplift), shape (n,).
    cost_per_treated
        Fixed cost of treating one person.
    treatment_cost
        Cost the treatment caused for each person in the experiment, shape (n,); only treated rows are read.
    shares
        Shares of people at which to report, ascending, within [0, 1].

    Raises
    ------
    JourneyError
        As `rank_people` and `check_arms`, for shares that do not rise within [0, 1] or are fewer than two, a
        negative cost per person, and when there is not one treatment cost per person.
    """
    grid = np.asarray(shares, dtype=float)
    if grid.ndim != 1 or len(grid) < 2 or (np.diff(grid) <= 0).any() or grid[0] < 0 or grid[-1] > 1:
        raise JourneyError("Shares must rise within [0, 1] and hold at least two values.")
    if cost_per_treated < 0:
        raise JourneyError(f"The cost per treated person ({cost_per_treated}) must not be negative.")
    ranking = rank_people(margin, treatment, score, clusters)
    n = len(ranking.order)
    caused = np.zeros(n) if treatment_cost is None else np.asarray(treatment_cost, dtype=float)
    if caused.shape != (n,):
        raise JourneyError(f"Treatment costs have shape {caused.shape}; one per person is needed ({n}).")
    caused = caused[ranking.order]
    check_arms(ranking, grid)
    point = _money(ranking, caused, cost_per_treated, grid, None)
    draws = [
        _money(ranking, caused, cost_per_treated, grid, counts) for counts in ranking.resamples(n_boot, seed)
    ]
    gained, cost = (np.concatenate([d[i] for d in draws]) for i in (0, 1))
    profit, point_profit = gained - cost, point[0] - point[1]
    best, best_drawn = int(point_profit[0].argmax()), profit.argmax(axis=1)
    return RoiCurve(
        share=grid,
        incremental_margin=_band(point[0], gained, level),
        cost=_band(point[1], cost, level),
        profit=_band(point_profit, profit, level),
        roi=_band(
            divided(point_profit, point[1], otherwise=np.nan), divided(profit, cost, otherwise=np.nan), level
        ),
        random_profit=grid * (point[2] - point[3]),
        best_share=percentile_estimate(float(grid[best]), grid[best_drawn], level),
        best_profit=percentile_estimate(float(point_profit[0, best]), profit[:, best], level),
        n=n,
        n_units=ranking.n_units,
        level=level,
    )


def profit_of_everyone(spend: Estimate, *, margin: float, cost: float) -> Estimate:
    """Profit a person of treating everyone, from the effect on what a person spends.

    Parameters
    ----------
    spend
        Effect on the revenue of a person.
    margin
        Gross margin as a share of revenue, from 0 to 1.
    cost
        Cost of treating one person.

    Raises
    ------
    JourneyError
        For a margin outside [0, 1], or a cost below 0.
    """
    if not 0 <= margin <= 1 or cost < 0:
        raise JourneyError(f"The margin ({margin}) must lie in [0, 1], the cost ({cost}) not below 0.")
    return scaled(spend, margin, less=cost)


def _money(
    ranking: Ranking, caused: FloatArray, fixed: float, grid: FloatArray, counts: FloatArray | None
) -> tuple[FloatArray, FloatArray, float, float]:
    """Incremental margin and cost per person on the grid, and both when everyone is treated (first draw)."""
    sums = ranking.sums(counts)
    share = sums.share
    rates = divided(sums.outcome_treated, sums.treated) - divided(sums.outcome_control, sums.control)
    caused_rate = divided(ranking.cumulate(caused * ranking.treated, counts), sums.treated)
    gained, cost = share * rates, share * (fixed + caused_rate)
    on_grid = Interpolation(share, grid)
    return on_grid(gained), on_grid(cost), float(gained[0, -1]), float(cost[0, -1])


def _band(point: FloatArray, draws: FloatArray, level: float) -> Band:
    low, high = percentile_interval(draws, level)
    return Band(point[0], low, high)
