"""Group-sequential tests: a planned number of looks with error-spending boundaries.

The boundaries hold the error rate over all looks together at alpha. They are computed by the recursive
numerical integration of Armitage, McPherson and Rowe (1969) in the form of Jennison and Turnbull (2000,
chapter 19), with Gauss-Legendre nodes: the statistic at look k is Z_k = B(t_k) / sqrt(t_k), B a Brownian
motion with drift. They are written here because neither SciPy nor statsmodels has them, and the usual
packages, gsDesign and rpact, are in R.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import optimize, special, stats

from journey.errors import JourneyError
from journey.experiments.inputs import (
    Alternative,
    FloatArray,
    check_alpha,
    check_alternative,
    check_share,
    numeric,
)

SpendingName: TypeAlias = Literal["obrien-fleming", "pocock"]
# Cumulative one-sided error spent at information fraction t: f(t, alpha), f(0) = 0, f(1) = alpha.
Spending: TypeAlias = Callable[[float, float], float]

# The normal density beyond nine standard deviations is below 1e-18: outside every quoted digit.
REACH = 9.0


def obrien_fleming_spending(t: float, alpha: float) -> float:
    """Lan and DeMets (1983), O'Brien-Fleming type: 2 - 2 Phi(z_(alpha/2) / sqrt(t)); almost nothing early."""
    return float(2 * stats.norm.sf(stats.norm.isf(alpha / 2) / np.sqrt(t)))


def pocock_spending(t: float, alpha: float) -> float:
    """Lan and DeMets (1983), Pocock type: alpha ln(1 + (e - 1) t); spends evenly."""
    return float(alpha * np.log1p((np.e - 1) * t))


def hwang_shih_decani(gamma: float) -> Spending:
    """Return the family of Hwang, Shih and DeCani (1990); -4 is near O'Brien-Fleming, 1 near Pocock."""

    def spending(t: float, alpha: float) -> float:
        return float(alpha * t if gamma == 0 else alpha * np.expm1(-gamma * t) / np.expm1(-gamma))

    return spending


SPENDING: dict[str, Spending] = {"obrien-fleming": obrien_fleming_spending, "pocock": pocock_spending}


@dataclass(frozen=True)
class Boundaries:
    """Critical values of each look.

    Attributes
    ----------
    information : tuple of float
        Information fractions of the looks, increasing, at most 1.
    z : tuple of float
        Critical values: reject when |Z| >= z (two-sided), Z >= z (greater) or Z <= -z (less). Infinite where
        nothing is spent.
    nominal_p : tuple of float
        p value that a fixed-horizon analysis would have to reach at that look.
    spent : tuple of float
        Cumulative error spent, both sides together.
    alpha, alternative, spending
        Design.
    """

    information: tuple[float, ...]
    z: tuple[float, ...]
    nominal_p: tuple[float, ...]
    spent: tuple[float, ...]
    alpha: float
    alternative: Alternative
    spending: str


@dataclass(frozen=True)
class Crossing:
    """Probability of first crossing at each look, for a given drift.

    Attributes
    ----------
    drift : float
        Expected Z at full information.
    in_favour, against : tuple of float
        Probabilities of first crossing in the direction of the alternative (upwards when two-sided) and in
        the other (0 for one-sided designs).
    power : float
        Probability of crossing in either direction at any look.
    expected_information : float
        Average information fraction when the experiment stops.
    """

    drift: float
    in_favour: tuple[float, ...]
    against: tuple[float, ...]
    power: float
    expected_information: float


@lru_cache(maxsize=256)
def _legendre(count: int) -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(count)


