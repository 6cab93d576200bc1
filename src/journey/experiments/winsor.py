"""Winsorising: cap extreme values at a quantile of both arms together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.experiments.statistics import Sample


@dataclass(frozen=True)
class Winsorised:
    """Capped samples with the caps used.

    Attributes
    ----------
    control, treatment : Sample
        Sufficient statistics after capping.
    lower_cap, upper_cap : float
        Limits applied to both arms, unit of the metric; infinite when that side is not capped.
    share_capped : float
        Share of all values that were changed.
    """

    control: Sample
    treatment: Sample
    lower_cap: float
    upper_cap: float
    share_capped: float


def winsorised(control: Any, treatment: Any, *, upper: float = 0.99, lower: float = 0.0) -> Winsorised:
    """Cap both arms at common quantiles of the pooled values.

    One cap for both arms, taken without looking at the arm: separate caps would hide a treatment that moves
    the tail. The effect is then one on the capped metric, a different and more stable quantity than the mean.

    Parameters
    ----------
    control, treatment : array
        One value per unit, shapes (n_c,) and (n_t,).
    upper, lower : float
        Quantiles of the caps, 0 <= lower < upper <= 1; 1 and 0 leave that side alone.

    Returns
    -------
    Winsorised

    Raises
    ------
    JourneyError
        For quantiles out of order, an empty arm or missing values.
    """
    if not 0 <= lower < upper <= 1:
        raise JourneyError(f"winsorising needs 0 <= lower < upper <= 1; got lower {lower} and upper {upper}")
    before = Sample.from_values(control), Sample.from_values(treatment)
    if before[0].n == 0 or before[1].n == 0:
        raise JourneyError("winsorising needs values in both arms; one arm is empty")
    pooled = np.concatenate([np.asarray(control, dtype=np.float64), np.asarray(treatment, dtype=np.float64)])
    low = float(np.quantile(pooled, lower)) if lower > 0 else -np.inf
    high = float(np.quantile(pooled, upper)) if upper < 1 else np.inf
    return Winsorised(
        control=Sample.from_values(np.clip(np.asarray(control, dtype=np.float64), low, high)),
        treatment=Sample.from_values(np.clip(np.asarray(treatment, dtype=np.float64), low, high)),
        lower_cap=low,
        upper_cap=high,
        share_capped=float(((pooled < low) | (pooled > high)).mean()),
    )
