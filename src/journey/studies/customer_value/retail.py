"""Online Retail: what each customer spends in the last 90 days, foretold, and what a new one is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.customers.buying import fit_buying
from journey.customers.cohorts import cohort_retention
from journey.customers.concentration import top_share
from journey.customers.forecast import TOP, by_decile, judged
from journey.customers.gamma_gamma import fit_gamma_gamma
from journey.customers.history import known_at, learning_days
from journey.customers.spend import learn_spend, same_again
from journey.customers.summary import follow, summarise
from journey.customers.value import positive
from journey.inference.arrays import Floats
from journey.studies.customer_value.cdnow import estimates, first_money, interval
from journey.studies.customer_value.invoices import HORIZON, Invoices, date_of

SEED = 0
MONTH, HALF_YEAR = 30, 180


def describe_retail_value(raw: pd.DataFrame) -> dict[str, Any]:
    """Forecasts of the last 90 days from all before, retention by month, and the fits of the whole file.

    Parameters
    ----------
    raw
        Lines as `load_online_retail` gives them, or another year with the same columns.
    """
    shop = Invoices(raw)
    cut = shop.cut()
    return {
        "first": date_of(shop.first),
        "cut": date_of(cut),
        "last": date_of(shop.last),
        "forecasts": forecasts(shop, cut),
        "retention": retention(shop),
        "whole": whole(shop),
    }


def forecasts(shop: Invoices, cut: int) -> dict[str, Any]:
    """Spend of every customer known at the cut, foretold and seen."""
    known, later = shop.known(cut), shop.everything
    summary = summarise(known, cut)
    orders, spent = follow(later, summary.customer, cut, cut + HORIZON)
    chosen = fit_buying(summary)
    kept = positive(summary)
    money = fit_gamma_gamma(summary, weights=kept)
    learning = learning_days(shop.first, cut, HORIZON)
    trees = learn_spend(shop.known, known, learning, HORIZON, seed=SEED)
    again, a_year = same_again(known, summary.customer, cut, HORIZON)
    expected = chosen.model.expected(summary, HORIZON)
    ways: dict[str, Floats] = {
        "model": expected * money.expected(summary),
        "trees": trees(known_at(known, cut).matrix),
        "again": again,
    }
    repeated = summary.repeated
    return {
        "customers": len(summary),
        "repeaters": int(repeated.sum()),
        "returned": int((orders > 0).sum()),
        "orders": int(orders.sum()),
        "expected_orders": float(expected.sum()),
        "spent": float(spent.sum()),
        "top_share": interval(top_share(spent)),
        "top_share_before": interval(top_share(known_at(known, cut).column("money"))),
        "model": chosen.name,
        "reason": chosen.reason,
        "fits": {"buying": chosen.model.fit.as_dict(), "money": money.fit.as_dict()},
        "without_money": int((kept == 0).sum()),
        "independence": float(np.corrcoef(summary.frequency[repeated], summary.money[repeated])[0, 1]),
        "again_a_year_ago": a_year,
        "learning_days": [date_of(day) for day in learning],
        "measures": {name: estimates(judged(spent, value, seed=SEED)) for name, value in ways.items()},
        "captured": {name: captured(spent, value) for name, value in ways.items()},
        "without_largest": {name: without_largest(spent, value) for name, value in ways.items()},
        "deciles": {name: by_decile(spent, ways[name]).to_dict("records") for name in ("model", "trees")},
    }


def captured(spent: Floats, forecast: Floats) -> float:
    """Share of all spend that comes from the tenth of customers forecast highest."""
    chosen = np.argsort(-forecast, kind="stable")[: max(1, round(TOP * len(spent)))]
    return float(spent[chosen].sum() / spent.sum())


def without_largest(spent: Floats, forecast: Floats, count: int = 10) -> float:
    """R2 without the customers who in the end spent most: how far a few decide it."""
    rows = np.argsort(-spent, kind="stable")[count:]
    return judged(spent[rows], forecast[rows], replicates=2).r2.value


def retention(shop: Invoices) -> list[dict[str, Any]]:
    """Share of the customers won in each month who order again in each later one."""
    return cohort_retention(shop.everything, shop.last, "month").to_dict("records")


def whole(shop: Invoices) -> dict[str, Any]:
    """Fits to the whole file, and what customers pay first: for the value of a new customer."""
    days = shop.everything
    summary = summarise(days, shop.last)
    chosen = fit_buying(summary)
    money = fit_gamma_gamma(summary, weights=positive(summary))
    first = first_money(days, summary)
    return {
        "customers": len(summary),
        "model": chosen.name,
        "fits": {"buying": chosen.model.fit.as_dict(), "money": money.fit.as_dict()},
        "first": {"mean": float(first.mean()), "error": float(first.std(ddof=1) / np.sqrt(len(first)))},
        "seen": seen(shop),
    }


def seen(shop: Invoices) -> dict[str, Any]:
    """What new customers did bring within half a year, to hold against what the model says they would.

    Who ordered in the first month is left out: most of them were customers before the file begins.
    """
    days = shop.everything
    starts = np.flatnonzero(np.r_[True, days.customer[1:] != days.customer[:-1]])
    born = days.day[starts]
    new = (born >= shop.first + MONTH) & (born <= shop.last - HALF_YEAR)
    within = days.day - born[days.customer] <= HALF_YEAR
    money = np.bincount(days.customer[within], weights=days.money[within], minlength=len(born))[new]
    return {
        "days": HALF_YEAR,
        "customers": int(new.sum()),
        "mean": float(money.mean()),
        "error": float(money.std(ddof=1) / np.sqrt(len(money))),
        "first": float(days.money[starts][new].mean()),
    }
