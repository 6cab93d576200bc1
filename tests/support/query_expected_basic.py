"""What the basic queries must return."""

from __future__ import annotations

import calendar
from collections.abc import Callable

import numpy as np
import pandas as pd
from support.query_recount import Shop, rates

Expected = Callable[[Shop], pd.DataFrame]


def by(column: str, named: str | None = None) -> Expected:
    return lambda shop: rates(shop.sessions, column).rename(columns={column: named or column})


def overall_metrics(shop: Shop) -> pd.DataFrame:
    sessions, orders = shop.sessions, shop.orders
    carts = sessions["add_to_cart"] > 0
    return pd.DataFrame(
        {
            "first_day": [sessions["day"].min()],
            "last_day": [sessions["day"].max()],
            "sessions": len(sessions),
            "users": sessions["user_id"].nunique(),
            "converting_sessions": sessions["bought"].sum(),
            "revenue_per_session": orders["revenue"].sum() / len(sessions),
            "buyers": orders["user_id"].nunique(),
            "orders": len(orders),
            "revenue": orders["revenue"].sum(),
            "conversion_rate": sessions["bought"].mean(),
            "average_order_value": orders["revenue"].mean(),
            "bounce_rate": (sessions["events"] == 1).mean(),
            "cart_rate": carts.mean(),
            "cart_abandonment_rate": (~sessions.loc[carts, "bought"]).mean(),
        }
    )


def driver_tree(shop: Shop) -> pd.DataFrame:
    weeks = shop.sessions.groupby("week")
    result = pd.DataFrame(
        {
            "days": weeks["day"].nunique(),
            "visitors": weeks["user_id"].nunique(),
            "sessions_per_visitor": weeks.size() / weeks["user_id"].nunique(),
            "conversion_rate": weeks["bought"].mean(),
        }
    )
    week = shop.orders["session_id"].map(shop.sessions["week"])
    result["revenue"] = shop.revenue_in(week, result.index)
    orders = shop.orders.groupby(week)["revenue"]
    result["orders_per_converting_session"] = orders.size() / weeks["bought"].sum()
    result["average_order_value"] = orders.mean()
    return result.reset_index()


def daily_metrics(shop: Shop) -> pd.DataFrame:
    days = shop.sessions.groupby("day")
    day = shop.orders["ts"].dt.normalize()
    revenue = shop.orders.groupby(day)["revenue"]
    result = pd.DataFrame({"sessions": days.size(), "visitors": days["user_id"].nunique()})
    result["converting_sessions"] = days["bought"].sum()
    result["conversion_rate"] = days["bought"].mean()
    result["orders"] = revenue.size()
    result["revenue"] = shop.revenue_in(day, result.index)
    result["average_order_value"] = revenue.mean()
    return result.fillna({"orders": 0}).rename_axis("day").reset_index()


def event_mix(shop: Shop) -> pd.DataFrame:
    kinds = shop.events.groupby("event_type")
    result = pd.DataFrame({"events": kinds.size(), "sessions": kinds["session_id"].nunique()})
    result["users"] = kinds["user_id"].nunique()
    return result.assign(event_share=result["events"] / len(shop.events)).reset_index()


def cleaning_summary(shop: Shop) -> pd.DataFrame:
    kinds = ["duplicate", "late", "skewed", "bot", "missing_user", "negative_quantity", "retyped"]
    counts = [int(shop.raw[f"is_{kind}"].sum()) for kind in kinds]
    return pd.DataFrame(
        {
            "kind": kinds,
            "raw_rows": counts,
            "raw_row_share": np.array(counts) / len(shop.raw),
            "all_raw_rows": len(shop.raw),
        }
    )


