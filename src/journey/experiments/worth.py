"""What decisions are worth when everything uncertain is drawn at once: measured inputs and assumed ones.

A measured input is drawn from the normal law of its interval. An assumed price is drawn between itself
divided and multiplied by a factor, evenly on the log scale; an assumed effect, that no experiment supports,
evenly between nothing and itself times the factor. Inputs that several decisions share are drawn once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.inference.intervals import normal_quantile

Kind = Literal["measured", "price", "effect"]
Drawn = Mapping[str, NDArray[np.float64]]
Worth = Callable[[Drawn], NDArray[np.float64]]
LEVEL, TAILS = 0.95, (0.025, 0.975)


@dataclass(frozen=True)
class Input:
    """One uncertain input.

    Attributes
    ----------
    name : str
        Plain words, as a page says them.
    kind : str
        `measured`, or assumed: `price` or `effect`.
    value, low, high : float
        Its value; of a measured one the 95% interval, of an assumed one the bounds it may not pass.
    """

    name: str
    kind: Kind
    value: float
    low: float
    high: float

    def quantile(self, shares: NDArray[np.float64] | float, factor: float) -> NDArray[np.float64]:
        """The value below which it lies with probability `shares`."""
        if self.kind == "measured":
            from scipy import stats

            error = (self.high - self.low) / (2 * normal_quantile(LEVEL))
            return np.asarray(self.value + error * stats.norm.ppf(shares))
        if self.kind == "effect":
            drawn = self.value * factor * np.asarray(shares)
        else:
            drawn = self.value * factor ** (2 * np.asarray(shares) - 1)
        return np.clip(drawn, self.low, self.high)


@dataclass(frozen=True)
class Judged:
    """A decision after the simulation, in the unit of its worth.

    Attributes
    ----------
    expected, low, high : float
        Mean of the draws and the interval that holds 95% of them.
    chance : float
        Share of draws in which it is worth more than nothing.
    knowing : float
        What it would be worth to know the inputs before deciding: the mean of the better of acting and not
        acting in each draw, less the better of always and never acting.
    """

    expected: float
    low: float
    high: float
    chance: float
    knowing: float


def draw(
    inputs: Mapping[str, Input], number: int, factor: float, seed: int
) -> dict[str, NDArray[np.float64]]:
    """`number` joint draws of all inputs, independent of each other; the same for the same seed.

    Raises
    ------
    JourneyError
        For a factor below 1 or fewer than a thousand draws.
    """
    if factor < 1:
        raise JourneyError(f"the factor of the assumed inputs must be at least 1, not {factor}")
    if number < 1000:
        raise JourneyError(f"{number} draws are too few for the ends of a 95% interval; take 1,000 or more")
    generator = np.random.default_rng(seed)
    return {key: each.quantile(generator.random(number), factor) for key, each in inputs.items()}


def judge(worth: Worth, drawn: Drawn) -> Judged:
    """Judge one decision over the draws."""
    values = worth(drawn)
    low, high = np.quantile(values, TAILS)
    mean = float(values.mean())
    knowing = float(np.maximum(values, 0).mean()) - max(mean, 0.0)
    return Judged(mean, float(low), float(high), float((values > 0).mean()), knowing)


def swings(worth: Worth, inputs: Mapping[str, Input], factor: float) -> dict[str, tuple[float, float]]:
    """Worth at both ends of each input, the others at their middle; inputs without effect are left out.

    Returns
    -------
    dict
        Key of the input -> (worth at its 2.5% point, worth at its 97.5% point), the widest swing first.
    """
    middle = {key: each.quantile(0.5, factor) for key, each in inputs.items()}
    found = {}
    for key, each in inputs.items():
        ends = [float(worth(middle | {key: each.quantile(tail, factor)})) for tail in TAILS]
        if ends[0] != ends[1]:
            found[key] = (ends[0], ends[1])
    return dict(sorted(found.items(), key=lambda item: -abs(item[1][1] - item[1][0])))
