"""What the intermediate queries must return."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import chisquare
from support.query_recount import Shop, monday, tiles, whole_seconds

from journey.metrics.recount import session_counts

DAY = pd.Timedelta(days=1)


def running_revenue(shop: Shop) -> pd.DataFrame:
    days = pd.Index(sorted(shop.sessions["day"].unique()), name="day")
    revenue = shop.revenue_in(shop.orders["ts"].dt.normalize(), days)
    enough = np.arange(1, len(days) + 1) >= 7
    before = revenue.shift(7)
    result = pd.DataFrame(
        {
            "orders": shop.orders["ts"].dt.normalize().value_counts().reindex(days).fillna(0),
            "revenue": revenue,
            "running_revenue": revenue.expanding(1).sum(),
            "revenue_7_day_average": revenue.rolling(7, min_periods=1).mean().where(enough),
            "change_on_last_week": revenue / before.where(before != 0) - 1,
        }
    )
    return result.reset_index()


def engagement_deciles(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions.assign(browsing=shop.sessions["view"] + shop.sessions["search"])
    sessions = sessions.sort_values("browsing", kind="stable")
    grouped = sessions.groupby(tiles(len(sessions), 10))
    result = pd.DataFrame(
        {
            "sessions": grouped.size(),
            "fewest_events": grouped["browsing"].min(),
            "most_events": grouped["browsing"].max(),
            "conversions": grouped["bought"].sum(),
            "conversion_rate": grouped["bought"].mean(),
            "revenue_per_session": grouped["revenue"].mean(),
            "conversions_up_to_here": grouped["bought"].sum().cumsum() / sessions["bought"].sum(),
        }
    )
    return result.rename_axis("decile").reset_index()


def abandoned_cart_value(shop: Shop) -> pd.DataFrame:
    bought = shop.events["session_id"].map(shop.sessions["bought"])
    rows = shop.events[shop.events["event_type"].isin(["add_to_cart", "remove_from_cart"]) & ~bought]
    added = (
        rows[rows["event_type"] == "add_to_cart"]
        .groupby(["session_id", "item_id"])[["quantity", "net"]]
        .sum()
    )
    removed = (
        rows[rows["event_type"] == "remove_from_cart"].groupby(["session_id", "item_id"])["quantity"].sum()
    )
    left = added["quantity"] - removed.reindex(added.index).fillna(0)
    lines = pd.DataFrame({"units": left, "value": left * added["net"] / added["quantity"]})[left > 0]
    lines = lines[lines.index.get_level_values("item_id").isin(shop.items.index)]
    grouped = lines.groupby("item_id")
    result = pd.DataFrame(
        {
            "carts_left": grouped.size(),
            "units_left": grouped["units"].sum(),
            "value_left": grouped["value"].sum(),
        }
    )
    result["all_carts_left"], result["all_value_left"] = len(lines), lines["value"].sum()
    result["category"] = shop.items["category"]
    return result.sort_values("value_left", ascending=False).reset_index()


def top_products_by_category(shop: Shop) -> pd.DataFrame:
    grouped = shop.lines.groupby(["category", "item_id"])
    products = grouped.agg(units=("quantity", "sum")).assign(revenue=grouped["net"].sum(min_count=1))
    products = products.reset_index().assign(exact=lambda frame: frame["revenue"].round(6))
    products = products.sort_values(["category", "exact", "item_id"], ascending=[True, False, True])
    products["place"] = products.groupby("category").cumcount() + 1
    totals = products.groupby("category")["revenue"].transform("sum")
    products["share_of_category"] = products["revenue"] / totals.where(totals != 0)
    return products[products["place"] <= 3].drop(columns="exact")


def weekly_channel_mix(shop: Shop) -> pd.DataFrame:
    counts = shop.sessions.groupby(["week", "channel"])["bought"].agg(sessions="size", conversion_rate="mean")
    counts["session_share"] = counts["sessions"] / counts.groupby("week")["sessions"].transform("sum")
    counts["share_change"] = counts.groupby("channel")["session_share"].diff()
    return counts.reset_index()


def revenue_rollup(shop: Shop) -> pd.DataFrame:
    device = shop.lines["order_id"].map(shop.orders.set_index("order_id")["device"])
    lines = shop.lines.assign(device=device)
    names = {"category": "all categories", "device": "all devices"}
    levels = {"category and device": [], "category": ["device"], "total": ["category", "device"]}
    parts = []
    for level, hidden in levels.items():
        part = lines.assign(**{name: names[name] for name in hidden}).groupby(["category", "device"])
        parts.append(
            part.agg(
                orders=("order_id", "nunique"), units=("quantity", "sum"), revenue=("net", "sum")
            ).assign(level=level)
        )
    result = pd.concat(parts).reset_index()
    nothing = {"category": ["all categories"], "device": ["all devices"], "level": ["total"]}
    empty = pd.DataFrame(nothing | {"orders": [0], "units": [0], "revenue": [0.0]})
    return result if len(lines) else empty


def repeat_purchase_intervals(shop: Shop) -> pd.DataFrame:
    orders = shop.orders.assign(previous=shop.orders.groupby("user_id")["ts"].shift())
    orders["order_number"] = (orders.groupby("user_id").cumcount() + 1).clip(upper=5)
    later = orders.dropna(subset="previous")
    days = whole_seconds(later["previous"], later["ts"]) / 86400
    grouped = later.assign(days=days, week=days <= 7, month=days <= 30).groupby("order_number")
    result = pd.DataFrame(
        {
            "intervals": grouped.size(),
            "customers": grouped["user_id"].nunique(),
            "mean_days": grouped["days"].mean(),
            "median_days": grouped["days"].median(),
            "within_7_days_share": grouped["week"].mean(),
            "within_30_days_share": grouped["month"].mean(),
        }
    )
    return result.reset_index()


def weekly_cohorts(shop: Shop) -> pd.DataFrame:
    buyers = shop.buyers.assign(cohort_week=monday(shop.buyers["first"]))
    grouped = buyers.assign(repeat=buyers["orders"] > 1).groupby("cohort_week")
    result = pd.DataFrame(
        {
            "customers": grouped.size(),
            "repeat_customers": grouped["repeat"].sum(),
            "orders": grouped["orders"].sum(),
            "revenue": grouped["revenue"].sum(),
            "revenue_per_customer": grouped["revenue"].mean(),
            "repeat_rate": grouped["repeat"].mean(),
        }
    )
    return result.reset_index()


def rfm_segments(shop: Shop) -> pd.DataFrame:
    buyers = shop.buyers.reset_index().assign(exact=lambda frame: frame["revenue"].round(6))
    # Equal buyers share the mean of their ranks, and with it the score.
    last_day = shop.sessions["end"].max().normalize()
    buyers["days"] = (last_day - buyers["last"].dt.normalize()) / DAY
    score = {
        name: np.ceil(5 * buyers[column].rank(ascending=up) / len(buyers))
        for name, column, up in (("r", "days", False), ("f", "orders", True), ("m", "exact", True))
    }
    recent, often, money, once = score["r"], score["f"], score["m"], buyers["orders"] == 1
    rules = {
        "New": once & (recent >= 4),
        "Lost": once & (recent <= 2),
        "Champions": (recent >= 4) & (often >= 4) & (money >= 4),
        "Loyal": (recent >= 3) & (often >= 4),
        "At Risk": (recent <= 2) & (often >= 4),
        "Promising": recent >= 4,
        "Needs Attention": recent == 3,
    }
    buyers["segment"] = np.select(list(rules.values()), list(rules), "Hibernating")
    grouped = buyers.groupby("segment")
    result = pd.DataFrame(
        {
            "customers": grouped.size(),
            "customer_share": grouped.size() / len(buyers),
            "mean_orders": grouped["orders"].mean(),
            "revenue_per_customer": grouped["revenue"].mean(),
            "mean_days_since_order": grouped["days"].mean(),
            "revenue": grouped["revenue"].sum(min_count=1),
            "revenue_share": grouped["revenue"].sum(min_count=1) / buyers["revenue"].sum(min_count=1),
        }
    )
    return result.reset_index()


def promotion_weekend(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions[shop.sessions["day"].dt.day_of_week >= 5]
    sessions = sessions.assign(
        weekend=sessions["day"] - (sessions["day"].dt.day_of_week - 5) * DAY,
        discount=sessions["discount"],
    )
    grouped = sessions.groupby("weekend")
    result = pd.DataFrame(
        {
            "days": grouped["day"].nunique(),
            "sessions": grouped.size(),
            "conversions": grouped["bought"].sum(),
            "conversion_rate": grouped["bought"].mean(),
            "revenue": grouped["revenue"].sum(),
            "mean_discount_pct": grouped["discount"].mean(),
        }
    )
    result = result[result["days"] == 2].drop(columns="days")
    ratios = []
    for weekend in result.index:
        one, rest = result.loc[weekend], result.drop(weekend)
        rate = rest["conversions"].sum() / rest["sessions"].sum()
        ratios.append(
            (
                one["sessions"] / rest["sessions"].mean(),
                one["conversions"] / one["sessions"] / rate,
                one["revenue"] / rest["revenue"].mean(),
                one["revenue"] / one["conversions"] / (rest["revenue"].sum() / rest["conversions"].sum()),
            )
        )
    result[["sessions_ratio", "conversion_ratio", "revenue_ratio", "order_value_ratio"]] = ratios
    return result.reset_index()


def sample_ratio_counts(shop: Shop) -> pd.DataFrame:
    variants = shop.exposures.groupby(["experiment", "user_id"])["variant"].agg(["nunique", "first"])
    clean = variants[variants["nunique"] == 1].reset_index()
    rows = []
    for experiment, group in clean.groupby("experiment"):
        control, treatment = (int((group["first"] == name).sum()) for name in ("control", "treatment"))
        both = int((variants.loc[experiment, "nunique"] > 1).sum())
        rows.append((experiment, control, treatment, both, chisquare([control, treatment]).statistic))
    names = ["experiment", "control_users", "treatment_users", "users_in_both", "chi_square"]
    result = pd.DataFrame(rows, columns=names)
    result["users"] = clean["experiment"].value_counts().reindex(result["experiment"]).to_numpy()
    return result.assign(treatment_user_share=result["treatment_users"] / result["users"])


def time_to_convert(shop: Shop) -> pd.DataFrame:
    bought = shop.lines.groupby("session_id")["ts"].min()
    sessions = shop.sessions.loc[bought.index]
    minutes = whole_seconds(sessions["start"], bought) / 60
    grouped = minutes.groupby(sessions["device"])
    result = pd.DataFrame(
        {
            "buying_sessions": grouped.size(),
            "quarter_minutes": grouped.quantile(0.25),
            "median_minutes": grouped.median(),
            "three_quarter_minutes": grouped.quantile(0.75),
            "ninety_percent_minutes": grouped.quantile(0.9),
        }
    )
    return result.reset_index()


def sessions_before_first_order(shop: Shop) -> pd.DataFrame:
    first = shop.orders.drop_duplicates("user_id")["session_id"].map(shop.sessions["number"]).clip(upper=8)
    counts = first.value_counts().sort_index()
    shares = {"buyer_share": counts / counts.sum(), "cumulative_share": counts.cumsum() / counts.sum()}
    result = pd.DataFrame({"buyers": counts, **shares})
    return result.rename_axis("session_number").reset_index()


def traffic_by_weekday_and_hour(shop: Shop) -> pd.DataFrame:
    start = shop.sessions["start"]
    slots = shop.sessions.assign(weekday_number=start.dt.day_of_week + 1, hour_of_day=start.dt.hour)
    grouped = slots.groupby(["weekday_number", "hour_of_day"])
    result = grouped["bought"].agg(sessions="size", conversions="sum", conversion_rate="mean")
    result["session_share"] = result["sessions"] / len(slots)
    result["revenue_per_session"] = grouped["revenue"].mean()
    return result.assign(busy_rank=result["sessions"].rank(method="min", ascending=False)).reset_index()


def value_percentiles(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions
    measures = {
        "order value (EUR)": shop.orders["revenue"],
        "session length (minutes)": (sessions["end"] - sessions["start"]) / pd.Timedelta(minutes=1),
        "events in a session": sessions["events"],
    }
    percents = [10, 25, 50, 75, 90, 95, 99]
    known = {name: values.dropna() for name, values in measures.items()}
    rows = [
        (name, len(values), values.mean(), *np.percentile(values, percents)) for name, values in known.items()
    ]
    names = ["measure", "observations", "mean_amount", *(f"p{percent}" for percent in percents)]
    return pd.DataFrame(rows, columns=names)


def channel_touches(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions.reset_index()
    earlier = sessions.groupby("user_id")["bought"].transform(
        lambda column: column.cumsum().shift(fill_value=0)
    )
    path = sessions.groupby(["user_id", earlier])
    return pd.DataFrame(
        {
            "user_id": sessions["user_id"],
            "session_id": sessions["session_id"],
            "path_id": path.ngroup() + 1,
            "touch": path.cumcount() + 1,
            "channel": sessions["channel"],
            "is_converting": sessions["bought"].astype(int),
            "path_converts": path["bought"].transform("max").astype(int),
            "days_to_end": whole_seconds(sessions["start"], path["end"].transform("max")) / 86400,
        }
    )


def user_segment_totals(shop: Shop) -> pd.DataFrame:
    sessions, keys = shop.sessions, ["user_id", "device", "channel", "visitor"]
    late = (sessions["day"].max() - sessions["day"]) / DAY < 21
    counts = session_counts(shop.events).assign(period=np.where(late, "after", "before"))
    return counts.join(sessions[keys]).groupby([*keys, "period"]).sum().reset_index()


def visitor_behaviour(shop: Shop) -> pd.DataFrame:
    sessions, first = shop.sessions, shop.sessions["day"].min()
    days = (sessions["day"].max() - first) / DAY + 1
    is_early = (sessions["day"] - first) / DAY < days * 2 / 3
    early, late = sessions[is_early], sessions[~is_early]
    grouped, after = early.groupby("user_id"), late.groupby("user_id")
    items = shop.items[shop.items["price"] > 0]
    items = items.assign(log=np.log(items["price"]))
    level = items["log"] - items.groupby("category")["log"].transform("mean")
    seen = shop.events[(shop.events["event_type"] == "view") & shop.events["session_id"].isin(early.index)]
    levels = seen["item_id"].map(level).groupby(seen["user_id"]).mean()
    spent = (early["end"] - early["start"]).dt.total_seconds().groupby(early["user_id"]).sum()
    result = pd.DataFrame(
        {
            "visits": grouped.size(),
            "events_per_visit": grouped["events"].mean(),
            "search_share": grouped["search"].sum() / grouped["events"].sum(),
            "variety": grouped["items_viewed"].sum() / grouped["view"].sum().clip(lower=1),
            "carts_per_visit": grouped["add_to_cart"].mean(),
            "removals_per_visit": grouped["remove_from_cart"].mean(),
            "seconds_between": spent / (grouped["events"].sum() - grouped.size()).clip(lower=1),
            "coupon_share": (early["discount"] > 0).groupby(early["user_id"]).mean(),
            "mobile_share": (early["device"] == "mobile").groupby(early["user_id"]).mean(),
            "purchase_share": grouped["bought"].mean(),
            "revenue": grouped["revenue"].sum(min_count=1),
            "price_level": levels,
        }
    )
    result = result.assign(later_visits=after.size(), later_purchases=after["bought"].sum())
    # Who does not come back brings nothing, where it is known what visitors bring.
    nothing = result["revenue"].where(result["revenue"].isna(), 0.0)
    later = after["revenue"].sum(min_count=1).reindex(result.index)
    result["later_revenue"] = later.where(result["later_visits"].notna(), nothing)
    return result.fillna({"later_visits": 0, "later_purchases": 0}).reset_index()


INTERMEDIATE: dict[str, Callable[[Shop], pd.DataFrame]] = {
    function.__name__: function
    for function in (
        running_revenue,
        engagement_deciles,
        abandoned_cart_value,
        top_products_by_category,
        weekly_channel_mix,
        revenue_rollup,
        repeat_purchase_intervals,
        weekly_cohorts,
        rfm_segments,
        promotion_weekend,
        sample_ratio_counts,
        time_to_convert,
        sessions_before_first_order,
        traffic_by_weekday_and_hour,
        value_percentiles,
        channel_touches,
        user_segment_totals,
        visitor_behaviour,
    )
}
