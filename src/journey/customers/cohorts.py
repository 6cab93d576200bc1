"""Retention by cohort: who of those won in a week or month buys again in each later one."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.customers.summary import PurchaseDays
from journey.errors import JourneyError
from journey.inference.intervals import wilson_interval

Every = Literal["week", "month"]
#: A week here is seven days that start on a Monday; a month is one of the calendar.
EPOCH_TO_MONDAY = 3


def cohort_retention(days: PurchaseDays, end: int, every: Every = "month") -> pd.DataFrame:
    """Share of each cohort that buys in each later period.

    Parameters
    ----------
    days
        All purchases.
    end
        Last day of the data; a period that it cuts short is left out, as a later period and as a cohort.
    every
        Calendar months, or weeks from Monday to Sunday.

    Returns
    -------
    DataFrame
        cohort (first day of its period), age (periods since), n (customers won), bought, share, low, high
        (Wilson 95%). Age 0 is 1 by definition and left out.

    Raises
    ------
    JourneyError
        When the data hold no two full periods.
    """
    period = _period(days.day, every)
    last = int(_period(np.array([end]), every)[0])
    if int(_period(np.array([end + 1]), every)[0]) == last:
        last -= 1
    starts = np.flatnonzero(np.r_[True, days.customer[1:] != days.customer[:-1]])
    born = period[starts]
    base = int(born.min())
    if last <= base:
        raise JourneyError(f"retention by {every} needs two full {every}s of purchases; the data hold fewer")
    size = np.bincount(born[born <= last] - base, minlength=last - base + 1)
    seen = np.unique(np.stack([days.customer, period], axis=1)[period <= last], axis=0)
    age = seen[:, 1] - born[seen[:, 0]]
    bought = np.zeros((last - base + 1, last - base + 1), dtype=np.int64)
    np.add.at(bought, (born[seen[:, 0]] - base, age), 1)
    rows = [
        (_first_day(base + c, every), a, int(size[c]), int(bought[c, a]))
        for c in range(last - base)
        for a in range(1, last - base - c + 1)
        if size[c]
    ]
    table = pd.DataFrame(rows, columns=["cohort", "age", "n", "bought"])
    low, high = wilson_interval(table["bought"], table["n"])
    return table.assign(share=table["bought"] / table["n"], low=low, high=high)


def pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Retention by age over all cohorts old enough: age, n, bought, share, low, high."""
    summed = table.groupby("age")[["n", "bought"]].sum().reset_index()
    low, high = wilson_interval(summed["bought"], summed["n"])
    return summed.assign(share=summed["bought"] / summed["n"], low=low, high=high)


def _period(day: NDArray[np.int64], every: Every) -> NDArray[np.int64]:
    if every == "week":
        return (day + EPOCH_TO_MONDAY) // 7
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_day(period: int, every: Every) -> str:
    if every == "week":
        return str(np.datetime64(7 * period - EPOCH_TO_MONDAY, "D"))
    return str(np.datetime64(period, "M").astype("datetime64[D]"))
