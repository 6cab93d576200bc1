"""What the queries on experiments and coupons must return."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from support.query_recount import Shop, known_sum, whole_seconds

DAY = pd.Timedelta(days=1)


def experiment_sufficient_statistics(shop: Shop) -> pd.DataFrame:
    exposed = shop.exposures.groupby(["experiment", "user_id"]).agg(
        variants=("variant", "nunique"), variant=("variant", "first"), at=("ts", "min")
    )
    exposed = exposed[exposed["variants"] == 1].reset_index()

    def split(frame: pd.DataFrame, time: str, value: str | None) -> tuple[pd.Series, pd.Series]:
        joined = exposed.reset_index().merge(frame, on="user_id")
        amounts = joined[value] if value else pd.Series(1.0, joined.index)
        after = joined[time] >= joined["at"]
        sums = [amounts.where(side, 0.0).groupby(joined["index"]).sum() for side in (after, ~after)]
        return tuple(column.reindex(exposed.index).fillna(0.0) for column in sums)

    orders, sessions = split(shop.orders, "ts", None), split(shop.sessions.reset_index(), "end", None)
    metrics = {
        "orders": orders,
        "revenue": split(shop.orders, "ts", "revenue"),
        "sessions": sessions,
        "converted": tuple((side > 0).astype(float) for side in orders),
    }
    if not shop.has_revenue:
        del metrics["revenue"]
    parts = []
    for metric, (y, x) in metrics.items():
        d = sessions[0]
        shift_y, shift_x = (side.groupby(exposed["experiment"]).transform("mean").round() for side in (y, x))
        y, x = y - shift_y, x - shift_x
        columns = pd.DataFrame(
            {
                "sum_y": y, "sum_yy": y * y, "sum_x": x, "sum_xx": x * x, "sum_xy": x * y,
                "sum_d": d, "sum_dd": d * d, "sum_dy": d * y,
            }
        )  # fmt: skip
        arm = [exposed["experiment"], exposed["variant"]]
        grouped, shifts = columns.groupby(arm), pd.DataFrame({"shift_y": shift_y, "shift_x": shift_x})
        totals = grouped.sum().join(shifts.groupby(arm).first())
        parts.append(totals.assign(n=grouped.size(), metric=metric).reset_index())
    return pd.concat(parts, ignore_index=True)


def experiment_users(shop: Shop) -> pd.DataFrame:
    exposed = shop.exposures.groupby(["experiment", "user_id"]).agg(
        variants=("variant", "nunique"), variant=("variant", "first"), at=("ts", "min")
    )
    exposed = exposed[exposed["variants"] == 1].reset_index()
    joined = exposed.merge(shop.sessions, on="user_id")
    joined = joined[joined["user_id"].isin(shop.users.index)]
    after = joined["end"] >= joined["at"]
    joined = joined.assign(
        sessions=after, sessions_before=~after, orders=after & joined["bought"],
        after_revenue=joined["revenue"] * after, revenue_before=joined["revenue"] * ~after,
    )  # fmt: skip
    joined["first_purchase_at"] = joined["end"].where(joined["orders"])
    grouped = joined.groupby(["experiment", "user_id", "variant"])
    result = grouped[["sessions", "sessions_before", "orders"]].sum()
    money = grouped[["after_revenue", "revenue_before"]].sum(min_count=1)
    result[["revenue", "revenue_before"]] = money
    result["first_purchase_at"] = grouped["first_purchase_at"].min()
    result["exposed_at"] = grouped["at"].min()
    result = result.reset_index().join(shop.users[["device_preference", "acquisition_channel"]], on="user_id")
    return result.assign(converted=(result["orders"] > 0).astype(int))


def coupon_sessions(shop: Shop) -> pd.DataFrame:
    sessions = shop.sessions
    by_user = sessions.groupby("user_id")
    result = sessions[["user_id", "device", "channel", "country"]].assign(
        session_start=sessions["start"],
        discount_pct=sessions["discount"],
        weekday_number=sessions["start"].dt.day_of_week + 1,
        cart_last=(sessions["add_to_cart"] > 0)
        .groupby(sessions["user_id"])
        .shift(fill_value=False)
        .astype(int),
        days_since_last=whole_seconds(by_user["end"].shift(), sessions["start"]) / 86400,
    )
    result = result.fillna({"days_since_last": 90}).assign(
        **{
            "coupon": (sessions["discount"] > 0).astype(float).where(sessions["discount"].notna()),
            "converted": sessions["bought"].astype(int),
            "sessions_before": sessions["number"] - 1,
            "orders_before": by_user["bought"].cumsum().astype(int) - sessions["bought"].astype(int),
            "hour_of_day": sessions["start"].dt.hour,
        }
    )
    start = sessions["start"].to_numpy()
    left = ((sessions["add_to_cart"] > 0) & ~sessions["bought"]).to_numpy()
    full = left & (sessions["add_to_cart"] > sessions["remove_from_cart"]).to_numpy()
    bought, end = sessions["bought"].to_numpy(), sessions["end"].to_numpy()
    counts = np.zeros((len(sessions), 4), dtype=int)
    week = np.timedelta64(7, "D")
    for rows in by_user.indices.values():
        waiting_since = None
        for place, row in enumerate(rows):
            earlier = rows[:place]
            within = earlier[start[row] - start[earlier] <= week]
            waits = waiting_since is not None and start[row] - waiting_since < week
            month = (start[row] - start[earlier] <= np.timedelta64(30, "D")).sum()
            counts[row] = len(within), left[within].sum(), waits, month
            waiting_since = None if bought[row] else end[row] if full[row] else waiting_since
    result[["sessions_7", "abandoned_7", "cart_waiting", "sessions_30"]] = counts
    return result.rename_axis("session_id").reset_index()


def exposure_covariates(shop: Shop) -> pd.DataFrame:
    exposures = shop.exposures[shop.exposures["experiment"] == "free_shipping"].groupby("user_id")
    exposed = exposures.agg(variants=("variant", "nunique"), variant=("variant", "first"), at=("ts", "min"))
    exposed = exposed[(exposed["variants"] == 1) & exposed.index.isin(shop.users.index)]
    earlier = shop.sessions.join(exposed["at"], on="user_id", how="inner")
    earlier = earlier[earlier["end"] < earlier["at"]]
    left = earlier.assign(abandoned=(earlier["add_to_cart"] > 0) & ~earlier["bought"]).groupby("user_id")
    result = pd.DataFrame({"treated": (exposed["variant"] == "treatment").astype(int)})
    result["sessions_before"] = left.size()
    result["views_before"] = left["view"].sum()
    result["abandoned_before"] = left["abandoned"].sum()
    result["orders_before"] = left["bought"].sum()
    result["searches_before"] = left["search"].sum()
    result["carts_before"] = left["add_to_cart"].sum()
    nothing = 0.0 if shop.has_revenue else np.nan
    revenue = known_sum(left["revenue"]).reindex(result.index)
    result["revenue_before"] = revenue.where(result["sessions_before"].notna(), nothing)
    traits = ["country", "age_band", "device_preference", "acquisition_channel"]
    result[traits] = shop.users[traits]
    result["days_since_signup"] = (
        exposed["at"].dt.normalize() - shop.users["signup_ts"].dt.normalize()
    ) / DAY
    begun = shop.sessions.join(exposed["at"], on="user_id", how="inner")
    begun = begun[begun["start"] <= begun["at"]]
    arrival = begun.drop_duplicates("user_id", keep="last").set_index("user_id")
    result[["channel", "device"]] = arrival[["channel", "device"]]
    result["discount_pct"] = arrival["discount"]
    result["hour_of_day"] = arrival["at"].dt.hour
    unknown = {"channel": "unknown", "device": "unknown", "hour_of_day": 12}
    counts = dict.fromkeys((name for name in result if name.endswith("s_before")), 0)
    counts["abandoned_before"] = 0
    return result.fillna(unknown | counts | {"discount_pct": 0}).reset_index()


TREATMENTS: dict[str, Callable[[Shop], pd.DataFrame]] = {
    function.__name__: function
    for function in (experiment_sufficient_statistics, experiment_users, coupon_sessions, exposure_covariates)
}
