"""Bayesian view of conversion rates: Beta-Binomial posteriors, probability to be best, expected loss.

Everything is computed by quadrature, not by drawing: the same input gives the same digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

from journey.errors import JourneyError
from journey.experiments.inputs import FloatArray, check_share, refuse
from journey.experiments.statistics import Proportion

# Panels of the quadrature end where any posterior bends: at these distances (standard deviations) from its
# mean.
BENDS = np.array([-12.0, -8.0, -5.5, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.5, 8.0, 12.0])
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)


@dataclass(frozen=True)
class Posterior:
    """Posterior of the conversion rate of each arm; the first arm is the control.

    Attributes
    ----------
    names : tuple of str
    alpha, beta : tuple of float
        Parameters of each Beta posterior.
    mean, low, high : tuple of float
        Posterior mean and equal-tailed credible limits of each rate.
    probability_best : tuple of float
        Probability that the arm has the highest rate; they add up to 1.
    expected_loss : tuple of float
        Expected conversion rate given up by choosing this arm: E[max of all rates - rate of this arm].
    probability_better : tuple of float
        Probability of a higher rate than the control; 0.5 for the control itself by convention.
    difference, difference_low, difference_high : tuple of float
        Posterior mean and equal-tailed credible limits of rate minus control rate; 0 for the control itself.
    level : float
        Credibility of the limits.
    prior : tuple of float
    """

    names: tuple[str, ...]
    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    probability_best: tuple[float, ...]
    expected_loss: tuple[float, ...]
    probability_better: tuple[float, ...]
    difference: tuple[float, ...]
    difference_low: tuple[float, ...]
    difference_high: tuple[float, ...]
    level: float
    prior: tuple[float, float]


def _edges(a: FloatArray, b: FloatArray) -> FloatArray:
    """Ends of the quadrature panels in [0, 1], shape (..., panels + 1)."""
    mean = a / (a + b)
    deviation = np.sqrt(mean * (1 - mean) / (a + b + 1))
    bends = np.clip(mean[..., None] + BENDS * deviation[..., None], 0.0, 1.0)
    flat = bends.reshape(*bends.shape[:-2], -1)
    ends = np.concatenate([np.zeros((*flat.shape[:-1], 1)), flat, np.ones((*flat.shape[:-1], 1))], axis=-1)
    return np.asarray(np.sort(ends, axis=-1))


def _panels(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the composite rule, shapes (..., nodes)."""
    middle, half = 0.5 * (edges[..., 1:] + edges[..., :-1]), 0.5 * np.diff(edges, axis=-1)
    nodes = middle[..., None] + half[..., None] * POINTS
    weights = half[..., None] * WEIGHTS
    return nodes.reshape(*nodes.shape[:-2], -1), weights.reshape(*weights.shape[:-2], -1)


