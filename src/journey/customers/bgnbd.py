"""BG/NBD: customers buy at a constant rate of their own and may leave after a purchase.

Fader, Hardie & Lee (2005), "Counting your customers" the easy way; with `leaves_at_once`, the MBG/NBD of
Batislam, Denizel & Filiztekin (2007), where a customer may leave after the first purchase too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from scipy.special import gammaln, psi

from journey.customers.grouped import WEEK, Grouped, group
from journey.customers.likelihood import Fit, maximise
from journey.customers.nbd import why_not
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats

NAMES = ("r", "alpha", "a", "b")
NODES = 64
ADVICE = "it needs customers who bought again and, among them, some who have stopped; use a longer period"


@dataclass(frozen=True)
class BetaGeometric:
    """A fitted BG/NBD.

    Attributes
    ----------
    fit
        Parameters: rates are gamma with shape r and rate alpha (in periods); the chance to leave after a
        purchase is beta with a and b.
    period_days
        Days in a period.
    leaves_at_once
        Whether a customer may leave after the first purchase (MBG/NBD).
    """

    fit: Fit
    period_days: float = WEEK
    leaves_at_once: bool = False

    def alive(self, summary: Summary) -> Floats:
        """Probability that each customer has not left by the end; (n,).

        BG/NBD gives 1 to everyone who bought once: nobody leaves before a second purchase.
        """
        r, alpha, a, b = self.fit.values
        x, recency, age = _history(summary, self.period_days)
        chances = x + self.leaves_at_once
        with np.errstate(divide="ignore"):
            odds = np.log(a) - np.log(b + chances - 1) + (r + x) * np.log((alpha + age) / (alpha + recency))
        return np.where(chances > 0, 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0))), 1.0)

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
        r, alpha, a, b = self.fit.values
        x, _, age = _history(summary, self.period_days)
        horizons = np.atleast_1d(np.asarray(days, dtype=np.float64)) / self.period_days
        found = np.empty((len(x), len(horizons)))
        for count in np.unique(x):
            rows = np.flatnonzero(x == count)
            ages, place = np.unique(age[rows], return_inverse=True)
            chances = count + self.leaves_at_once
            found[rows] = _future(r + count, alpha + ages, a, b + chances, horizons)[place]
        found *= self.alive(summary)[:, None]
        return found if np.ndim(days) else found[:, 0]

    def expected_new(self, days: ArrayLike) -> Floats:
        """Repeat purchases expected of a new customer in the first `days` days; (t,) or a number."""
        r, alpha, a, b = self.fit.values
        horizons = np.atleast_1d(np.asarray(days, dtype=np.float64)) / self.period_days
        found = _future(r, np.array([alpha]), a, b + self.leaves_at_once, horizons)[0]
        if self.leaves_at_once:
            found = found * b / (a + b)
        return found if np.ndim(days) else found[0]


def fit_bgnbd(
    summary: Summary,
    *,
    period_days: float = WEEK,
    leaves_at_once: bool = False,
    weights: ArrayLike | None = None,
    start: Floats | None = None,
) -> BetaGeometric:
    """Fit by maximum likelihood.

    Parameters
    ----------
    period_days
        Days in a period; parameters do not depend on it but for alpha, which is in periods.
    leaves_at_once
        Fit the MBG/NBD instead.
    weights
        (n,) how often each customer counts.
    start
        First guess of r, alpha, a, b, such as an earlier fit.

    Raises
    ------
    JourneyError
        When nobody bought again, or the likelihood has no maximum (all seem alive, too few customers).
    """  # noqa: DOC501 (why_not makes a JourneyError)
    groups = group(summary, period_days, weights)
    guess = np.array([0.5, groups.age.mean() / 4, 0.7, 2.5]) if start is None else start
    model = "MBG/NBD" if leaves_at_once else "BG/NBD"
    try:
        fit = maximise(
            lambda values: log_likelihood(values, groups, leaves_at_once),
            guess,
            NAMES,
            customers=round(groups.customers.sum()),
            model=model,
            advice=ADVICE,
        )
    except JourneyError as error:
        raise why_not(error, groups, model) from error
    return BetaGeometric(fit, period_days, leaves_at_once)


def log_likelihood(values: Floats, groups: Grouped, leaves_at_once: bool = False) -> tuple[float, Floats]:
    """Log-likelihood of r, alpha, a, b, and its gradient."""
    r, alpha, a, b = values
    n, counts, ages, recencies = groups.customers, groups.by_frequency, groups.by_age, groups.by_recency
    x, customers, at = counts.values, counts.customers, counts.place
    shape, chances = r + x, x + leaves_at_once
    last = np.where(chances > 0, b + chances - 1, np.inf)
    log_age = np.log(alpha + ages.values)[ages.place]
    waited = log_age - np.log(alpha + recencies.values)[recencies.place]
    # Log-odds of having left after the last purchase against having stayed.
    shapes = shape[at]
    odds = (np.log(a) - np.log(last))[at] + shapes * waited
    small = np.exp(-np.abs(odds))
    gone = np.where(odds > 0, 1.0, small) / (1.0 + small)
    common = gammaln(shape) - gammaln(r) + r * np.log(alpha)
    common += gammaln(a + b) - gammaln(b) + gammaln(b + chances) - gammaln(a + b + chances)
    # The plain logarithm is several times as fast as log1p, and its error of 1e-16 adds up to nothing here.
    value = customers @ common + n @ (np.maximum(odds, 0.0) + np.log(1.0 + small) - shapes * log_age)
    both = psi(a + b) - psi(a + b + chances)
    inverse_age = (1 / (alpha + ages.values))[ages.place]
    inverse_recency = (1 / (alpha + recencies.values))[recencies.place]
    seen = inverse_age + gone * (inverse_recency - inverse_age)
    gradient = np.array(
        [
            customers @ (psi(shape) - psi(r) + np.log(alpha)) - n @ (log_age - gone * waited),
            customers.sum() * r / alpha - n @ (shapes * seen),
            customers @ both + n @ gone / a,
            customers @ (both + psi(b + chances) - psi(b)) - n @ (gone / last[at]),
        ]
    )
    return float(value), gradient


def _history(summary: Summary, period_days: float) -> tuple[Floats, Floats, Floats]:
    return summary.frequency.astype(np.float64), summary.recency / period_days, summary.age / period_days


def _future(shape: float, rate: Floats, a: float, b: float, horizons: Floats) -> Floats:
    """Purchases of someone alive whose rate is gamma(shape, rate) and whose chance to leave is beta(a, b).

    Given the chance p, the expectation is (1 - (rate / (rate + p t)) ** shape) / p; its mean over p is taken
    by Gauss-Jacobi quadrature, which has no pole where a = 1, unlike the closed form.
    """
    p, weight = beta_nodes(a, b, NODES)
    grown = np.log1p(p[:, None, None] * horizons / rate[:, None])
    given = -np.expm1(-shape * grown) / p[:, None, None]
    return np.tensordot(weight, given, axes=1)


def beta_nodes(a: float, b: float, count: int) -> tuple[Floats, Floats]:
    """Nodes in (0, 1) and weights that integrate against a beta(a, b) density (Golub & Welsch 1969)."""
    k = np.arange(1, count, dtype=np.float64)
    one, two = b - 1, a - 1  # Jacobi weight (1 - x) ** one (1 + x) ** two
    both = 2 * k + one + two
    diagonal = np.r_[(two - one) / (one + two + 2), (two**2 - one**2) / (both * (both + 2))]
    first = 4 * (1 + one) * (1 + two) / ((2 + one + two) ** 2 * (3 + one + two))
    m, later = k[1:], both[1:]
    rest = 4 * m * (m + one) * (m + two) * (m + one + two) / (later**2 * (later + 1) * (later - 1))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(np.r_[first, rest]))
    return np.clip((nodes + 1) / 2, 1e-300, 1.0), vectors[0] ** 2
