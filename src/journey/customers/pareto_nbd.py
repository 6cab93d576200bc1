"""Pareto/NBD: customers buy at a constant rate of their own and may leave at any time.

Schmittlein, Morrison & Colombo (1987). The likelihood is an integral over the moment of leaving, taken by
Gauss-Legendre quadrature instead of hypergeometric functions: the same digits, with an exact gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel, gammaln, logsumexp, psi

from journey.customers.grouped import WEEK, Grouped, group
from journey.customers.likelihood import Fit, maximise
from journey.customers.nbd import why_not
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats

NAMES = ("r", "alpha", "s", "beta")
NODES = 40
#: The integrand has fallen by e to this power where the integral is cut.
FALLEN = 45.0
ADVICE = "it needs customers who bought again and, among them, some who have stopped; use a longer period"


@dataclass(frozen=True)
class ParetoNBD:
    """A fitted Pareto/NBD.

    Attributes
    ----------
    fit
        Parameters: rates of buying are gamma(r, alpha), rates of leaving gamma(s, beta), in periods.
    period_days
        Days in a period.
    """

    fit: Fit
    period_days: float = WEEK

    def alive(self, summary: Summary) -> Floats:
        """Probability that each customer has not left by the end; (n,)."""
        groups = Grouped(
            summary.frequency.astype(np.float64),
            summary.recency / self.period_days,
            summary.age / self.period_days,
            np.ones(len(summary)),
        )
        stayed, left = _log_parts(self.fit.values, groups)[:2]
        return 1.0 / (1.0 + np.exp(np.minimum(left - stayed, 700.0)))

    def expected(self, summary: Summary, days: ArrayLike) -> Floats:
        """Purchases that each customer is expected to make in the next `days` days.

        Parameters
        ----------
        days
            A number, or (t,) numbers.

        Returns
        -------
        (n,), or (n, t) for several horizons.
        """
        r, alpha, s, beta = self.fit.values
        horizons = np.atleast_1d(np.asarray(days, dtype=np.float64)) / self.period_days
        age = summary.age[:, None] / self.period_days
        rate = (r + summary.frequency) / (alpha + summary.age / self.period_days)
        found = (rate * self.alive(summary))[:, None] * _active(s, beta + age, horizons)
        return found if np.ndim(days) else found[:, 0]

    def quiet(self, summary: Summary, days: float) -> Floats:
        """Probability that each customer buys nothing in the next `days` days, gone or not; (n,)."""
        r, alpha, s, beta = self.fit.values
        age, span = summary.age / self.period_days, days / self.period_days
        shape, rate, leaving = r + summary.frequency, alpha + age, beta + age
        # The first purchase comes at time u: the density of a rate still there is integrated over u.
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        time = span * (nodes + 1) / 2
        logs = np.log(shape / rate)[:, None] - (shape[:, None] + 1) * np.log1p(time / rate[:, None])
        logs = logs - s * np.log1p(time / leaving[:, None])
        return np.asarray(1 - self.alive(summary) * (np.exp(logs) @ weights) * span / 2)

    def expected_new(self, days: ArrayLike) -> Floats:
        """Repeat purchases expected of a new customer in the first `days` days; (t,) or a number."""
        r, alpha, s, beta = self.fit.values
        horizons = np.asarray(days, dtype=np.float64) / self.period_days
        return np.asarray(r / alpha * _active(s, np.array(beta), horizons))[()]


def fit_pareto_nbd(
    summary: Summary,
    *,
    period_days: float = WEEK,
    weights: ArrayLike | None = None,
    start: Floats | None = None,
) -> ParetoNBD:
    """Fit by maximum likelihood.

    Parameters
    ----------
    period_days
        Days in a period.
    weights
        (n,) how often each customer counts.
    start
        First guess of r, alpha, s, beta.

    Raises
    ------
    JourneyError
        When nobody bought again, or the likelihood has no maximum (all seem alive, too few customers).
    """  # noqa: DOC501 (why_not makes a JourneyError)
    groups = group(summary, period_days, weights)
    typical = float(groups.age.mean())
    guess = np.array([0.6, typical / 3, 0.6, typical / 3]) if start is None else start
    model = "Pareto/NBD"
    try:
        fit = maximise(
            lambda values: log_likelihood(values, groups),
            guess,
            NAMES,
            customers=round(groups.customers.sum()),
            model=model,
            advice=ADVICE,
        )
    except JourneyError as error:
        raise why_not(error, groups, model) from error
    return ParetoNBD(fit, period_days)


def log_likelihood(values: Floats, groups: Grouped) -> tuple[float, Floats]:
    """Log-likelihood of r, alpha, s, beta, and its gradient."""
    r, alpha, s, beta = values
    n, shape = groups.customers, r + groups.frequency
    stayed, left, pieces, time = _log_parts(values, groups)
    total = np.logaddexp(stayed, left)
    gone = np.exp(left - total)
    share = np.exp(pieces - logsumexp(pieces, axis=1, keepdims=True))
    log_a, log_b = np.log(alpha + time), np.log(beta + time)

    def over(integrand: Floats, at_end: Floats) -> Floats:
        return gone * (share * integrand).sum(axis=1) + (1 - gone) * at_end

    age = groups.age
    common = gammaln(shape) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    gradient = np.array(
        [
            n @ (psi(shape) - psi(r) + np.log(alpha) - over(log_a, np.log(alpha + age))),
            n @ (r / alpha - shape * over(1 / (alpha + time), 1 / (alpha + age))),
            n @ (np.log(beta) + gone / s - over(log_b, np.log(beta + age))),
            n @ (s / beta - over((s + 1) / (beta + time), s / (beta + age))),
        ]
    )
    return float(n @ (common + total)), gradient


def _log_parts(values: Floats, groups: Grouped) -> tuple[Floats, Floats, Floats, Floats]:
    """Logarithms of the chances to have stayed and to have left, and nodes of the second.

    Returns
    -------
    (g,), (g,), (g, nodes), (g, nodes)
        Up to common factors: of having stayed; of having left between the last purchase and the end; the
        summands of the latter; their times.
    """
    r, alpha, s, beta = values
    shape, first, last = r + groups.frequency, groups.recency, groups.age
    stayed = -shape * np.log(alpha + last) - s * np.log(beta + last)
    # In the logarithm of the time since -min(alpha, beta) the integrand falls about exponentially.
    origin = min(alpha, beta)
    low, high = np.log(origin + first), np.log(origin + last)
    falls = (s + 1) * (origin + first) / (beta + first) + shape * (origin + first) / (alpha + first) - 1
    high = np.where(falls > 0, np.minimum(high, low + FALLEN / np.where(falls > 0, falls, 1.0)), high)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    log_time = low[:, None] + (high - low)[:, None] * (nodes + 1) / 2
    time = np.exp(log_time) - origin
    # Who buys on the last day has had no time to leave: the interval is empty, its logarithm minus infinity.
    with np.errstate(divide="ignore"):
        width = np.log((high - low) / 2)[:, None]
    pieces = np.log(weights) + width + log_time + np.log(s)
    pieces = pieces - (s + 1) * np.log(beta + time) - shape[:, None] * np.log(alpha + time)
    empty = high <= low
    left = np.where(empty, -np.inf, logsumexp(np.where(empty[:, None], 0.0, pieces), axis=1))
    return stayed, left, np.where(empty[:, None], 0.0, pieces), time


def _active(s: float, rate: Floats, horizons: Floats) -> Floats:
    """Expected time before leaving within a horizon, when the rate of leaving is gamma(s, rate)."""
    logs = np.log1p(horizons / rate)
    return rate * logs * exprel((1 - s) * logs)
