"""How good a forecast of each customer's spend is: error, bias, rank, and who the best customers will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.scores import equal_mass_bins

TOP = 0.1


@dataclass(frozen=True)
class Forecast:
    """Quality of a forecast over n customers.

    Attributes
    ----------
    mae
        Mean absolute error, money.
    bias
        Sum of the forecasts over the sum of what came, less 1.
    r2
        1 - squared error over that of the mean of what came; below zero is worse than the mean.
    rank
        Spearman's rank correlation.
    top_found
        Share of the true top tenth among the tenth forecast highest.
    """

    mae: Estimate
    bias: Estimate
    r2: Estimate
    rank: Estimate
    top_found: Estimate


def judge(actual: ArrayLike, forecast: ArrayLike) -> dict[str, float]:
    """The five measures of `Forecast`, without intervals.

    Raises
    ------
    JourneyError
        For lengths that differ, fewer than ten customers, a number that is not finite, or no spend at all.
    """
    y, f = _checked(actual, forecast)
    error = f - y
    spread = float(((y - y.mean()) ** 2).sum())
    ranks, guessed = rankdata(y), rankdata(f)
    constant = np.ptp(guessed) == 0 or np.ptp(ranks) == 0
    return {
        "mae": float(np.abs(error).mean()),
        "bias": float(f.sum() / y.sum() - 1),
        "r2": 1 - float((error**2).sum()) / spread if spread > 0 else 0.0,
        "rank": 0.0 if constant else float(np.corrcoef(ranks, guessed)[0, 1]),
        "top_found": top_found(y, f),
    }


def judged(actual: ArrayLike, forecast: ArrayLike, *, replicates: int = 400, seed: int = 0) -> Forecast:
    """The measures with 95% intervals from drawing customers."""
    y, f = _checked(actual, forecast)
    rng = np.random.default_rng(seed)
    observed = judge(y, f)
    drawn = []
    for _ in range(replicates):
        rows = rng.integers(len(y), size=len(y))
        if y[rows].sum() > 0:
            drawn.append(list(judge(y[rows], f[rows]).values()))
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    return Forecast(
        **{
            name: Estimate(value, float(min(a, value)), float(max(b, value)))
            for (name, value), a, b in zip(observed.items(), low, high, strict=True)
        }
    )


def top_found(actual: Floats, forecast: Floats, share: float = TOP) -> float:
    """Share of the true top customers among those forecast highest; ties at an edge count in proportion."""
    size = max(1, round(share * len(actual)))
    return float(_membership(actual, size) @ _membership(forecast, size) / size)


def by_decile(actual: ArrayLike, forecast: ArrayLike, *, bins: int = 10, seed: int = 0) -> pd.DataFrame:
    """Mean forecast and mean outcome by tenth of the forecast, with bootstrap intervals of the outcome.

    Customers with equal forecasts stay together, so that there may be fewer tenths than ten.
    """
    y, f = _checked(actual, forecast)
    place = equal_mass_bins(f, bins)
    rng, rows = np.random.default_rng(seed), []
    for number in range(int(place.max()) + 1):
        inside = y[place == number]
        means = rng.choice(inside, size=(400, len(inside))).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        value = float(inside.mean())
        rows.append(
            (
                number + 1,
                float(f[place == number].mean()),
                value,
                min(low, value),
                max(high, value),
                len(inside),
            )
        )
    return pd.DataFrame(rows, columns=["decile", "forecast", "actual", "low", "high", "customers"])


def _membership(values: Floats, size: int) -> Floats:
    """Weight of each row in the top `size`: 1 above the edge, a share of what is left at it, else 0."""
    edge = np.sort(values)[-size]
    above, at = values > edge, values == edge
    return above + at * (size - above.sum()) / at.sum()


def _checked(actual: ArrayLike, forecast: ArrayLike) -> tuple[Floats, Floats]:
    y, f = np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    if y.shape != f.shape or y.ndim != 1 or len(y) < 10:
        raise JourneyError(
            f"a forecast is judged on ten customers or more, one number each; got {y.shape} and {f.shape}"
        )
    if not (np.isfinite(y).all() and np.isfinite(f).all()):
        raise JourneyError(
            f"{int((~np.isfinite(y) | ~np.isfinite(f)).sum())} of {len(y)} rows are not finite"
        )
    if y.sum() <= 0:
        raise JourneyError(f"none of {len(y):,} customers spent anything, so no forecast can be judged")
    return y, f
