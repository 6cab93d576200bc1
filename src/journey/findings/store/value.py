"""What customers are worth: named segments, the best tenth, retention of cohorts, and purchases to come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from journey.customers.buying import fit_buying
from journey.customers.cohorts import cohort_retention
from journey.customers.concentration import top_share
from journey.customers.forecast import judged
from journey.customers.gamma_gamma import OneMean, fit_money
from journey.customers.rfm import RULES, migration, name_customers, order_history
from journey.customers.summary import PurchaseDays, Summary, follow, purchase_days, summarise
from journey.errors import JourneyError
from journey.findings.desk import Row
from journey.findings.store.desk import ShopDesk
from journey.inference.arrays import Floats, Ints
from journey.inference.estimate import Estimate

SOURCE, JUDGED = "findings.store.value", "customers.forecast:judged"
LEAST_CUSTOMERS, LEAST_REPEATERS, LEAST_WEEKS = 100, 50, 12
SEED = 0
#: Of the days, the share that is kept back to judge the forecast.
HELD = 1 / 3


def collect(desk: ShopDesk) -> None:
    """Register the numbers of customers' value and save their tables."""
    orders = desk.query("orders_of_users")
    customers = orders["user_id"].nunique()
    desk.add("customers", customers, "count", "Users with an order", f"{SOURCE}:collect")
    again = int((orders.groupby("user_id")["order_ts"].nunique() > 1).sum())
    if customers:
        label = "Customers with a second order in the log"
        desk.add("repeaters", again / customers, "share", label, f"{SOURCE}:collect", n=customers)
    if customers < LEAST_CUSTOMERS:
        for section in ("rfm", "top", "retention", "forecast"):
            desk.absent(
                section, f"This needs {LEAST_CUSTOMERS} customers with an order; the log has {customers:,}."
            )
        return
    known = orders["net_revenue"].notna()
    priced = bool(known.any())
    orders = orders[known] if priced else orders.assign(net_revenue=1.0)
    days = purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"].astype(float))
    last = int(np.datetime64(desk.imported["last_day"], "D").astype(np.int64))
    if priced:
        desk.attempt("rfm", lambda: add_rfm(desk, orders))
        desk.attempt("top", lambda: add_top(desk, days))
    else:
        for section in ("rfm", "top"):
            desk.absent(section, "The log has no prices; record the price paid for each line bought.")
    desk.attempt("retention", lambda: add_retention(desk, days, last))
    desk.attempt("forecast", lambda: add_forecast(desk, days, last, again, priced=priced))


def add_rfm(desk: ShopDesk, orders: pd.DataFrame) -> None:
    """Segments named by stated rules, and who keeps the name from one half of the log to the other."""
    by_day = orders.assign(day=orders["order_ts"].dt.normalize(), pence=orders["net_revenue"].astype(float))
    by_day = by_day.rename(columns={"user_id": "customer"})
    by_day = by_day.groupby(["customer", "day"], as_index=False)["pence"].sum()
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
    desk.add_rows(named_segments(table), f"{SOURCE}:add_rfm", n=len(names))
    middle = first + (end - first) / 2
    before, after = order_history(by_day, first, middle), order_history(by_day, middle, end)
    moved = migration(before, name_customers(before), after, name_customers(after))
    n, stayed = len(before.customer), int(np.trace(moved.to_numpy()[:-1, :-1]))
    label = "Customers of the first half who have the same name in the second"
    desk.add("kept_name", stayed / n, "share", label, f"{SOURCE}:add_rfm", n=n)


def named_segments(table: pd.DataFrame) -> Iterator[Row]:
    """Numbers of the segment that brings most, and of the customers who may be lost."""
    best = table.loc[table["revenue_share"].idxmax()]
    yield "best", str(best["segment"]), "text", "Named segment that brings most revenue"
    yield "best_customer_share", best["customer_share"], "share", "Its share of customers"
    yield "best_revenue_share", best["revenue_share"], "share", "Its share of revenue"
    for risk in table[table["segment"] == "At Risk"].itertuples():
        label = "Customers who bought often and have not for long (At Risk)"
        yield "at_risk", risk.customers, "count", label
        yield "at_risk_share", risk.revenue_share, "share", "Their share of the revenue so far"


