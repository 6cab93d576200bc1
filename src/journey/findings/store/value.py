"""What customers are worth: named segments, the best tenth, retention of cohorts, and purchases to come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.customers.buying import fit_buying
from journey.customers.cohorts import cohort_retention
from journey.customers.concentration import top_share
from journey.customers.forecast import judged
from journey.customers.gamma_gamma import OneMean, fit_money
from journey.customers.rfm import RULES, migration, name_customers, order_history
from journey.customers.summary import PurchaseDays, follow, purchase_days, summarise
from journey.errors import JourneyError
from journey.findings.desk import Row
from journey.findings.store.desk import ShopDesk
from journey.inference.estimate import Estimate

SOURCE = "findings.store.value"
LEAST_CUSTOMERS, LEAST_REPEATERS, LEAST_WEEKS = 100, 50, 12
MOST_CUSTOMERS, SEED = 200_000, 0
#: Of the days, the share that is kept back to judge the forecast.
HELD = 1 / 3


def collect(desk: ShopDesk) -> None:
    """Register the numbers of customers' value and save their tables."""
    orders = desk.query("orders_of_users")
    customers = orders["user_id"].nunique()
    desk.add("customers", float(customers), "count", "Users with an order", f"{SOURCE}:collect")
    repeated = orders.groupby("user_id")["order_ts"].nunique() if customers else pd.Series(dtype=int)
    again = int((repeated > 1).sum())
    if customers:
        desk.add(
            "repeaters",
            again / customers,
            "share",
            "Customers with a second order in the log",
            f"{SOURCE}:collect",
            n=customers,
        )
    if customers < LEAST_CUSTOMERS:
        for section in ("rfm", "top", "retention", "forecast"):
            desk.absent(
                section, f"This needs {LEAST_CUSTOMERS} customers with an order; the log has {customers:,}."
            )
        return
    priced = orders["net_revenue"].notna()
    if not priced.any():
        sentence = "The log has no prices; record the price paid for each line bought."
        for section in ("rfm", "top"):
            desk.absent(section, sentence)
    orders = orders[priced] if priced.any() else orders.assign(net_revenue=1.0)
    days = purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"].astype(float))
    last = int(np.datetime64(desk.imported["last_day"], "D").astype(np.int64))
    if priced.any():
        desk.attempt("rfm", lambda: add_rfm(desk, orders))
        desk.attempt("top", lambda: add_top(desk, days))
    desk.attempt("retention", lambda: add_retention(desk, days, last))
    desk.attempt("forecast", lambda: add_forecast(desk, days, last, again, priced=bool(priced.any())))


def add_rfm(desk: ShopDesk, orders: pd.DataFrame) -> None:
    """Segments named by stated rules, and who keeps the name from one half of the log to the other."""
    by_day = orders.assign(day=orders["order_ts"].dt.normalize(), pence=orders["net_revenue"].astype(float))
    by_day = (
        by_day.rename(columns={"user_id": "customer"})
        .groupby(["customer", "day"], as_index=False)["pence"]
        .sum()
    )
    first, end = by_day["day"].min(), by_day["day"].max() + pd.Timedelta(days=1)
    whole = order_history(by_day, first, end)
    names = name_customers(whole)
    table = pd.DataFrame({"segment": names, "money": whole.money, "orders": whole.orders})
    table = table.groupby("segment").agg(
        customers=("money", "size"), revenue=("money", "sum"), orders=("orders", "mean")
    )
    table = table.reindex([name for name in RULES if name in table.index]).reset_index()
    table["customer_share"] = table["customers"] / table["customers"].sum()
    table["revenue_share"] = table["revenue"] / table["revenue"].sum()
    table["rule"] = table["segment"].map(RULES)
    desk.save("rfm", table)
    best = table.loc[table["revenue_share"].idxmax()]
    rows: list[Row] = [
        ("best", str(best["segment"]), "text", "Named segment that brings most revenue"),
        ("best_customer_share", float(best["customer_share"]), "share", "Its share of customers"),
        ("best_revenue_share", float(best["revenue_share"]), "share", "Its share of revenue"),
    ]
    for risk in table[table["segment"] == "At Risk"].itertuples():
        label = "Customers who bought often and have not for long (At Risk)"
        rows.append(("at_risk", float(risk.customers), "count", label))
        label = "Their share of the revenue so far"
        rows.append(("at_risk_share", float(risk.revenue_share), "share", label))
    for name, value, unit, label in rows:
        desk.add(name, value, unit, label, f"{SOURCE}:add_rfm", n=len(names))
    middle = first + (end - first) / 2
    before, after = order_history(by_day, first, middle), order_history(by_day, middle, end)
    moved = migration(before, name_customers(before), after, name_customers(after))
    stayed = int(np.trace(moved.to_numpy()[:-1, :-1]))
    desk.add(
        "kept_name",
        stayed / len(before.customer),
        "share",
        "Customers of the first half who have the same name in the second",
        f"{SOURCE}:add_rfm",
        n=len(before.customer),
    )


