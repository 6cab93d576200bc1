"""How long an experiment must run at the shop's traffic, and how long a change takes to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from journey.errors import JourneyError
from journey.experiments.inputs import check_alpha, check_share, numeric, refuse, whole


@dataclass(frozen=True)
class Duration:
    """How long an experiment must run.

    Attributes
    ----------
    days : int
        Days to reach the sample size, rounded up to whole weeks when asked.
    days_needed : int
        Days before that rounding.
    total : int
        Units needed.
    enrolled : float
        Units expected by `days`.
    """

    days: int
    days_needed: int
    total: int
    enrolled: float


def duration(
    total: int, units_per_day: float | Sequence[float], *, share: float = 1.0, whole_weeks: bool = True
) -> Duration:
    """Days until an experiment has enrolled `total` units.

    Parameters
    ----------
    total : int
        Units of all arms, as in `Plan.total`.
    units_per_day : float or sequence of float
        New units a day: one constant, or the series by day. Returning users are not new units, so a series
        measured on the shop's first visits is more honest than sessions a day.
    share : float
        Share of the traffic that enters the experiment, above 0 and at most 1.
    whole_weeks : bool
        Round up to whole weeks, so that every weekday counts equally often.

    Raises
    ------
    JourneyError
        When there is no traffic, or a series ends before the units are reached.
    """
    needed = int(whole("total", total))
    if not 0 < share <= 1:
        raise JourneyError(f"share of traffic must be above 0 and at most 1; got {share!r}")
    if needed == 0:
        raise JourneyError("a duration needs at least one unit to enrol; total is 0")
    daily = np.asarray(numeric("units_per_day", units_per_day)) * share
    refuse(np.less(daily, 0), "units_per_day must not be negative")
    if daily.ndim == 0:
        if float(daily) == 0:
            raise JourneyError("no unit arrives a day, so the experiment never ends")
        days = int(np.ceil(needed / float(daily) - 1e-9))
        length = -(-days // 7) * 7 if whole_weeks else days
        return Duration(length, days, needed, float(daily) * length)
    enrolled = np.cumsum(daily)
    if enrolled[-1] < needed * (1 - 1e-12):
        raise JourneyError(
            f"only {enrolled[-1]:,.0f} units arrive in {daily.size} days, {needed:,} are needed; "
            "plan for a larger effect or more traffic"
        )
    days = int(np.searchsorted(enrolled, needed * (1 - 1e-12))) + 1
    length = -(-days // 7) * 7 if whole_weeks else days
    if length > daily.size:
        raise JourneyError(
            f"{days} days are enough but whole weeks need {length}, and the traffic series has "
            f"{daily.size} days"
        )
    return Duration(length, days, needed, float(enrolled[length - 1]))


@dataclass(frozen=True)
class Wait:
    """How long it takes until a change of a rate shows: `events`, and the `periods` that bring them."""

    events: float
    periods: float


def wait_for_change(change: float, per_period: float, *, power: float = 0.8, alpha: float = 0.05) -> Wait:
    """Events, and periods, after which a change of observed over expected can be told from chance.

    Parameters
    ----------
    change
        Relative change of the number of events, above -1 and not 0.
    per_period
        Events of a period, such as a week.
    power, alpha
        Chance to see the change, and error rate of the two-sided test.

    Raises
    ------
    JourneyError
        For no change, one of -1 or less, or no events.

    Notes
    -----
    Events count as independent, so the logarithm of their number has a standard error of one over its root.
    """
    if change <= -1 or change == 0:
        raise JourneyError(f"a relative change must be above -1 and not 0; got {change!r}")
    if per_period <= 0:
        raise JourneyError(f"no event comes in a period, so no change ever shows; got {per_period!r}")
    check_alpha(alpha)
    check_share("power", power)
    wanted = (special.ndtri(1 - alpha / 2) + special.ndtri(power)) / np.log1p(change)
    return Wait(float(wanted**2), float(wanted**2 / per_period))
