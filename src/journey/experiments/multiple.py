"""Many metrics or segments at once: adjusted p values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.inputs import FloatArray, check_alpha, numeric


@dataclass(frozen=True)
class Adjusted:
    """Adjusted p values in the order given.

    Attributes
    ----------
    p_values, adjusted : array
        Shape (..., tests).
    rejected : array of bool
        adjusted <= alpha.
    alpha : float
        Family-wise error rate (Holm) or false discovery rate (Benjamini-Hochberg).
    method : str
    """

    p_values: FloatArray
    adjusted: FloatArray
    rejected: Any
    alpha: float
    method: str


def _checked(p_values: Any, alpha: float) -> FloatArray:
    check_alpha(alpha)
    values = np.atleast_1d(np.asarray(numeric("p_values", p_values)))
    if values.size == 0:
        raise JourneyError("there is no p value to adjust")
    if (values < 0).any() or (values > 1).any():
        raise JourneyError("p values must lie between 0 and 1")
    return values


def holm(p_values: Any, *, alpha: float = 0.05) -> Adjusted:
    """Holm's step-down adjustment: even one false rejection has chance at most alpha.

    Valid whatever the dependence between the tests.

    Parameters
    ----------
    p_values : array
        Shape (..., tests); each row of the last axis is one family.

    Notes
    -----
    Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    values = _checked(p_values, alpha)
    tests = values.shape[-1]
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1) * (tests - np.arange(tests))
    stepped = np.minimum(np.maximum.accumulate(ordered, axis=-1), 1.0)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return Adjusted(values, adjusted, adjusted <= alpha, alpha, "Holm")


def benjamini_hochberg(p_values: Any, *, alpha: float = 0.05) -> Adjusted:
    """Benjamini and Hochberg's step-up adjustment: on average at most a share alpha of rejections is false.

    Valid for independent or positively dependent tests.

    Parameters
    ----------
    p_values : array
        Shape (..., tests); each row of the last axis is one family.

    Notes
    -----
    Benjamini and Hochberg (1995), Controlling the false discovery rate.
    """
    values = _checked(p_values, alpha)
    adjusted = np.asarray(stats.false_discovery_control(values, axis=-1, method="bh"))
    return Adjusted(values, adjusted, adjusted <= alpha, alpha, "Benjamini-Hochberg")
