"""Findings of chapter 08: what customers are worth, who leaves, and how much of either can be known."""

from __future__ import annotations

import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.buying import Chosen, fit_buying
from journey.customers.cohorts import cohort_retention, pooled
from journey.customers.forecast import judged
from journey.customers.gamma_gamma import fit_money
from journey.customers.history import known_at
from journey.customers.spend import learn_spend, same_again
from journey.customers.summary import PurchaseDays, Summary, follow, purchase_days, summarise
from journey.errors import JourneyError
from journey.evaluation.customer_truth import best_forecast, customer_future, drawn_futures
from journey.findings.customer_value.cdnow import add_cdnow
from journey.findings.customer_value.churn import add_shop_churn
from journey.findings.customer_value.entries import Add, adder
from journey.findings.customer_value.leaving import add_leaving
from journey.findings.customer_value.retail import add_retail
from journey.findings.desk import Desk, flat
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.warehouse.query import query

#: What is foretold in the shop: as far as the truth reaches. Trees can learn from half the window only.
HORIZON, LEARNED = 90, 45
FUTURES, SEED = 200, 8
WAYS = {
    "oracle": "oracle: the true expectation",
    "model": "model of buying, with money",
    "trees": "boosted trees",
    "again": "the same again",
}


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    with threadpool_limits(limits=1):
        days = shop_orders(desk)
        summary = summarise(days, int(days.day.max()))
        add_retention(desk, days)
        chosen = add_model(desk, summary)
        if desk.store == "simulated":
            add_value(desk, days, summary, chosen)
            add_shop_churn(desk, days)
        else:
            add_holdout(desk, days)
    add_cdnow(desk)
    add_retail(desk)
    add_leaving(desk)


def shop_orders(desk: Desk) -> PurchaseDays:
    """Order days of the shop's known customers.

    Raises
    ------
    JourneyError
        When there is no order with a customer and money.
    """
    orders = query("orders_with_money", desk.warehouse)
    if not len(orders):
        raise JourneyError(f"store {desk.store} has no order with a customer and money: value needs both")
    return purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"])


def add_retention(desk: Desk, days: PurchaseDays) -> None:
    """Share of each week's new customers that buy again in each later week."""
    table = cohort_retention(days, int(days.day.max()), "week")
    desk.save("retention", table)
    first = pooled(table).iloc[0]
    add = adder(desk, "journey.customers.cohorts:cohort_retention", method="Wilson")
    after = Estimate(float(first["share"]), float(first["low"]), float(first["high"]))
    add("week_after", after, "share", "New customers who buy again in the following week", int(first["n"]), 1)
    add("cohort_smallest", int(table["n"].min()), "count", "New customers of the smallest weekly cohort")
    add("cohort_largest", int(table["n"].max()), "count", "New customers of the largest weekly cohort")


def add_model(desk: Desk, summary: Summary) -> Chosen:
    """Which model of buying the shop's customers allow."""
    chosen, n = fit_buying(summary), len(summary)
    add = adder(desk, "journey.customers.buying:fit_buying")
    add("customers", n, "count", "Customers with an order")
    add("once", float((~summary.repeated).mean()), "share", "Customers with one order day", n)
    add("shop_model", chosen.name, "text", "Model of buying that the shop allows", n)
    alive = float(chosen.model.alive(summary).mean())
    add("shop_alive", alive, "share", "Customers still there, by the model of buying", n)
    return chosen


def add_value(desk: Desk, days: PurchaseDays, summary: Summary, chosen: Chosen) -> None:
    """Forecasts of the next 90 days against the truth, and what the truth itself would reach."""
    last, n = int(days.day.max()), len(summary)
    future = customer_future(desk.warehouse, desk.paths.store("simulated"), summary.customer, HORIZON)
    # Trees have learned from half of the horizon.
    ways = {"oracle": future.value} | forecasts(days, summary, chosen, last, HORIZON, LEARNED)
    futures = drawn_futures(future, FUTURES, SEED)
    found = {way: best_forecast(futures, forecast) for way, forecast in ways.items()}
    desk.save("value", pd.DataFrame([{"way": WAYS[way]} | flat(each) for way, each in found.items()]))
    add = adder(
        desk, "journey.evaluation.customer_truth:best_forecast", method="holds 95% of possible futures"
    )
    add("oracle_r2", found["oracle"]["r2"], "ratio", "R2 of the true expectation", n)
    add_best(add, found, n)
    gone = 1 - float(future.alive.mean())
    truth = adder(desk, "journey.evaluation.customer_truth:customer_future")
    truth("truly_gone", gone, "share", "Customers who have truly left", n)


def add_best(add: Add, found: dict[str, dict[str, Estimate]], n: int) -> None:
    """Which forecast is best, and how far the model of buying is off."""
    best = max((way for way in found if way != "oracle"), key=lambda way: found[way]["r2"].value)
    add("shop_best", WAYS[best], "text", "Forecast with the highest R2 in the shop", n)
    add("shop_best_r2", found[best]["r2"], "ratio", "Its R2", n)
    add("shop_model_bias", found["model"]["bias"], "share", "Bias of the model of buying", n)


def add_holdout(desk: Desk, days: PurchaseDays) -> None:
    """A store without truth: the last third of its days, foretold from those before.

    Raises
    ------
    JourneyError
        When nobody known by then spends anything in the last third.
    """
    first, last = int(days.day.min()), int(days.day.max())
    horizon = (last - first + 1) // 3
    cut = last - horizon
    summary = summarise(days, cut)
    spent = follow(days, summary.customer, cut, last)[1]
    ways = forecasts(days, summary, fit_buying(summary), cut, horizon, horizon)
    found = {way: vars(judged(spent, forecast, seed=SEED)) for way, forecast in ways.items()}
    desk.save("value", pd.DataFrame([{"way": WAYS[way]} | flat(each) for way, each in found.items()]))
    add = adder(desk, "journey.customers.forecast:judged", method="bootstrap over customers")
    add_best(add, found, len(summary))


def forecasts(
    days: PurchaseDays, summary: Summary, chosen: Chosen, at: int, horizon: int, learned: int
) -> dict[str, Floats]:
    """Spend of each customer in the `horizon` days after day `at`, by every way that needs no truth.

    Parameters
    ----------
    learned
        Days that trees learn from; what they foretell is stretched to the horizon.
    """
    money = fit_money(summary)
    trees = learn_spend(lambda _: days, days, [at - learned], learned, seed=SEED)
    return {
        "model": chosen.model.expected(summary, horizon) * money.expected(summary),
        "trees": trees(known_at(days, at).matrix) * horizon / learned,
        "again": same_again(days, summary.customer, at, horizon)[0],
    }
