"""NBD: customers buy at a constant rate of their own and never leave. BG/NBD and Pareto/NBD fall back to it.

Ehrenberg (1959). Where the data show no sign of leaving, their likelihood only rises towards this model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from journey.customers.grouped import WEEK, Grouped, group
from journey.customers.likelihood import Fit, maximise
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats

NAMES = ("r", "alpha")
ADVICE = "it needs customers who buy at different rates; use a longer period"


@dataclass(frozen=True)
class NBD:
    """A fitted NBD: rates of buying are gamma with shape r and rate alpha, in periods."""

    fit: Fit
    period_days: float = WEEK

    def expected(self, summary: Summary, days: ArrayLike) -> Floats:
        """Purchases that each customer is expected to make in the next `days` days; (n,) or (n, t)."""
        r, alpha = self.fit.values
        rate = (r + summary.frequency) / (alpha + summary.age / self.period_days)
        horizons = np.asarray(days, dtype=np.float64) / self.period_days
        return np.asarray(np.multiply.outer(rate, horizons))

    def alive(self, summary: Summary) -> Floats:
        """Nobody ever leaves: 1 for all; (n,)."""
        return np.ones(len(summary))

    def quiet(self, summary: Summary, days: float) -> Floats:
        """Probability that each customer buys nothing in the next `days` days; (n,)."""
        r, alpha = self.fit.values
        age, span = summary.age / self.period_days, days / self.period_days
        return np.asarray(np.exp(-(r + summary.frequency) * np.log1p(span / (alpha + age))))

    def expected_new(self, days: ArrayLike) -> Floats:
        """Repeat purchases expected of a new customer in the first `days` days; (t,) or a number."""
        r, alpha = self.fit.values
        return np.asarray(r / alpha * np.asarray(days, dtype=np.float64) / self.period_days)[()]


def fit_nbd(summary: Summary, *, period_days: float = WEEK, weights: ArrayLike | None = None) -> NBD:
    """Fit by maximum likelihood.

    Raises
    ------
    JourneyError
        When nobody bought again, or all buy at one rate.
    """
    return NBD(nbd_of(group(summary, period_days, weights)), period_days)


def nbd_of(groups: Grouped) -> Fit:
    """Fit of grouped histories."""
    start = np.array([0.7, groups.age.mean() / 3])
    people = round(groups.customers.sum())
    return maximise(
        lambda values: log_likelihood(values, groups),
        start,
        NAMES,
        customers=people,
        model="NBD",
        advice=ADVICE,
    )


def log_likelihood(values: Floats, groups: Grouped) -> tuple[float, Floats]:
    """Log-likelihood of r, alpha, and its gradient."""
    r, alpha = values
    n, shape, rate = groups.customers, r + groups.frequency, alpha + groups.age
    whole = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(rate)
    by_r = n @ (psi(shape) - psi(r) + np.log(alpha) - np.log(rate))
    return float(n @ whole), np.array([by_r, n @ (r / alpha - shape / rate)])


def why_not(error: JourneyError, groups: Grouped, model: str) -> JourneyError:
    """What to say where a model with leaving cannot be fitted: often that nobody seems to leave."""
    try:
        sign = sign_of_leaving(nbd_of(groups), groups)
    except JourneyError:
        return error
    if sign > 0:
        return error
    return JourneyError(
        f"{model} finds no sign that any of {groups.customers.sum():,.0f} customers has left: nobody is "
        f"silent for longer than the differences of their rates explain; use the NBD, or a longer period"
    )


def sign_of_leaving(fit: Fit, groups: Grouped) -> float:
    """How the log-likelihood changes when a first small share of purchases is let to be the last one.

    At or below zero the data show no sign that anybody leaves: silence is no longer than rates explain.
    """
    r, alpha = fit.values
    x, n = groups.frequency, groups.customers
    silence = (r + x) * np.log((alpha + groups.age) / (alpha + groups.recency))
    return float(n @ (np.where(x > 0, np.exp(np.minimum(silence, 700.0)), 0.0) - x))
