"""Findings of chapter 08: what customers are worth, who leaves, and how much of either can be known."""

from __future__ import annotations

from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.buying import Chosen, fit_buying
from journey.customers.cohorts import cohort_retention, pooled
from journey.customers.gamma_gamma import fit_gamma_gamma
from journey.customers.history import known_at
from journey.customers.spend import learn_spend, same_again
from journey.customers.summary import Floats, PurchaseDays, Summary, purchase_days, summarise
from journey.customers.value import positive
from journey.errors import JourneyError
from journey.evaluation.customer_truth import best_forecast, customer_future, drawn_futures
from journey.findings.customer_value.cdnow import add_cdnow
from journey.findings.customer_value.churn import add_shop_churn
from journey.findings.customer_value.entries import add_estimate, flat
from journey.findings.customer_value.leaving import add_leaving
from journey.findings.customer_value.retail import add_retail
from journey.findings.desk import Desk

SOURCE = "journey.findings.customer_value.collect"
#: What is foretold in the shop: as far as the truth reaches. Trees can learn from half the window only.
HORIZON, LEARNED = 90, 45
FUTURES, SEED = 200, 8
MEASURES = {
    "r2": "R2",
    "rank": "rank correlation",
    "top_found": "top tenth found",
    "bias": "bias",
    "mae": "MAE",
}
WAYS = {
    "oracle": "oracle: the true expectation",
    "model": "model of buying and money",
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
            add_shop_churn(desk, days, summary)
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
    orders = desk.warehouse.execute(
        "select user_id, order_ts, net_revenue from marts.orders "
        "where user_id is not null and net_revenue is not null order by order_id"
    ).df()
    if not len(orders):
        raise JourneyError(f"store {desk.store} has no order with a customer and money: value needs both")
    return purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"])


def add_retention(desk: Desk, days: PurchaseDays) -> None:
    """Share of each week's new customers that buy again in each later week."""
    table = cohort_retention(days, int(days.day.max()), "week")
    desk.save("retention", table)
    first = pooled(table).iloc[0]
    source = "journey.customers.cohorts:pooled"
    early = table[table["age"] <= 4]
    desk.ledger.add(
        "customer_value.week_after",
        float(first["share"]),
        "share",
        low=float(first["low"]),
        high=float(first["high"]),
        method="Wilson",
        n=int(first["n"]),
        label="New customers who buy again in the following week",
        source=source,
    )
    desk.ledger.add(
        "customer_value.month_after",
        float(early["bought"].sum() / early["n"].sum()),
        "share",
        n=int(early["n"].sum()),
        label="Customers who buy in one of the four weeks after their first, a week",
        source=source,
    )
    smallest, largest = int(table["n"].min()), int(table["n"].max())
    for name, value in (("smallest", smallest), ("largest", largest)):
        label = f"New customers of the {name} weekly cohort"
        desk.ledger.add(f"customer_value.cohort_{name}", value, "count", label=label, source=source)


def add_model(desk: Desk, summary: Summary) -> Chosen:
    """Which model of buying the shop's customers allow."""
    chosen = fit_buying(summary)
    add, source = desk.ledger.add, "journey.customers.buying:fit_buying"
    n = len(summary)
    add(
        "customer_value.customers",
        n,
        "count",
        label="Customers with an order",
        source=f"{SOURCE}:shop_orders",
    )
    once = float((~summary.repeated).mean())
    add("customer_value.once", once, "share", n=n, label="Customers with one order day", source=source)
    add(
        "customer_value.shop_model",
        chosen.name,
        n=n,
        label="Model of buying that the shop allows",
        source=source,
    )
    alive = float(chosen.model.alive(summary).mean())
    add(
        "customer_value.shop_alive",
        alive,
        "share",
        digits=0,
        n=n,
        label="Customers still there, by the model of buying",
        source=source,
    )
    return chosen


def add_value(desk: Desk, days: PurchaseDays, summary: Summary, chosen: Chosen) -> None:
    """Forecasts of the next 90 days against the truth, and what the truth itself would reach."""
    last = int(days.day.max())
    future = customer_future(desk.warehouse, desk.paths.store("simulated"), summary.customer, HORIZON)
    money = fit_gamma_gamma(summary, weights=positive(summary))
    trees = learn_spend(lambda _: days, days, [last - LEARNED], LEARNED, seed=SEED)
    ways: dict[str, Floats] = {
        "oracle": future.value,
        "model": chosen.model.expected(summary, HORIZON) * money.expected(summary),
        # They have learned from half of the horizon.
        "trees": trees(known_at(days, last).matrix) * HORIZON / LEARNED,
        "again": same_again(days, summary.customer, last, HORIZON)[0],
    }
    futures = drawn_futures(future, FUTURES, SEED)
    rows = []
    for way, forecast in ways.items():
        found = best_forecast(futures, forecast)
        rows.append({"way_id": way, "way": WAYS[way]} | flat(found))
        for measure in ("r2", "rank", "top_found"):
            add_estimate(
                desk,
                f"{way}_{measure}",
                found[measure],
                "ratio" if measure != "top_found" else "share",
                len(summary),
                f"{MEASURES[measure]}, {WAYS[way]}",
                "journey.evaluation.customer_truth:best_forecast",
                "95% of possible futures",
            )
    desk.save("value", pd.DataFrame(rows))
    source = "journey.evaluation.customer_truth:customer_future"
    gone = 1 - float(future.alive.mean())
    n = len(summary)
    desk.ledger.add(
        "customer_value.truly_gone",
        gone,
        "share",
        digits=0,
        n=n,
        label="Customers who have truly left",
        source=source,
    )
    desk.ledger.add(
        "customer_value.true_value",
        float(future.value.mean()),
        "eur",
        n=n,
        label="True expected revenue of a customer in 90 days",
        source=source,
    )
    best = max(("model", "trees", "again"), key=lambda way: rows_of(rows, way)["r2"])
    desk.ledger.add(
        "customer_value.shop_best",
        WAYS[best],
        n=n,
        label="Forecast with the highest R2",
        source=f"{SOURCE}:add_value",
    )
    desk.ledger.add(
        "customer_value.shop_best_r2",
        rows_of(rows, best)["r2"],
        "ratio",
        digits=2,
        n=n,
        label="R2 of the best forecast, on average over futures",
        source=f"{SOURCE}:add_value",
    )


def rows_of(rows: list[dict[str, Any]], way: str) -> dict[str, Any]:
    """The row of one forecast."""
    return next(row for row in rows if row["way_id"] == way)
