"""CDNOW: the published parameters, the holdout they foretell, and what counting otherwise would change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.customers.bgnbd import BetaGeometric, fit_bgnbd
from journey.customers.forecast import judged
from journey.customers.gamma_gamma import fit_gamma_gamma
from journey.customers.pareto_nbd import fit_pareto_nbd
from journey.customers.summary import (
    PurchaseDays,
    Summary,
    day_number,
    follow,
    purchase_days,
    repeat_purchases,
    summarise,
)
from journey.customers.value import positive
from journey.inference.arrays import Ints
from journey.stores.datasets import load_cdnow_master, load_cdnow_sample

#: The published split: 39 weeks to learn from, 39 weeks to foretell.
END, WEEKS, WEEK = day_number("1997-09-30"), 39, 7
HORIZON = WEEKS * WEEK
#: A customer of the paper: two repeat purchases, the last after 30.43 weeks of 38.86.
EXAMPLE = (2, 213, 272)
SILENT = (1, 39, 300)
MOST = 7  # repeat purchases from here on stand in one class


def describe_cdnow() -> dict[str, Any]:
    """Fits of the sample, their forecasts, traps of counting, and fits of the master file; JSON values."""
    frame = load_cdnow_sample()
    days = purchase_days(frame["customer_id"], frame["date"], frame["dollars"])
    summary = summarise(days, END)
    models: dict[str, Any] = {
        "BG/NBD": fit_bgnbd(summary),
        "MBG/NBD": fit_bgnbd(summary, leaves_at_once=True),
        "Pareto/NBD": fit_pareto_nbd(summary),
    }
    money = fit_gamma_gamma(summary)
    orders, spent = follow(days, summary.customer, END, END + HORIZON)
    expected = {name: model.expected(summary, HORIZON) for name, model in models.items()}
    forecasts = {name: value * money.expected(summary) for name, value in expected.items()}
    before = np.minimum(HORIZON, END - int(days.day.min()) + 1)
    forecasts["same again"] = follow(days, summary.customer, END - before, END)[1]
    first = first_money(days, summary)
    return {
        "customers": len(summary),
        "lines": len(frame),
        "repeaters": int(summary.repeated.sum()),
        "fits": {name: model.fit.as_dict() for name, model in models.items()}
        | {"Gamma-Gamma": money.fit.as_dict()},
        "mean_spend": money.mean,
        "independence": float(
            np.corrcoef(summary.frequency[summary.repeated], summary.money[summary.repeated])[0, 1]
        ),
        "first": {"mean": float(first.mean()), "error": float(first.std(ddof=1) / np.sqrt(len(first)))},
        "example": {name: float(model.expected(_one(EXAMPLE), HORIZON)[0]) for name, model in models.items()},
        "holdout": {
            "purchases": int(orders.sum()),
            "spent": float(spent.sum()),
            "expected": {name: float(value.sum()) for name, value in expected.items()},
            "forecasts": {name: estimates(judged(spent, value)) for name, value in forecasts.items()},
            "by_repeats": by_repeats(summary, orders, expected),
        },
        "tracking": tracking(days, summary, models),
        "silent": silent(models),
        "one_time": float((~summary.repeated).mean()),
        "traps": traps(frame, days, summary),
        "master": master(),
    }


def estimates(found: Any) -> dict[str, dict[str, float]]:
    """Every estimate of a frozen dataclass as value, low and high."""
    return {name: interval(each) for name, each in vars(found).items()}


def interval(each: Any) -> dict[str, float]:
    """An estimate as JSON values."""
    return {"value": each.value, "low": each.low, "high": each.high}


def first_money(days: PurchaseDays, summary: Summary) -> NDArray[np.float64]:
    """Money of the first purchase day of the customers of a summary; (n,)."""
    starts = np.r_[True, days.customer[1:] != days.customer[:-1]]
    return days.money[starts][np.isin(days.names, summary.customer)]


def _one(history: tuple[int, int, int]) -> Summary:
    x, recency, age = history
    return Summary(np.array([0]), np.array([x]), np.array([recency]), np.array([age]), np.array([1.0]))


def by_repeats(summary: Summary, orders: Ints, expected: dict[str, Any]) -> list[dict[str, Any]]:
    """Mean purchases of the holdout by repeat purchases of the calibration, seen and expected."""
    classes = np.minimum(summary.frequency, MOST)
    rows: list[dict[str, Any]] = []
    for x in range(MOST + 1):
        inside = classes == x
        if inside.any():
            means = {name: float(value[inside].mean()) for name, value in expected.items()}
            seen = orders[inside]
            error = float(seen.std(ddof=1) / np.sqrt(len(seen))) if len(seen) > 1 else 0.0
            rows.append(
                {"repeats": x, "customers": len(seen), "actual": float(seen.mean()), "error": error, **means}
            )
    return rows


def tracking(days: PurchaseDays, summary: Summary, models: dict[str, Any]) -> list[dict[str, float]]:
    """Cumulative repeat purchases week by week, seen and expected from the calibration alone."""
    start = int(days.day.min())
    ends = END - WEEKS * WEEK + WEEK * np.arange(1, 2 * WEEKS + 1)
    ends = ends[ends > start]
    born = END - summary.age
    cohorts, sizes = np.unique(born, return_counts=True)
    seen = repeat_purchases(days, ends)
    table = {"week": (ends - END) / WEEK, "actual": seen.astype(float)}
    ages = np.maximum(ends[None, :] - cohorts[:, None], 0)
    for name, model in models.items():
        distinct, place = np.unique(ages, return_inverse=True)
        table[name] = sizes @ model.expected_new(distinct)[place].reshape(ages.shape)
    return pd.DataFrame(table).to_dict("records")


def silent(models: dict[str, Any]) -> list[dict[str, float]]:
    """Chance that a customer who bought once still buys, by weeks of silence since."""
    weeks = np.array(SILENT)
    zeros = np.zeros(len(weeks), dtype=np.int64)
    once = Summary(weeks, zeros, zeros, weeks * WEEK, np.full(len(weeks), np.nan))
    return pd.DataFrame(
        {"weeks": weeks} | {name: model.alive(once) for name, model in models.items()}
    ).to_dict("records")


def traps(frame: pd.DataFrame, days: PurchaseDays, summary: Summary) -> dict[str, Any]:
    """What other ways of counting the same file give."""
    weeks = calendar_weeks(frame)
    by_week = fit_bgnbd(weeks)
    rows = frame[frame["date"] <= pd.Timestamp(str(np.datetime64(END, "D")))].groupby("customer_id").size()
    per_row = summary_of_rows(frame, summary)
    calibrated = days.day <= END
    return {
        "calendar_weeks": dict(zip(by_week.fit.names, by_week.fit.values.tolist(), strict=True)),
        "repeaters_by_rows": int((rows > 1).sum()),
        "mean_by_row": float(fit_gamma_gamma(per_row).mean),
        "same_day_rows": len(frame) - len(days.day),
        "purchases": int(calibrated.sum()),
    }


def calendar_weeks(frame: pd.DataFrame) -> Summary:
    """The sample counted in calendar weeks, as some libraries do: in days that are 7 a week.

    Purchases of one week count once, and recency and age are differences of week numbers.
    """
    monday = (frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64) + 3) // 7
    counted = purchase_days(frame["customer_id"], (monday * 7).astype("datetime64[D]"), frame["dollars"])
    return summarise(counted, (END + 3) // 7 * 7)


def summary_of_rows(frame: pd.DataFrame, summary: Summary) -> Summary:
    """The same histories, but money averaged over rows instead of days."""
    known = frame[frame["date"] <= pd.Timestamp(str(np.datetime64(END, "D")))]
    first = known.groupby("customer_id")["date"].transform("min")
    mean = known[known["date"] > first].groupby("customer_id")["dollars"].mean().reindex(summary.customer)
    return Summary(
        summary.customer, summary.frequency, summary.recency, summary.age, mean.to_numpy(dtype=np.float64)
    )


def master() -> dict[str, Any]:
    """Fits of all 23,570 customers; who spends nothing on average is left out of the money, and counted."""
    frame = load_cdnow_master()
    summary = summarise(purchase_days(frame["customer_id"], frame["date"], frame["dollars"]), END)
    model: BetaGeometric = fit_bgnbd(summary)
    kept = positive(summary)
    money = fit_gamma_gamma(summary, weights=kept)
    return {
        "customers": len(summary),
        "repeaters": int(summary.repeated.sum()),
        "without_money": int((kept == 0).sum()),
        "fits": {"BG/NBD": model.fit.as_dict(), "Gamma-Gamma": money.fit.as_dict()},
    }