def add_top(desk: ShopDesk, days: PurchaseDays) -> None:
    """What the best tenth brings."""
    money = np.bincount(days.customer, weights=days.money)
    found = top_share(money[money > 0])
    top = Estimate(
        found.value, found.low, found.high, n=found.n, method="studentised bootstrap over customers"
    )
    label = "Share of revenue that the best tenth of customers brings"
    desk.add("top_tenth", top, "share", label, "customers.concentration:top_share")


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
    source = "customers.cohorts:cohort_retention"
    desk.add("retention_every", every, "text", "Period of the cohorts", source)
    later = table[table["cohort"] != table["cohort"].min()]
    first = later[later["age"] == 1]
    if len(first):
        n, bought = int(first["n"].sum()), int(first["bought"].sum())
        label = f"New customers who buy again in the next {every}, first cohort left out"
        desk.add("retention_next", bought / n, "share", label, source, n=n)


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
    desk.add("forecast_days", horizon, "days", "Days foretold", f"{SOURCE}:add_forecast", digits=0)
    seen, before = (follow(days, summary.customer, day, day + horizon) for day in (cut, cut - horizon))
    add_model(desk, summary, horizon, seen, before, priced=priced)


def add_model(
    desk: ShopDesk,
    summary: Summary,
    horizon: int,
    seen: tuple[Ints, Floats],
    before: tuple[Ints, Floats],
    *,
    priced: bool,
) -> None:
    """What the customers' model foretells, beside orders and money `seen`, and those of the days `before`."""
    chosen = fit_buying(summary)
    expected = chosen.model.expected(summary, horizon)
    name, what, forecast, place = chosen.name, "days with an order", expected, 0
    if priced:
        money = fit_money(summary)
        name += f" and {'one mean' if isinstance(money, OneMean) else 'Gamma-Gamma'}"
        what, forecast, place = "what each spends", expected * money.expected(summary), 1
    again = f"the last {horizon} days again"
    add_ways(desk, {name: forecast, again: before[place].astype(float)}, seen[place].astype(float))
    desk.add("forecast_what", what, "text", "What is foretold of each customer", f"{SOURCE}:add_model")
    label, n = "Model of buying that the customers allow", len(summary)
    desk.add("forecast_model", chosen.name, "text", label, "customers.buying:fit_buying", n=n)
    end = "in the days kept back"
    counts = (
        ("expected_orders", expected.sum(), "count", f"Days with an order that the model expects {end}"),
        ("seen_orders", seen[0].sum(), "count", f"Days with an order {end}"),
        ("returned", (seen[0] > 0).mean(), "share", f"Customers known at the cut who order again {end}"),
    )
    desk.add_rows(counts, JUDGED, n=n)


def add_ways(desk: ShopDesk, ways: dict[str, Floats], actual: Floats) -> None:
    """How near the model, and the days before taken again, come to what is foretold."""
    found = {name: judged(actual, forecast, seed=SEED) for name, forecast in ways.items()}
    table = [
        {"way": name}
        | {key: getattr(each, key).value for key in ("mae", "bias", "r2", "rank", "top_found")}
        | {"r2_low": each.r2.low, "r2_high": each.r2.high}
        for name, each in found.items()
    ]
    desk.save("forecast", pd.DataFrame(table))
    model, again = (each.r2 for each in found.values())
    rows = (
        ("forecast_r2", model, "ratio", "R² of the model on the days kept back"),
        ("forecast_again_r2", again, "ratio", "R² of the days before taken again, on the days kept back"),
    )
    desk.add_rows(rows, JUDGED, digits=2, n=len(actual), method="bootstrap over customers")
