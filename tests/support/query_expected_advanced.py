"""What the advanced queries must return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import combinations, groupby, pairwise

import numpy as np
import pandas as pd
from support.query_expected_treatments import TREATMENTS
from support.query_recount import Shop, tiles, whole_seconds

DAY = pd.Timedelta(days=1)
MINUTE = pd.Timedelta(minutes=1)


def session_gap_limits(shop: Shop) -> pd.DataFrame:
    events, rows = shop.events, []
    for limit in (10, 20, 30, 60, 120):
        fresh = events["user_id"].ne(events["user_id"].shift()) | (events["ts"].diff() > limit * MINUTE)
        grouped = events.assign(bought=events["event_type"] == "purchase").groupby(fresh.cumsum())
        minutes = whole_seconds(grouped["ts"].min(), grouped["ts"].max()).mean() / 60
        bought = grouped["bought"].any()
        rows.append((limit, len(grouped), grouped.size().mean(), minutes, bought.sum(), bought.mean()))
    names = ["gap_minutes", "sessions", "mean_events", "mean_minutes", "conversions", "conversion_rate"]
    return pd.DataFrame(rows, columns=names)


def visit_streaks(shop: Shop) -> pd.DataFrame:
    rows = []
    for _, sessions in shop.sessions.groupby("user_id"):
        days = np.unique(sessions["day"].to_numpy())
        runs = np.split(days, np.flatnonzero(np.diff(days) != np.timedelta64(1, "D")) + 1)
        rows.append((min(max(map(len, runs)), 7), sessions["bought"].any()))
    grouped = pd.DataFrame(rows, columns=["longest_streak_days", "bought"]).groupby("longest_streak_days")[
        "bought"
    ]
    result = grouped.agg(visitors="size", buyer_rate="mean").reset_index()
    return result.assign(visitor_share=result["visitors"] / len(rows))


def attribution_by_touch(shop: Shop) -> pd.DataFrame:
    rules = ("first_touch", "last_touch", "linear", "position")
    credit: dict[str, dict[str, float]] = {}
    start, channel = shop.sessions["start"].to_numpy(), shop.sessions["channel"].to_numpy()
    own = shop.sessions.groupby("user_id").indices
    previous = shop.orders.groupby("user_id")["ts"].shift()
    for order, before in zip(shop.orders.itertuples(), previous.to_numpy(), strict=True):
        rows = own[order.user_id]
        at = np.datetime64(order.ts)
        eligible = (start[rows] <= at) & (start[rows] >= at - np.timedelta64(30, "D"))
        if not np.isnat(before):
            eligible &= start[rows] > before
        path = channel[rows[eligible | (rows == order.session_id - 1)]]
        touches = len(path)
        middle = [0.2 / max(touches - 2, 1)] * (touches - 2)
        ends = {1: [1.0], 2: [0.5, 0.5]}.get(touches, [0.4, *middle, 0.4])
        for place, (name, share) in enumerate(zip(path, ends, strict=True)):
            row = credit.setdefault(name, defaultdict(float))
            weights = (place == 0, place == touches - 1, 1 / touches, share)
            for rule, weight in zip(rules, weights, strict=True):
                row[f"{rule}_orders"] += weight
                row[f"{rule}_revenue"] += weight * order.revenue
    result = pd.DataFrame.from_dict(credit, orient="index").rename_axis("channel").reset_index()
    apart = (result["first_touch_orders"] - result["last_touch_orders"]).abs()
    return result.assign(largest_difference=apart)


def cohort_retention(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions
    last = sessions.groupby("week")["day"].max()
    complete = [week for week, day in last.items() if day.weekday() == 6]
    first = sessions.groupby("user_id")["week"].min()
    active = (
        sessions.assign(cohort=sessions["user_id"].map(first))
        .groupby(["cohort", "week"])["user_id"]
        .nunique()
    )
    rows = []
    for cohort, size in first.value_counts().items():
        for week in complete:
            if week >= cohort:
                rows.append((cohort, (week - cohort).days // 7, size, active.get((cohort, week), 0)))
    names = ["cohort_week", "weeks_since_first", "cohort_visitors", "retained_visitors"]
    result = pd.DataFrame(rows, columns=names)
    return result.assign(retention_rate=result["retained_visitors"] / result["cohort_visitors"])


def transition_counts(shop: Shop) -> pd.DataFrame:
    pairs = []
    for _, types in shop.events.groupby("session_id")["event_type"]:
        states = ["start", *types, "exit"]
        pairs += list(pairwise(states))
    counts = pd.Series(pairs).value_counts()
    result = pd.DataFrame(
        [(*pair, count) for pair, count in counts.items()], columns=["state", "next_state", "transitions"]
    )
    return result.assign(
        probability=result["transitions"] / result.groupby("state")["transitions"].transform("sum")
    )


def session_paths(shop: Shop) -> pd.DataFrame:
    types = shop.events.groupby("session_id")["event_type"]
    paths = types.agg(lambda column: " > ".join(kind for kind, _ in groupby(column)))
    grouped = shop.sessions.assign(path=paths).groupby("path")["bought"]
    result = grouped.agg(sessions="size", conversions="sum", conversion_rate="mean").reset_index()
    result["steps"] = result["path"].str.count(">") + 1
    result["session_share"] = result["sessions"] / len(shop.sessions)
    return result.sort_values(["sessions", "path"], ascending=[False, True])


def basket_affinity(shop: Shop) -> pd.DataFrame:
    baskets = shop.lines.groupby("order_id")["category"].agg(lambda column: sorted(set(column)))
    singles = baskets.explode().value_counts()
    pairs = pd.Series([pair for basket in baskets for pair in combinations(basket, 2)]).value_counts()
    rows = [
        (a, b, both, singles[a], singles[b], both * len(baskets) / (singles[a] * singles[b]))
        for (a, b), both in pairs.items()
        if both >= 5
    ]
    names = ["category_a", "category_b", "orders_with_both", "orders_with_a", "orders_with_b", "lift"]
    result = pd.DataFrame(rows, columns=names)
    return result.assign(
        support=result["orders_with_both"] / len(baskets),
        confidence_a_to_b=result["orders_with_both"] / result["orders_with_a"],
        confidence_b_to_a=result["orders_with_both"] / result["orders_with_b"],
    )


def products_viewed_together(shop: Shop) -> pd.DataFrame:
    views = shop.events.loc[shop.events["event_type"] == "view", ["session_id", "item_id"]].drop_duplicates()
    views = views.astype("int64")
    singles = views["item_id"].value_counts()
    pairs = views.merge(views, on="session_id")
    pairs = pairs[pairs["item_id_x"] < pairs["item_id_y"]].groupby(["item_id_x", "item_id_y"]).size()
    result = pairs[pairs >= 8].rename_axis(["item_a", "item_b"]).rename("sessions_with_both").reset_index()
    result["support"] = result["sessions_with_both"] / views["session_id"].nunique()
    for side in "ab":
        result[f"category_{side}"] = result[f"item_{side}"].map(shop.items["category"])
    result["same_category"] = (result["category_a"] == result["category_b"]).astype(int)
    result = result.dropna(subset=["category_a", "category_b"])
    chance = result["item_a"].map(singles) * result["item_b"].map(singles) / views["session_id"].nunique()
    return result.assign(lift=result["sessions_with_both"] / chance).sort_values(
        ["lift", "item_a", "item_b"], ascending=[False, True, True]
    )


def revenue_concentration(shop: Shop) -> pd.DataFrame:
    buyers = shop.buyers.dropna(subset="revenue").reset_index()
    buyers = buyers.assign(exact=lambda frame: -frame["revenue"].round(6))
    buyers = buyers.sort_values(["exact", "user_id"]).assign(decile=tiles(len(buyers), 10))
    grouped = buyers.groupby("decile")["revenue"]
    result = grouped.agg(
        customers="size", revenue="sum", smallest_revenue="min", largest_revenue="max"
    ).reset_index()
    result["orders"] = buyers.groupby("decile")["orders"].sum().to_numpy()
    result["revenue_share"] = result["revenue"] / result["revenue"].sum()
    return result.assign(cumulative_share=result["revenue"].cumsum() / result["revenue"].sum())


def simpson_decomposition(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions
    after = (sessions["day"].max() - sessions["day"]) / DAY < 21
    sides = {}
    for name, side in (("before", sessions[~after]), ("after", sessions[after])):
        sides[f"sessions_{name}"] = side["channel"].value_counts()
        sides[f"rate_{name}"] = side.groupby("channel")["bought"].mean()
    result = pd.DataFrame(sides)
    for name, side in (("before", ~after), ("after", after)):
        result[f"sessions_{name}"] = result[f"sessions_{name}"].fillna(0)
        result[f"share_{name}"] = result[f"sessions_{name}"] / (side.sum() or np.nan)
    # A channel that is there on one side only is taken to convert the same on the other.
    old, new = result["rate_before"].fillna(result["rate_after"]), result["rate_after"]
    new = new.fillna(result["rate_before"])
    result["mix_effect"] = (result["share_after"] - result["share_before"]) * (old + new) / 2
    result["rate_effect"] = (new - old) * (result["share_before"] + result["share_after"]) / 2
    total = result.sum(min_count=1)
    total["rate_before"], total["rate_after"] = (
        sessions.loc[~after, "bought"].mean(),
        sessions.loc[after, "bought"].mean(),
    )
    result.loc["all channels"] = total
    return result.rename_axis("channel").reset_index()


def unsold_days_by_category(shop: Shop) -> pd.DataFrame:
    day = shop.lines["ts"].dt.normalize()
    calendar = pd.date_range(day.min(), day.max())
    rows = []
    for category in sorted(shop.items["category"].unique()):
        sold = calendar.isin(day[shop.lines["category"] == category])
        runs = [len(list(run)) for is_sold, run in groupby(sold) if not is_sold]
        rows.append((category, len(calendar), sum(runs), max(runs, default=0)))
    return pd.DataFrame(rows, columns=["category", "days", "days_without_sale", "longest_run_days"])


def first_order_survival(shop: Shop) -> pd.DataFrame:
    first_seen = shop.sessions.groupby("user_id")["start"].min()
    ordered = shop.buyers["first"].reindex(first_seen.index)
    until = ordered.fillna(shop.sessions["end"].max())
    days = np.floor(whole_seconds(first_seen, until) / 86400).astype(int)
    rows, stay = [], 1.0
    for day in sorted(days.unique()):
        at_risk, orders = int((days >= day).sum()), int(((days == day) & ordered.notna()).sum())
        stay *= 1 - orders / at_risk
        censored = int(((days == day) & ordered.isna()).sum())
        rows.append((day, at_risk, orders, censored, 1 - stay))
    names = ["days_since_first_visit", "visitors_at_risk", "orders", "censored", "ordered_share"]
    return pd.DataFrame(rows, columns=names)


def active_visitors(shop: Shop) -> pd.DataFrame:
    active = shop.sessions.groupby("day")["user_id"].agg(set)
    rows = []
    for day in active.index[29:]:
        window = [
            set().union(*active[(active.index > day - length * DAY) & (active.index <= day)])
            for length in (1, 7, 30)
        ]
        rows.append((day, *map(len, window)))
    result = pd.DataFrame(rows, columns=["day", "daily_visitors", "weekly_visitors", "monthly_visitors"])
    return result.assign(stickiness=result["daily_visitors"] / result["monthly_visitors"])


def unusual_days(shop: Shop) -> pd.DataFrame:
    days = pd.Index(sorted(shop.sessions["day"].unique()), name="day")
    revenue = shop.revenue_in(shop.orders["ts"].dt.normalize(), days)
    weekday = pd.Series(days.day_of_week, index=days)
    usual = revenue.groupby(weekday).transform("median")
    spread = (revenue - usual).abs().groupby(weekday).transform("median")
    score = (revenue - usual) / (1.4826 * spread.where(spread > 0))
    result = pd.DataFrame({"revenue": revenue, "usual_revenue": usual, "robust_z": score})
    result["weekday_number"] = weekday + 1
    return result.assign(sessions=shop.sessions["day"].value_counts()).reset_index()


def price_as_of_view(shop: Shop) -> pd.DataFrame:
    events = shop.events
    keys = ["session_id", "user_id", "item_id"]
    views = events[events["event_type"] == "view"].groupby(keys).agg(at=("ts", "min"), offer=("offer", "max"))
    views = views.reset_index().sort_values(["user_id", "item_id", "at"])
    views["earlier"] = views.groupby(["user_id", "item_id"])["offer"].shift()
    views["days"] = whole_seconds(views.groupby(["user_id", "item_id"])["at"].shift(), views["at"]) / 86400
    views["relative"] = views["offer"] / views["earlier"].where(views["earlier"] != 0) - 1
    change = views["offer"] - views["earlier"]
    views["price_change"] = np.select(
        [views["days"].isna(), change.isna(), change.abs() < 0.005, change < 0],
        ["first view", "price unknown", "same price", "cheaper now"],
        "dearer now",
    )
    carts = events.loc[events["event_type"] == "add_to_cart", ["session_id", "item_id"]].drop_duplicates()
    views = views.merge(carts.assign(carted=True), on=["session_id", "item_id"], how="left")
    grouped = views.assign(carted=views["carted"].notna()).groupby("price_change")
    result = grouped["carted"].agg(viewed_products="size", carts="sum", cart_rate="mean")
    result["view_share"] = result["viewed_products"] / len(views)
    result["mean_relative_change"] = grouped["relative"].mean()
    result["median_days_since_view"] = grouped["days"].median()
    return result.reset_index()


ADVANCED: dict[str, Callable[[Shop], pd.DataFrame]] = TREATMENTS | {
    function.__name__: function
    for function in (
        session_gap_limits,
        visit_streaks,
        attribution_by_touch,
        cohort_retention,
        transition_counts,
        session_paths,
        basket_affinity,
        products_viewed_together,
        revenue_concentration,
        simpson_decomposition,
        unsold_days_by_category,
        first_order_survival,
        active_visitors,
        unusual_days,
        price_as_of_view,
    )
}