def add_top(desk: ShopDesk, days: PurchaseDays) -> None:
    """What the best tenth brings."""
    money = np.bincount(days.customer, weights=days.money)
    found = top_share(money[money > 0])
    desk.add(
        "top_tenth",
        found.value,
        "share",
        "Share of revenue that the best tenth of customers brings",
        "customers.concentration:top_share",
        low=found.low,
        high=found.high,
        method="studentised bootstrap over customers",
        n=found.n,
    )


def add_retention(desk: ShopDesk, days: PurchaseDays, last: int) -> None:
    """Who of those won in a month, in a short log in a week, buys again in each later one."""
    try:
        every, table = "month", cohort_retention(days, last, "month")
        if table["age"].max() < 2:
            every, table = "week", cohort_retention(days, last, "week")
    except JourneyError:
        every, table = "week", cohort_retention(days, last, "week")
    table = table[table["age"] <= 12]
    # The first cohort holds everyone who was a customer before the log begins.
    desk.save("retention", table)
    desk.add("retention_every", every, "text", "Period of the cohorts", "customers.cohorts:cohort_retention")
    later = table[table["cohort"] != table["cohort"].min()]
    first = later[later["age"] == 1]
    if len(first):
        n, bought = int(first["n"].sum()), int(first["bought"].sum())
        desk.add(
            "retention_next",
            bought / n,
            "share",
            f"New customers who buy again in the next {every}, first cohort left out",
            "customers.cohorts:cohort_retention",
            n=n,
        )


def add_forecast(desk: ShopDesk, days: PurchaseDays, last: int, repeaters: int, *, priced: bool) -> None:
    """Orders of the last third foretold from the first two, against the plainest forecast."""
    weeks = desk.days / 7
    if repeaters < LEAST_REPEATERS or weeks < LEAST_WEEKS:
        desk.absent(
            "forecast",
            f"A forecast of purchases needs {LEAST_WEEKS} weeks and {LEAST_REPEATERS} customers with a second"
            f" order; the log has {weeks:.0f} weeks and {repeaters:,}.",
        )
        return
    horizon = round(desk.days * HELD)
    cut = last - horizon
    summary = summarise(days, cut)
    if not summary.repeated.any():
        desk.absent(
            "forecast",
            "Nobody has a second order in the first two thirds of the days, so nothing can be foretold.",
        )
        return
    orders, spent = follow(days, summary.customer, cut, last)
    chosen = fit_buying(summary)
    expected = chosen.model.expected(summary, horizon)
    before, spent_before = follow(days, summary.customer, cut - horizon, cut)
    again = f"the last {horizon} days again"
    ways = {chosen.name: expected, again: before.astype(float)}
    actual, what = orders.astype(float), "days with an order"
    if priced:
        money = fit_money(summary)
        name = f"{chosen.name} and {'one mean' if isinstance(money, OneMean) else 'Gamma-Gamma'}"
        ways = {name: expected * money.expected(summary), again: spent_before}
        actual, what = spent, "what each spends"
    table = []
    for name, forecast in ways.items():
        found = judged(actual, forecast, seed=SEED)
        table.append(
            {"way": name}
            | {key: getattr(found, key).value for key in ("mae", "bias", "r2", "rank", "top_found")}
            | {"r2_low": found.r2.low, "r2_high": found.r2.high}
        )
    desk.save("forecast", pd.DataFrame(table))
    here, n, label = f"{SOURCE}:add_forecast", len(summary), "Model of buying that the customers allow"
    desk.add("forecast_days", float(horizon), "days", "Days foretold", here, digits=0)
    desk.add("forecast_what", what, "text", "What is foretold of each customer", here)
    desk.add("forecast_model", chosen.name, "text", label, "customers.buying:fit_buying", n=n)
    source, end = "customers.forecast:judged", "in the days kept back"
    for key, label, row in (
        ("r2", "R² of the model on the days kept back", table[0]),
        ("again_r2", "R² of the days before taken again, on the days kept back", table[1]),
    ):
        drawn = Estimate(row["r2"], row["r2_low"], row["r2_high"], n=n, method="bootstrap over customers")
        desk.add(f"forecast_{key}", drawn, "ratio", label, source, digits=2)
    counts = (
        ("expected_orders", expected.sum(), "count", f"Days with an order that the model expects {end}"),
        ("seen_orders", orders.sum(), "count", f"Days with an order {end}"),
        ("returned", (orders > 0).mean(), "share", f"Customers known at the cut who order again {end}"),
    )
    for key, value, unit, label in counts:
        desk.add(key, float(value), unit, label, source, n=n)
