"""Compare an uplift score with true effects, where a simulation knows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.causal.study import FloatArray
from journey.errors import JourneyError
from journey.uplift.ranking import without_noise


@dataclass(frozen=True)
class TruthComparison:
    """How close a score comes to the true effects.

    Attributes
    ----------
    pearson, spearman
        Correlation of score and true effect over people.
    rmse
        Root mean squared error of the score, in units of the effect.
    share, captured, oracle, random
        Share treated, and the total true effect per person of the audience when that share is chosen by the
        score, by the true effect, and at random; each of shape (shares,).
    share_captured
        Sum of captured - random over that of oracle - random: 1 for the oracle's ranking, 0 for a random
        one.
    policy_value, oracle_value, everybody_value
        Profit per person when the score decides (treat where value * score > cost), when the truth decides,
        and when everybody is treated, all judged by the true effects.
    policy_share, oracle_share
        Share of people that the score, and the truth, would treat.
    regret
        `oracle_value` - `policy_value`.
    oracle_share_captured
        `policy_value` / `oracle_value`; None when even the oracle gains nothing.
    """

    pearson: float
    spearman: float
    rmse: float
    share: FloatArray
    captured: FloatArray
    oracle: FloatArray
    random: FloatArray
    share_captured: float
    policy_value: float
    oracle_value: float
    everybody_value: float
    policy_share: float
    oracle_share: float
    regret: float
    oracle_share_captured: float | None
    n: int


def compare_with_truth(
    true_effect: ArrayLike,
    score: ArrayLike,
    *,
    value: float = 1.0,
    cost: float | ArrayLike = 0.0,
    shares: ArrayLike | None = None,
) -> TruthComparison:
    """Judge a score by the true effects.

    Parameters
    ----------
    true_effect, score
        True and predicted effect of each person in the same unit, shape (n,).
    value
        Money one unit of effect is worth.
    cost
        Money treating a person costs, one number or shape (n,).
    shares
        Shares of people treated at which to compare; default 0, 0.05, ..., 1.

    Raises
    ------
    JourneyError
        When true effects and scores are not vectors of one length, two or more, or one is not finite.

    Notes
    -----
    Equal scores are treated in a mix with the mean effect of their group, so nothing depends on row order.
    """
    truth, predicted = np.asarray(true_effect, dtype=float), np.asarray(score, dtype=float)
    if truth.shape != predicted.shape or truth.ndim != 1 or len(truth) < 2:
        raise JourneyError(
            f"True effects {truth.shape} and scores {predicted.shape} must be one-dimensional, equally long."
        )
    if not (np.isfinite(truth).all() and np.isfinite(predicted).all()):
        raise JourneyError(f"True effects and scores of {len(truth)} people must be finite.")
    grid = np.linspace(0, 1, 21) if shares is None else np.asarray(shares, dtype=float)
    captured, oracle = _captured(truth, predicted, grid), _captured(truth, truth, grid)
    random = grid * truth.mean()
    price = np.broadcast_to(np.asarray(cost, dtype=float), truth.shape)
    gain = value * truth - price
    chosen, best = value * predicted > price, gain > 0
    policy_value, oracle_value = float((gain * chosen).mean()), float((gain * best).mean())
    inner = (grid > 0) & (grid < 1)
    room = float((oracle - random)[inner].sum())
    return TruthComparison(
        pearson=_correlation(truth, predicted),
        spearman=_correlation(stats.rankdata(truth), stats.rankdata(predicted)),
        rmse=float(np.sqrt(((truth - predicted) ** 2).mean())),
        share=grid,
        captured=captured,
        oracle=oracle,
        random=random,
        share_captured=float((captured - random)[inner].sum() / room) if room > 0 else float("nan"),
        policy_value=policy_value,
        oracle_value=oracle_value,
        everybody_value=float(gain.mean()),
        policy_share=float(chosen.mean()),
        oracle_share=float(best.mean()),
        regret=oracle_value - policy_value,
        oracle_share_captured=policy_value / oracle_value if oracle_value > 0 else None,
        n=len(truth),
    )


def _captured(truth: FloatArray, score: FloatArray, grid: FloatArray) -> FloatArray:
    _, group, count = np.unique(-without_noise(score), return_inverse=True, return_counts=True)
    total = np.bincount(group, weights=truth)
    people = np.r_[0, np.cumsum(count)] / len(truth)
    return np.interp(grid, people, np.r_[0.0, np.cumsum(total)] / len(truth))


def _correlation(x: FloatArray, y: FloatArray) -> float:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
