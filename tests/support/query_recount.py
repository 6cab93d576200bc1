"""The shop counted again in pandas, from clean events alone: what the library's results are held against."""

from __future__ import annotations

from functools import cached_property

import duckdb
import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

GAP = pd.Timedelta(minutes=30)
STEPS = ("view", "add_to_cart", "checkout", "purchase")


class Shop:
    """Tables of one warehouse; no mart is read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        def table(name: str) -> pd.DataFrame:
            return connection.execute(f"select * from staging.{name}").df()

        self.raw = table("events_flagged")
        self.items = table("items").set_index("item_id")
        self.users = table("users").set_index("user_id")
        self.exposures = table("exposures")
        events = table("events").drop(columns=["session_id"])
        events = events.sort_values(["user_id", "ts", "event_id"], kind="stable").reset_index(drop=True)
        fresh = events["user_id"].ne(events["user_id"].shift()) | (events["ts"].diff() > GAP)
        events["session_id"] = fresh.cumsum()
        events["offer"] = events["unit_price"] * (1 - events["discount_pct"].fillna(0) / 100)
        events["net"] = events["offer"] * events["quantity"]
        events["category"] = events["item_id"].map(self.items["category"])
        self.events = events

    @cached_property
    def steps(self) -> list[str]:
        """The steps of the funnel that the shop records; a purchase is one always."""
        kinds = set(self.events["event_type"]) | {"purchase"}
        return [step for step in STEPS if step in kinds]

    @cached_property
    def has_revenue(self) -> bool:
        """Whether what is bought has prices."""
        return bool(self.lines.empty or self.lines["unit_price"].notna().any())

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Purchased lines with the order they belong to."""
        lines = self.events[self.events["event_type"] == "purchase"].copy()
        lines["order_id"] = lines.groupby(["user_id", "ts"])["event_id"].transform("min")
        return lines

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row per order, in the order of customer and time."""
        orders = self.lines.groupby("order_id").agg(
            user_id=("user_id", "first"),
            ts=("ts", "first"),
            session_id=("session_id", "first"),
            device=("device", "first"),
        )
        orders["revenue"] = known_sum(self.lines.groupby("order_id")["net"])
        return orders.reset_index().sort_values(["user_id", "ts", "order_id"], kind="stable")

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """One row per session, indexed by its number."""
        by_session = self.events.groupby("session_id")
        sessions = by_session.agg(
            user_id=("user_id", "first"),
            start=("ts", "min"),
            end=("ts", "max"),
            device=("device", "first"),
            channel=("channel", "first"),
            events=("event_id", "size"),
            discount=("discount_pct", "max"),
        )
        kinds = pd.crosstab(self.events["session_id"], self.events["event_type"])
        for kind in (*STEPS, "search", "remove_from_cart"):
            sessions[kind] = kinds.get(kind, 0)
        viewed = self.events[self.events["event_type"] == "view"]
        sessions["items_viewed"] = viewed.groupby("session_id")["item_id"].nunique()
        sessions["items_viewed"] = sessions["items_viewed"].fillna(0)
        sessions["bought"] = sessions["purchase"] > 0
        revenue = known_sum(self.lines.groupby("session_id")["net"]).reindex(sessions.index)
        sessions["revenue"] = revenue.where(sessions["bought"], 0.0 if self.has_revenue else np.nan)
        sessions["number"] = sessions.groupby("user_id").cumcount() + 1
        sessions["visitor"] = np.where(sessions["number"] == 1, "new", "returning")
        sessions["day"] = sessions["start"].dt.normalize()
        sessions["week"] = monday(sessions["start"])
        for trait in ("country", "age_band"):
            sessions[trait] = sessions["user_id"].map(self.users[trait]).fillna("unknown")
        return sessions

    @cached_property
    def funnels(self) -> pd.DataFrame:
        """Per session the first time of each step not before the step ahead of it that is recorded."""
        times = pd.DataFrame(index=self.sessions.index)
        events = self.events[["session_id", "ts", "event_type"]]
        earliest = pd.Series(pd.Timestamp.min, index=times.index)
        for step in self.steps:
            hits = events[events["event_type"] == step]
            in_order = hits[hits["ts"] >= hits["session_id"].map(earliest)]
            times[step] = in_order.groupby("session_id")["ts"].min()
            earliest = times[step]
        return times

    @cached_property
    def buyers(self) -> pd.DataFrame:
        """One row per customer with an order."""
        by_user = self.orders.groupby("user_id")
        buyers = by_user.agg(orders=("order_id", "size"), first=("ts", "min"), last=("ts", "max"))
        return buyers.assign(revenue=known_sum(by_user["revenue"]))

    def revenue_in(self, key: pd.Series, periods: pd.Index) -> pd.Series:
        """Revenue of the orders of each period: of those that are known; null where none of its orders is."""
        by_period = self.orders.groupby(key)["revenue"]
        nothing = 0.0 if self.has_revenue else np.nan
        revenue = by_period.sum(min_count=1).reindex(periods)
        return revenue.where(periods.isin(by_period.size().index), nothing)


def known_sum(grouped: pd.core.groupby.SeriesGroupBy) -> pd.Series:
    """Sums of groups, null where a value of the group is not known."""
    return grouped.sum().where(grouped.count() == grouped.size())


def monday(moments: pd.Series) -> pd.Series:
    """The Monday of each moment's week."""
    days = moments.dt.normalize()
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def whole_seconds(start: pd.Series, end: pd.Series) -> pd.Series:
    """Seconds between two times as `date_diff('second')` counts them: borders crossed."""
    return (end.dt.floor("s") - start.dt.floor("s")) / pd.Timedelta(seconds=1)


def tiles(size: int, groups: int) -> np.ndarray:
    """`ntile` of rows that are already in order."""
    return np.concatenate(
        [np.full(len(part), i + 1) for i, part in enumerate(np.array_split(np.arange(size), groups))]
    )


def rates(frame: pd.DataFrame, key: str, bought: str = "bought") -> pd.DataFrame:
    """Sessions, conversions, rate with Wilson interval and revenue of each group."""
    grouped = frame.groupby(key)
    result = pd.DataFrame(
        {
            "sessions": grouped.size(),
            "conversions": grouped[bought].sum().astype(int),
            "revenue": grouped["revenue"].sum(),
        }
    )
    result["conversion_rate"] = result["conversions"] / result["sessions"]
    low, high = proportion_confint(result["conversions"], result["sessions"], method="wilson")
    result["conversion_rate_low"], result["conversion_rate_high"] = low, high
    result["revenue_per_session"] = result["revenue"] / result["sessions"]
    return result.rename_axis(key).reset_index()