def converters_vs_rest(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions
    minutes = (sessions["end"] - sessions["start"]) / pd.Timedelta(minutes=1)
    sessions = sessions.assign(minutes=minutes)
    grouped = sessions.groupby(np.where(sessions["bought"], "bought", "left"))
    result = pd.DataFrame(
        {
            "sessions": grouped.size(),
            "session_share": grouped.size() / len(sessions),
            "mean_events": grouped["events"].mean(),
            "mean_items_viewed": grouped["items_viewed"].mean(),
            "mean_searches": grouped["search"].mean(),
            "mean_carts": grouped["add_to_cart"].mean(),
            "mean_discount_pct": grouped["discount"].mean(),
            "mean_session_number": grouped["number"].mean(),
            "median_duration_minutes": grouped["minutes"].median(),
        }
    )
    return result.rename_axis("outcome").reset_index()


def viewed_and_bought(shop: Shop, label: pd.Series, named: str) -> pd.DataFrame:
    """Sessions that viewed an item of a label, and whether they bought one."""
    events = shop.events.assign(label=shop.events["item_id"].map(label))
    views = events[events["event_type"] == "view"].drop_duplicates(["session_id", "label"])
    revenue = events[events["event_type"] == "purchase"].groupby(["session_id", "label"])["net"].sum()
    pairs = views[["session_id", "label"]].join(revenue.rename("revenue"), on=["session_id", "label"])
    pairs = pairs.assign(bought=pairs["revenue"].notna(), revenue=pairs["revenue"].fillna(0.0))
    return rates(pairs, "label").rename(columns={"label": named})


def numbered(frame: pd.DataFrame, column: str, names: list[str], place: str) -> pd.DataFrame:
    """The rows with the place of their name among all names, from 1."""
    return frame.assign(**{place: frame[column].map(names.index) + 1})


def conversion_by_price_bucket(shop: Shop) -> pd.DataFrame:
    names = ["under €10", "€10 to under €25", "€25 to under €50", "€50 to under €100", "€100 and more"]
    names.append("of unknown price")
    edges = [-np.inf, 10, 25, 50, 100, np.inf]
    buckets = pd.cut(shop.items["price"], edges, right=False, labels=names[:5]).astype(object)
    buckets = buckets.where(shop.items["price"].notna(), names[5])
    return numbered(viewed_and_bought(shop, buckets, "price_bucket"), "price_bucket", names, "bucket_number")


def conversion_by_discount_tier(shop: Shop) -> pd.DataFrame:
    names = ["no discount", "up to 10%", "over 10% to 20%", "over 20%"]
    discount = shop.sessions["discount"]
    tier = pd.cut(discount, [-1, 0, 10, 20, 100], labels=names).astype(object)
    tier = tier.where(discount.notna(), "unknown discount")
    rated = rates(shop.sessions.assign(discount_tier=tier), "discount_tier")
    numbers = {name: place for place, name in enumerate(["unknown discount", *names])}
    return rated.assign(tier_number=rated["discount_tier"].map(numbers)).sort_values("tier_number")


def conversion_by_hour(shop: Shop) -> pd.DataFrame:
    return rates(shop.sessions.assign(hour_of_day=shop.sessions["start"].dt.hour), "hour_of_day")


def conversion_by_weekday(shop: Shop) -> pd.DataFrame:
    rated = rates(shop.sessions.assign(weekday=shop.sessions["start"].dt.day_name()), "weekday")
    return numbered(rated, "weekday", list(calendar.day_name), "weekday_number")


def top_products(shop: Shop) -> pd.DataFrame:
    lines = shop.lines[shop.lines["item_id"].isin(shop.items.index)]
    grouped = lines.groupby("item_id")
    revenue = grouped["net"].sum(min_count=1)
    result = pd.DataFrame(
        {
            "orders": grouped["order_id"].nunique(),
            "units": grouped["quantity"].sum(),
            "revenue": revenue,
            "revenue_share": revenue / revenue.sum(),
        }
    )
    items = shop.items[["category", "brand", "price"]].rename(columns={"price": "list_price"})
    return result.join(items).sort_values("revenue", ascending=False).reset_index()


def cart_abandonment(shop: Shop) -> pd.DataFrame:
    carts = shop.sessions[shop.sessions["add_to_cart"] > 0]
    left = carts.assign(abandoned=~carts["bought"], at_checkout=~carts["bought"] & (carts["checkout"] > 0))
    left["at_cart"] = ~carts["bought"] & (carts["checkout"] == 0)
    grouped = left.groupby("device")
    result = pd.DataFrame(
        {
            "cart_sessions": grouped.size(),
            "abandoned_sessions": grouped["abandoned"].sum(),
            "abandonment_rate": grouped["abandoned"].mean(),
            "left_at_cart": grouped["at_cart"].sum(),
            "left_at_checkout": grouped["at_checkout"].sum() if "checkout" in shop.steps else np.nan,
        }
    )
    return result.reset_index()


def sessions_per_customer(shop: Shop) -> pd.DataFrame:
    visits = shop.sessions.groupby("user_id").agg(
        n=("start", "size"), revenue=("revenue", "sum"), bought=("bought", "max")
    )
    grouped = visits.assign(n=visits["n"].clip(upper=5)).groupby("n")
    result = pd.DataFrame(
        {
            "customers": grouped.size(),
            "customer_share": grouped.size() / len(visits),
            "buyer_rate": grouped["bought"].mean(),
            "revenue": grouped["revenue"].sum(),
            "revenue_share": grouped["revenue"].sum() / visits["revenue"].sum(),
        }
    )
    return result.rename_axis("sessions_per_customer").reset_index()


def search_and_conversion(shop: Shop) -> pd.DataFrame:
    use = np.where(shop.sessions["search"] > 0, "searched", "no search")
    columns = ["search_use", "sessions", "conversions", "conversion_rate", "revenue_per_session"]
    rated = rates(shop.sessions.assign(search_use=use), "search_use")[columns]
    depth = shop.sessions.groupby(use)["items_viewed"].mean().rename("mean_items_viewed")
    return rated.join(depth, on="search_use")


BASIC: dict[str, Expected] = {
    "overall_metrics": overall_metrics,
    "driver_tree": driver_tree,
    "daily_metrics": daily_metrics,
    "event_mix": event_mix,
    "cleaning_summary": cleaning_summary,
    "converters_vs_rest": converters_vs_rest,
    "conversion_by_device": by("device"),
    "conversion_by_channel": by("channel"),
    "conversion_by_country": by("country"),
    "conversion_by_age_band": by("age_band"),
    "new_vs_returning": by("visitor"),
    "conversion_by_category": lambda shop: viewed_and_bought(shop, shop.items["category"], "category"),
    "conversion_by_price_bucket": conversion_by_price_bucket,
    "conversion_by_discount_tier": conversion_by_discount_tier,
    "conversion_by_hour": conversion_by_hour,
    "conversion_by_weekday": conversion_by_weekday,
    "top_products": top_products,
    "cart_abandonment": cart_abandonment,
    "sessions_per_customer": sessions_per_customer,
    "search_and_conversion": search_and_conversion,
}