def _masses(a: Any, b: Any, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes x and their probabilities under Beta(a, b), shapes (..., nodes), for integrals over one rate.

    In t with x = sin(t)^2 the density is proportional to sin(t)^(2a-1) cos(t)^(2b-1): no infinite ends for
    a, b >= 1/2 (Jeffreys' prior without data).
    """
    t, weights = _panels(np.arcsin(np.sqrt(edges)))
    # Panels of width zero lie exactly on the ends, where the logarithm is infinite and the weight nil.
    inside = np.clip(t, 1e-9, np.pi / 2 - 1e-9)
    log_density = (2 * a - 1) * np.log(np.sin(inside)) + (2 * b - 1) * np.log(np.cos(inside))
    mass = weights * np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    return np.square(np.sin(t)), np.asarray(mass / mass.sum(axis=-1, keepdims=True))


def probability_best(a: Any, b: Any) -> FloatArray:
    """Probability that each of several independent Beta variables is the largest.

    Parameters
    ----------
    a, b : array
        Parameters, shape (..., arms), at least 0.5.

    Returns
    -------
    array
        Shape (..., arms), adds up to 1 over arms.
    """
    first, second = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    refuse((first < 0.5) | (second < 0.5), "Beta parameters must be at least 0.5 (Jeffreys' prior)")
    edges = _edges(first, second)
    chances = []
    for arm in range(first.shape[-1]):
        own_a, own_b = first[..., arm, None], second[..., arm, None]
        x, mass = _masses(own_a, own_b, edges)
        others = np.ones_like(x)
        for other in range(first.shape[-1]):
            if other != arm:
                others = others * special.betainc(first[..., other, None], second[..., other, None], x)
        chances.append((others * mass).sum(axis=-1))
    stacked = np.stack(chances, axis=-1)
    return np.asarray(stacked / stacked.sum(axis=-1, keepdims=True))


def expected_loss(a: Any, b: Any) -> FloatArray:
    """E[max of all rates - own rate] for each arm; parameters and shape as in `probability_best`."""
    first, second = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    refuse((first < 0.5) | (second < 0.5), "Beta parameters must be at least 0.5 (Jeffreys' prior)")
    t, weights = _panels(np.arcsin(np.sqrt(_edges(first, second))))
    x, weights = np.square(np.sin(t)), weights * np.sin(2 * t)
    cdf = np.stack(
        [special.betainc(first[..., arm, None], second[..., arm, None], x) for arm in range(first.shape[-1])],
        axis=-2,
    )
    # E[max] - E[own] = integral of F_own (1 - product of the others): no cancellation of nearly equal
    # numbers.
    losses = []
    for arm in range(first.shape[-1]):
        others = np.delete(cdf, arm, axis=-2).prod(axis=-2)
        losses.append((cdf[..., arm, :] * (1 - others) * weights).sum(axis=-1))
    return np.stack(losses, axis=-1)


def _difference_quantile(a: FloatArray, b: FloatArray, tail: float) -> float:
    """Quantile of (second - first) for two Beta variables."""
    edges = _edges(a, b)

    def cdf(gap: float) -> float:
        # The second rate reaches 0 or 1 where the first is -gap or 1 - gap: a bend that ends a panel.
        bends = np.sort(np.append(edges, np.clip([-gap, 1 - gap], 0.0, 1.0)))
        x, mass = _masses(a[0], b[0], bends)
        return float((special.betainc(a[1], b[1], np.clip(x + gap, 0.0, 1.0)) * mass).sum()) - tail

    return float(optimize.brentq(cdf, -1.0, 1.0, xtol=1e-12))


def beta_binomial(
    arms: Mapping[str, Proportion], *, prior: tuple[float, float] = (1.0, 1.0), level: float = 0.95
) -> Posterior:
    """Posterior of the conversion rates with independent Beta priors.

    Parameters
    ----------
    arms : mapping of name to Proportion
        Two or more arms, the control first. An arm without units keeps the prior.
    prior : (float, float)
        Beta parameters, at least 0.5 each; (1, 1) is uniform, (0.5, 0.5) is Jeffreys'.
    level : float
        Credibility of the limits.

    Returns
    -------
    Posterior

    Raises
    ------
    JourneyError
        For fewer than two arms or a prior below 0.5.

    Notes
    -----
    Expected loss as a stopping rule: Stucchio (2015), Bayesian A/B testing at VWO. Posterior statements are
    calibrated when effects are drawn from the prior; they do not bound the type-I error under repeated looks.
    """
    check_share("level", level)
    if len(arms) < 2:
        raise JourneyError(f"a comparison needs at least two arms; got {len(arms)}")
    if not np.isfinite(prior).all() or min(prior) < 0.5:
        raise JourneyError(f"the Beta prior needs two parameters of at least 0.5 (Jeffreys); got {prior!r}")
    a = np.array([prior[0] + float(arm.successes) for arm in arms.values()])
    b = np.array([prior[1] + float(arm.n) - float(arm.successes) for arm in arms.values()])
    mean, tail = a / (a + b), (1 - level) / 2
    better, low, high = [0.5], [0.0], [0.0]
    for arm in range(1, len(arms)):
        pair = np.array([0, arm])
        better.append(float(probability_best(a[pair], b[pair])[1]))
        low.append(_difference_quantile(a[pair], b[pair], tail))
        high.append(_difference_quantile(a[pair], b[pair], 1 - tail))
    return Posterior(
        names=tuple(str(name) for name in arms),
        alpha=tuple(a.tolist()),
        beta=tuple(b.tolist()),
        mean=tuple(mean.tolist()),
        low=tuple(special.betaincinv(a, b, tail).tolist()),
        high=tuple(special.betaincinv(a, b, 1 - tail).tolist()),
        probability_best=tuple(probability_best(a, b).tolist()),
        expected_loss=tuple(expected_loss(a, b).tolist()),
        probability_better=tuple(better),
        difference=tuple((mean - mean[0]).tolist()),
        difference_low=tuple(low),
        difference_high=tuple(high),
        level=level,
        prior=prior,
    )