class _Walk:
    """The density of Z over the continuation region, carried from look to look."""

    def __init__(self, times: FloatArray, drift: float, two_sided: bool) -> None:
        self.times, self.drift, self.two_sided = times, drift, two_sided
        self.look = -1
        self.nodes: FloatArray = np.zeros(1)
        self.mass: FloatArray = np.ones(1)

    def _standardise(self, z: Any) -> FloatArray:
        """Distance from every node of this look to z at the next, in standard deviations of the step."""
        step = self.times[self.look + 1] - (self.times[self.look] if self.look >= 0 else 0.0)
        came = np.sqrt(self.times[self.look]) * self.nodes if self.look >= 0 else self.nodes
        reach = np.sqrt(self.times[self.look + 1]) * np.asarray(z)
        return np.asarray((reach[..., None] - came - self.drift * step) / np.sqrt(step))

    def above(self, z: float) -> float:
        """Probability of reaching the next look and exceeding z there."""
        return float(special.ndtr(-self._standardise(z)) @ self.mass)

    def below(self, z: float) -> float:
        """Probability of reaching the next look and falling below z there."""
        return float(special.ndtr(self._standardise(z)) @ self.mass)

    def advance(self, bound: float) -> None:
        """Continue past the next look with those that stay inside the bound."""
        k = self.look + 1
        centre = self.drift * np.sqrt(self.times[k])
        high = min(bound, centre + REACH)
        low = max(-bound, centre - REACH) if self.two_sided else centre - REACH
        if low >= high or k + 1 >= len(self.times):
            self.nodes, self.mass, self.look = np.zeros(1), np.zeros(1), k
            return
        # The next step blurs by `width`; nodes must be much closer than that for full accuracy.
        width = np.sqrt((self.times[k + 1] - self.times[k]) / self.times[k])
        # Rounded up, so that few distinct rules are needed and each is computed once.
        points, weights = _legendre(40 * int(np.clip(np.ceil(3 * (high - low) / width / 40), 2, 75)))
        nodes = 0.5 * (high - low) * points + 0.5 * (high + low)
        step = self.times[k] - (self.times[k - 1] if k else 0.0)
        kernel = np.exp(-0.5 * np.square(self._standardise(nodes)))
        density = kernel @ self.mass * np.sqrt(self.times[k] / (2 * np.pi * step))
        self.nodes, self.mass, self.look = nodes, density * weights * 0.5 * (high - low), k


def _fractions(information: Sequence[float]) -> FloatArray:
    times = np.atleast_1d(np.asarray(numeric("information", information)))
    if times.ndim != 1 or times.size == 0:
        raise JourneyError("information fractions must be a non-empty list")
    if (times <= 0).any() or (times > 1 + 1e-12).any() or (np.diff(times) <= 0).any():
        raise JourneyError(f"information fractions must increase and lie in (0, 1]; got {times.tolist()}")
    return np.minimum(times, 1.0)


def group_sequential(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    spending: SpendingName | Spending = "obrien-fleming",
) -> Boundaries:
    """Boundaries for looks at the given information fractions.

    Parameters
    ----------
    information : sequence of float
        Fraction of the planned information (usually units) at each look, increasing, in (0, 1]. Looks need
        not be equally spaced nor planned; only the planned end must be.
    alpha : float
        Total error over all looks, both sides together when two-sided.
    spending : str or callable
        obrien-fleming, pocock, or a function f(t, one_sided_alpha).

    Returns
    -------
    Boundaries
        Two-sided designs spend alpha / 2 on each side.

    Raises
    ------
    JourneyError
        For fractions out of order or outside (0, 1], or a spending function that decreases.

    Notes
    -----
    Lan and DeMets (1983), Discrete sequential boundaries for clinical trials.

    Examples
    --------
    The published gsDesign example:

    >>> [round(z, 3) for z in group_sequential([0.5, 0.75, 1]).z]
    [2.963, 2.359, 2.014]
    """
    check_alpha(alpha)
    check_alternative(alternative)
    times = _fractions(information)
    if not callable(spending) and spending not in SPENDING:
        raise JourneyError(f"spending must be {', '.join(SPENDING)} or a function; got {spending!r}")
    spend = spending if callable(spending) else SPENDING[spending]
    two_sided = alternative == "two-sided"
    one_side = alpha / 2 if two_sided else alpha
    cumulative = np.array([spend(float(t), one_side) for t in times])
    increments = np.diff(cumulative, prepend=0.0)
    if (
        not np.isfinite(cumulative).all()
        or (increments < -1e-15).any()
        or cumulative[-1] > one_side * (1 + 1e-9)
    ):
        raise JourneyError("the spending function must increase from 0 to alpha")
    walk, bounds = _Walk(times, 0.0, two_sided), []
    for increment in increments:
        bound = np.inf
        # Below this nothing is spent to double precision: the boundary is out of reach.
        if increment > 1e-300:
            bound = float(
                optimize.brentq(
                    lambda z, spent: walk.above(z) - spent, -REACH, 38.0, args=(increment,), xtol=1e-10
                )
            )
        bounds.append(bound)
        walk.advance(bound)
    sides = 2 if two_sided else 1
    return Boundaries(
        information=tuple(times.tolist()),
        z=tuple(bounds),
        nominal_p=tuple((sides * stats.norm.sf(bounds)).tolist()),
        spent=tuple((sides * cumulative).tolist()),
        alpha=alpha,
        alternative=alternative,
        spending=spending if isinstance(spending, str) else getattr(spending, "__name__", "custom"),
    )


