"""Gamma-Gamma: what a purchase of a customer is worth, from the mean of those seen.

Fader & Hardie (2013), "The Gamma-Gamma model of monetary value". Every customer has a mean of their own, and
how often a customer buys says nothing about it; that second part is an assumption to check.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from journey.customers.grouped import levels
from journey.customers.likelihood import Fit, Likelihood, maximise
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats

NAMES = ("p", "q", "v")
ADVICE = "it needs customers with several purchases whose amounts vary; use a longer period"


@dataclass(frozen=True)
class GammaGamma:
    """A fitted Gamma-Gamma model: purchases are gamma with shape p, and v and q shape their means."""

    fit: Fit

    @property
    def mean(self) -> float:
        """Expected money of a purchase of a new customer.

        Raises
        ------
        JourneyError
            When q is at most 1: then means have no expectation.
        """
        p, q, v = self.fit.values
        if q <= 1:
            raise JourneyError(
                f"Gamma-Gamma: q is {q:.3f}, so a new customer's mean purchase has no expectation; "
                f"set aside the few largest customers or state a median"
            )
        return float(p * v / (q - 1))

    def expected(self, summary: Summary) -> Floats:
        """Expected money of a further purchase of each customer; (n,)."""
        p, q, v = self.fit.values
        x, z = summary.frequency, np.nan_to_num(summary.money)
        prior = self.mean if (x == 0).any() else 0.0
        return np.where(x > 0, p * (v + x * z) / np.where(x > 0, p * x + q - 1, 1.0), prior)


def fit_gamma_gamma(
    summary: Summary, *, weights: ArrayLike | None = None, start: Floats | None = None
) -> GammaGamma:
    """Fit by maximum likelihood to the customers who bought again.

    Parameters
    ----------
    weights
        (n,) how often each customer counts; once when omitted.
    start
        First guess of p, q, v.

    Raises
    ------
    JourneyError
        When nobody bought again, a mean is not positive, or the likelihood has no maximum.
    """
    counts = np.ones(len(summary)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows = summary.repeated & (counts > 0)
    x, z, n = summary.frequency[rows].astype(np.float64), summary.money[rows], counts[rows]
    if not len(x):
        raise JourneyError(f"none of {len(summary):,} customers bought again, so no mean can be told")
    if (wrong := ~(z > 0)).any():
        raise JourneyError(
            f"{int(wrong.sum())} of {len(z):,} repeat customers spend nothing or less on average; "
            f"the model needs positive money: leave them out and say how many"
        )
    scale = float(np.average(z, weights=n))
    guess = np.array([4.0, 4.0, 0.75]) if start is None else start / np.array([1.0, 1.0, scale])
    likelihood = _likelihood(x, z / scale, n)
    fit = maximise(likelihood, guess, NAMES, customers=round(n.sum()), model="Gamma-Gamma", advice=ADVICE)
    # Money in other units moves v and the density by known amounts.
    values = fit.values * np.array([1.0, 1.0, scale])
    level = fit.log_likelihood - float(n.sum() * np.log(scale))
    return GammaGamma(Fit(NAMES, values, level, fit.covariance, fit.customers, fit.evaluations))


@dataclass(frozen=True)
class OneMean:
    """The same mean for every customer: what Gamma-Gamma runs to where customers do not differ."""

    mean: float

    def expected(self, summary: Summary) -> Floats:
        """Expected money of a further purchase of each customer; (n,)."""
        return np.full(len(summary), self.mean)


def fit_money(summary: Summary) -> GammaGamma | OneMean:
    """Gamma-Gamma, or one mean where the customers, often because they are few, show no difference.

    Customers whose mean is not positive are left out.

    Raises
    ------
    JourneyError
        When nobody bought again for money.
    """
    rows = summary.money > 0
    if not rows.any():
        raise JourneyError(f"none of {len(summary):,} customers bought again for money: no mean can be told")
    try:
        return fit_gamma_gamma(summary, weights=rows)
    except JourneyError:
        return OneMean(float(np.average(summary.money[rows], weights=summary.frequency[rows])))


def _likelihood(x: Floats, z: Floats, n: Floats) -> Likelihood:
    """Log-likelihood and gradient in p, q, v; each customer made x repeat purchases of mean z, n times."""
    counts, total = levels(x, n), x * z
    distinct, customers, at = counts.values, counts.customers, counts.place
    log_total, often = np.log(total), n * x
    fixed, logs, everyone = float(often @ log_total), float(n @ np.log(z)), float(n.sum())

    def likelihood(values: Floats) -> tuple[float, Floats]:
        p, q, v = values
        shape = p * distinct
        joint, rest = shape + q, np.log(v + total)
        by_count = gammaln(joint) - gammaln(shape) - gammaln(q) + q * np.log(v)
        value = customers @ by_count + p * fixed - logs - n @ (joint[at] * rest)
        gradient = np.array(
            [
                customers @ (distinct * (psi(joint) - psi(shape))) + fixed - often @ rest,
                customers @ psi(joint) + everyone * (np.log(v) - psi(q)) - n @ rest,
                everyone * q / v - n @ (joint[at] / (v + total)),
            ]
        )
        return float(value), gradient

    return likelihood
