"""What every function of the engine accepts, and how it refuses what it cannot use.

A number may be a plain float or a NumPy array. Arrays run many analyses at once (10,000 simulated
experiments, every look of an experiment) through the same code as one analysis; one unusable element refuses
the whole call.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from journey.errors import JourneyError

FloatArray: TypeAlias = NDArray[np.float64]
Numeric: TypeAlias = float | FloatArray
Alternative: TypeAlias = Literal["two-sided", "greater", "less"]
Scale: TypeAlias = Literal["absolute", "relative"]
#: A difference of two numbers, smaller than this share of them, is made of their rounding: sums of millions
#: of double numbers carry about 11 digits.
CANCELLED = 1e-10


class EffectScale(StrEnum):
    """What a result is measured on: a tag of results, while `Scale` is what a caller may ask for."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


def plain(value: Any) -> Numeric:
    """Return a Python float for a scalar and a float64 array for anything longer."""
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def refuse(condition: Any, sentence: str) -> None:
    """Refuse inputs that cannot be used.

    Raises
    ------
    JourneyError
        When the condition holds anywhere; the message is the sentence, and for arrays how many failed.
    """
    failed = np.asarray(condition)
    if not failed.any():
        return
    if failed.ndim:
        sentence = f"{sentence} ({int(failed.sum())} of {failed.size} elements)"
    raise JourneyError(sentence)


def numeric(name: str, value: Any) -> Numeric:
    """Read one input as finite floats; SQL decimals are accepted.

    Raises
    ------
    JourneyError
        When a value is missing, infinite or no number.
    """
    try:
        number = plain(value)
    except (TypeError, ValueError) as error:
        raise JourneyError(f"{name} must be a number or an array of numbers; got {value!r}") from error
    refuse(
        ~np.isfinite(number),
        f"{name} is missing or not finite; an SQL aggregate over no rows gives null: leave that arm out",
    )
    return number


def beyond_rounding(value: Any, size: Any) -> FloatArray:
    """A variance left over from terms of the given size; 0 where it is no more than their rounding."""
    return np.where(np.greater(value, CANCELLED * np.asarray(size)), value, 0.0)


def whole(name: str, value: Any) -> Numeric:
    """Read one input as a count: whole and not negative. A scalar comes back as a Python int."""
    number = numeric(name, value)
    refuse(np.less(number, 0), f"{name} must not be negative; got {value!r}")
    refuse(np.not_equal(number, np.floor(number)), f"{name} must be a whole number; got {value!r}")
    return int(number) if isinstance(number, float) else number


def check_alpha(alpha: float) -> float:
    """Return the error rate.

    Raises
    ------
    JourneyError
        When it is not one number strictly between 0 and 1.
    """
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1:
        raise JourneyError(f"alpha must lie strictly between 0 and 1; got {alpha!r}")
    return float(alpha)


def check_share(name: str, value: float) -> float:
    """Return a probability or share.

    Raises
    ------
    JourneyError
        When it is not one number strictly between 0 and 1.
    """
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        raise JourneyError(f"{name} must lie strictly between 0 and 1; got {value!r}")
    return float(value)


def check_alternative(alternative: str) -> None:
    """Refuse an unknown direction.

    Raises
    ------
    JourneyError
        For any other than two-sided, greater (treatment above control) and less.
    """
    if alternative not in get_args(Alternative):
        raise JourneyError(
            f"alternative must be one of {', '.join(get_args(Alternative))}; got {alternative!r}"
        )


def check_scale(scale: str) -> None:
    """Refuse an unknown scale.

    Raises
    ------
    JourneyError
        For any other than absolute and relative.
    """
    if scale not in get_args(Scale):
        raise JourneyError(f"scale must be one of {', '.join(get_args(Scale))}; got {scale!r}")


def t_survival(statistic: Numeric, df: Numeric) -> Numeric:
    """P(T > statistic); the normal distribution where df is infinite."""
    finite = np.where(np.isinf(df), 1.0, df)
    return plain(np.where(np.isinf(df), stats.norm.sf(statistic), stats.t.sf(statistic, finite)))


def t_quantile(upper_tail: float, df: Numeric) -> Numeric:
    """Return the value exceeded with probability `upper_tail`; the normal quantile where df is infinite."""
    finite = np.where(np.isinf(df), 1.0, df)
    return plain(np.where(np.isinf(df), stats.norm.isf(upper_tail), stats.t.isf(upper_tail, finite)))


def p_value(statistic: Numeric, df: Numeric, alternative: Alternative) -> Numeric:
    """p value of a t (or, with infinite df, z) statistic."""
    if alternative == "greater":
        return t_survival(statistic, df)
    if alternative == "less":
        return t_survival(np.negative(statistic), df)
    return plain(np.minimum(1.0, 2 * np.asarray(t_survival(np.abs(statistic), df))))


def symmetric_interval(
    estimate: Numeric, error: Numeric, df: Numeric, alpha: float, alternative: Alternative
) -> tuple[Numeric, Numeric]:
    """Estimate plus and minus quantile times standard error; one-sided intervals have an infinite end."""
    half = np.asarray(t_quantile(alpha / 2 if alternative == "two-sided" else alpha, df)) * error
    low = np.full_like(half, -np.inf) if alternative == "less" else estimate - half
    high = np.full_like(half, np.inf) if alternative == "greater" else estimate + half
    return plain(low), plain(high)