def crossing_probabilities(boundaries: Boundaries, drift: float = 0.0) -> Crossing:
    """Probability of stopping at each look when the expected Z at full information is `drift`.

    With drift 0 this is the error spent. For a difference d with standard error s at the planned end,
    drift = d / s.
    """
    times = np.asarray(boundaries.information)
    two_sided = boundaries.alternative == "two-sided"
    reference = float(numeric("drift", drift))
    # A design for `less` is the mirror image of the one for `greater`.
    sign = -1.0 if boundaries.alternative == "less" else 1.0
    walk = _Walk(times, sign * reference, two_sided)
    up, down = [], []
    for bound in boundaries.z:
        up.append(walk.above(bound) if np.isfinite(bound) else 0.0)
        down.append(walk.below(-bound) if two_sided and np.isfinite(bound) else 0.0)
        walk.advance(bound)
    stopped = np.asarray(up) + down
    expected = float(stopped @ times + (1 - stopped.sum()) * times[-1])
    return Crossing(reference, tuple(up), tuple(down), float(stopped.sum()), expected)


def inflation_factor(boundaries: Boundaries, power: float = 0.8) -> float:
    """How much larger the planned sample must be than a fixed-horizon one for the same power.

    Returns
    -------
    float
        (drift needed / fixed-horizon drift)^2; multiply `Plan.total` by it.

    Raises
    ------
    JourneyError
        When `power` is not above the boundaries' alpha and below 1.
    """
    check_share("power", power)
    if power <= boundaries.alpha:
        raise JourneyError(f"power ({power}) must be above alpha ({boundaries.alpha})")
    tail = boundaries.alpha / 2 if boundaries.alternative == "two-sided" else boundaries.alpha
    fixed = float(stats.norm.isf(tail) + stats.norm.isf(1 - power))
    sign = -1.0 if boundaries.alternative == "less" else 1.0

    def missing(drift: float) -> float:
        return sum(crossing_probabilities(boundaries, sign * drift).in_favour) - power

    return (float(optimize.brentq(missing, 0.0, 4 * fixed + 4, xtol=1e-10)) / fixed) ** 2


def first_crossing(statistics: Any, boundaries: Boundaries) -> Any:
    """Index of the first look whose statistic crosses its boundary; -1 when none does.

    Parameters
    ----------
    statistics : array
        z (or t) statistics, looks along the last axis, shape (..., looks).

    Returns
    -------
    int or array of int
        Shape (...).

    Raises
    ------
    JourneyError
        When `statistics` are not finite numbers, or have not as many looks as the boundaries.
    """
    z = np.asarray(numeric("statistics", statistics))
    bounds = np.asarray(boundaries.z)
    if z.ndim == 0 or z.shape[-1] != bounds.size:
        raise JourneyError(f"statistics have {z.shape[-1:] or (1,)} looks and the boundaries {bounds.size}")
    signed = {"two-sided": np.abs(z), "greater": z, "less": -z}[boundaries.alternative]
    crossed = signed >= bounds
    index = np.where(crossed.any(axis=-1), crossed.argmax(axis=-1), -1)
    return index if index.ndim else int(index)
