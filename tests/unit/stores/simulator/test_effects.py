"""What is planted in the shop is there: calibrated truth, personas, treatments, traffic, channels, tastes.

One clean shop of 50,000 users. Differences between what happened and the truth are compared with their
standard errors, clustered by user where users come back; four of them (one chance in 16,000) are allowed.
"""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from journey.stores.simulator import ShopParameters, simulate
from journey.stores.simulator.day import live_through
from journey.stores.simulator.intent import Calendar
from journey.stores.simulator.shop import _Run

ERRORS = 4.0
PERSONAS = ("Power Shopper", "Window Shopper", "Quick Decider", "Deal Seeker")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "simulated"
    simulate(folder, ShopParameters(users=50_000, dirt=0, seed=11))
    return folder


@pytest.fixture(scope="module")
def sessions(shop: Path) -> pd.DataFrame:
    """True sessions with persona, arms and history."""
    return duckdb.sql(
        f"""
        select s.*, u.* exclude (user_id), s.purchased::int as y, s.discount_pct > 0 as coupon,
            date_diff('day', date '2025-01-06', s.start_ts::date) as day
        from '{shop}/truth/sessions.parquet' as s join '{shop}/truth/users.parquet' as u using (user_id)
        """
    ).df()


def clustered(data: pd.DataFrame, values: Any) -> tuple[float, float]:
    """Mean per session and its standard error, with users as clusters."""
    sums = pd.DataFrame({"user": data["user_id"], "v": values, "n": 1.0}).groupby("user").sum()
    mean = sums["v"].sum() / sums["n"].sum()
    residual = sums["v"] - mean * sums["n"]
    return mean, float(np.sqrt((residual**2).sum()) / sums["n"].sum())


class TestCalibration:
    def test_start_probability(self, sessions: pd.DataFrame) -> None:
        mean, error = clustered(sessions, sessions["y"] - sessions["p_start"])
        assert abs(mean) < ERRORS * error

    def test_start_probability_by_decile(self, sessions: pd.DataFrame) -> None:
        decile = pd.qcut(sessions["p_start"], 10, labels=False)
        for _, part in sessions.groupby(decile):
            spread = np.sqrt((part["p_start"] * (1 - part["p_start"])).sum())
            assert abs((part["y"] - part["p_start"]).sum()) < ERRORS * spread

    def test_probability_after_each_event(self, shop: Path) -> None:
        """At a given event of all sessions that have it, the probability is right in each twentieth."""
        for position in (1, 3, 8, 20):
            bins = duckdb.sql(
                f"""
                with numbered as (
                    select *, row_number() over (partition by true_session_id order by event_id) as position
                    from '{shop}/truth/events.parquet'
                )
                select sum(purchased::int) - sum(p_after) as gap, sqrt(sum(p_after * (1 - p_after))) as error
                from numbered join '{shop}/truth/sessions.parquet' using (true_session_id)
                where position = {position} group by floor(p_after * 20)
                """
            ).fetchall()
            assert len(bins) > 8
            assert all(abs(gap) <= ERRORS * error + 1e-6 for gap, error in bins)

    def test_ceiling_is_realistic(self, sessions: pd.DataFrame) -> None:
        assert 0.80 <= roc_auc_score(sessions["y"], sessions["p_start"]) <= 0.88

    def test_the_start_probability_stands_until_something_happens(self, shop: Path) -> None:
        wrong = duckdb.sql(
            f"""
            select count(*) from (
                select true_session_id, arg_min(p_after, event_id) as p
                from '{shop}/truth/events.parquet' group by all
            ) join '{shop}/truth/sessions.parquet' using (true_session_id) where abs(p - p_start) > 1e-12
            """
        ).fetchall()
        assert wrong == [(0,)]


@pytest.fixture(scope="module")
def profile(shop: Path, sessions: pd.DataFrame) -> pd.DataFrame:
    profile = sessions.groupby("persona").agg(
        conversion=("y", "mean"),
        length=("n_events", "mean"),
        users=("user_id", "nunique"),
        number=("y", "size"),
    )
    profile["visits"] = profile["number"] / profile["users"]
    events = duckdb.sql(
        f"""
        select persona, avg((event_type = 'search')::int) as search,
            count(distinct true_session_id) filter (event_type = 'add_to_cart') as carted,
            count(distinct true_session_id) filter (event_type = 'purchase') as bought,
            avg(quantity * unit_price * (1 - discount_pct / 100)) filter (event_type = 'purchase') as line
        from (select event_id, event_type, quantity, unit_price, discount_pct
            from '{shop}/events/*/*.parquet') join '{shop}/truth/events.parquet' using (event_id)
        join (select true_session_id, user_id from '{shop}/truth/sessions.parquet')
            using (true_session_id)
        join (select user_id, persona from '{shop}/truth/users.parquet') using (user_id) group by persona
        """
    ).df()
    return profile.join(events.set_index("persona"))


class TestPersonas:
    def test_power_shoppers_come_often_and_buy_dear(self, profile: pd.DataFrame) -> None:
        assert profile["visits"].idxmax() == "Power Shopper"
        assert profile["conversion"].idxmax() == "Power Shopper"
        assert profile.loc["Power Shopper", "line"] > 1.2 * profile.loc["Deal Seeker", "line"]

    def test_window_shoppers_look_and_leave(self, profile: pd.DataFrame) -> None:
        assert profile["length"].idxmax() == "Window Shopper"
        assert profile.loc["Window Shopper", "conversion"] < 0.01

    def test_quick_deciders_need_few_events(self, profile: pd.DataFrame) -> None:
        assert profile["length"].idxmin() == "Quick Decider"
        per_event = profile["conversion"] / profile["length"]
        assert per_event.idxmax() == "Quick Decider"

    def test_deal_seekers_search_and_abandon(self, profile: pd.DataFrame) -> None:
        assert profile["search"].idxmax() == "Deal Seeker"
        kept = profile["bought"] / profile["carted"]
        assert kept["Deal Seeker"] < kept[["Power Shopper", "Quick Decider"]].min()
        assert profile["carted"].div(profile["number"])["Deal Seeker"] > 0.18


class TestFreeShipping:
    @pytest.mark.parametrize("persona", PERSONAS)
    def test_effect_within_sampling_error(self, sessions: pd.DataFrame, persona: str) -> None:
        data = sessions[(sessions["persona"] == persona) & (sessions["day"] >= 30)]
        arms = [data[data["assigned_free_shipping"] == arm] for arm in ("treatment", "control")]
        (treated, e1), (control, e0) = (clustered(arm, arm["y"]) for arm in arms)
        planted = (data["p_with_free_shipping"] - data["p_without_free_shipping"]).mean()
        # Purchases change what users remember, so arms drift apart a little beyond the effect in the session.
        assert abs(treated - control - planted) < ERRORS * np.hypot(e1, e0)

    def test_effect_by_persona(self, sessions: pd.DataFrame) -> None:
        data = sessions[sessions["day"] >= 30]
        gain = (
            (data["p_with_free_shipping"] - data["p_without_free_shipping"]).groupby(data["persona"]).mean()
        )
        assert gain["Deal Seeker"] > 0.02
        assert abs(gain["Power Shopper"]) < 0.003
        assert 0.01 < gain["Quick Decider"] < gain["Deal Seeker"]
        assert gain["Window Shopper"] < 0

    def test_start_probability_is_the_one_of_the_arm(self, sessions: pd.DataFrame) -> None:
        treated = (sessions["day"] >= 30) & (sessions["assigned_free_shipping"] == "treatment")
        arm = np.where(treated, sessions["p_with_free_shipping"], sessions["p_without_free_shipping"])
        assert np.allclose(arm, sessions["p_start"], rtol=0, atol=1e-12)

    def test_users_carry_the_mean_of_their_sessions(self, sessions: pd.DataFrame) -> None:
        data = sessions[sessions["day"] >= 30]
        lift = data["p_with_free_shipping"] - data["p_without_free_shipping"]
        mean = lift.groupby(data["user_id"]).mean()
        recorded = data.groupby("user_id")["free_shipping_effect"].first()
        assert np.allclose(mean, recorded, atol=1e-6)
        outside = sessions.groupby("user_id").agg(
            last=("day", "max"), effect=("free_shipping_effect", "first")
        )
        assert outside.loc[outside["last"] < 30, "effect"].isna().all()

    @pytest.mark.parametrize("experiment", ["checkout_aa", "broken_banner"])
    def test_other_experiments_do_nothing(self, sessions: pd.DataFrame, experiment: str) -> None:
        arms = [sessions[sessions[f"assigned_{experiment}"] == arm] for arm in ("treatment", "control")]
        (treated, e1), (control, e0) = (clustered(arm, arm["y"]) for arm in arms)
        assert abs(treated - control) < ERRORS * np.hypot(e1, e0)

    def test_the_broken_banner_looks_like_a_success(self, shop: Path) -> None:
        difference, control = duckdb.sql(
            f"""
            with firsts as (
                select user_id, arg_min(purchased::int, start_ts) as y from '{shop}/truth/sessions.parquet'
                where start_ts >= date '2025-01-26' group by all
            )
            select avg(y) filter (variant = 'treatment') - avg(y) filter (variant = 'control'),
                avg(y) filter (variant = 'control')
            from firsts join '{shop}/exposures.parquet' using (user_id) where experiment = 'broken_banner'
            """
        ).fetchall()[0]
        assert difference / control > 0.03


class TestCoupon:
    def test_propensity_is_calibrated(self, sessions: pd.DataFrame) -> None:
        for _, part in sessions.groupby(pd.qcut(sessions["discount_propensity"], 8, labels=False)):
            spread = np.sqrt((part["discount_propensity"] * (1 - part["discount_propensity"])).sum())
            assert abs((part["coupon"] - part["discount_propensity"]).sum()) < ERRORS * spread

    def test_the_naive_difference_is_far_off(self, sessions: pd.DataFrame) -> None:
        coupon = sessions["coupon"]
        naive = sessions.loc[coupon, "y"].mean() - sessions.loc[~coupon, "y"].mean()
        true = (sessions["p_start"] - sessions["p_without_discount"])[coupon].mean()
        assert naive > 2.5 * true

    def test_the_true_propensity_recovers_the_effect(self, sessions: pd.DataFrame) -> None:
        """Effect on the treated by weighting the others with the true odds of a coupon."""
        coupon = sessions["coupon"].to_numpy()
        odds = (sessions["discount_propensity"] / (1 - sessions["discount_propensity"])).to_numpy()
        control = sessions[~coupon]
        base = np.average(control["y"], weights=odds[~coupon])
        estimate = sessions.loc[coupon, "y"].mean() - base
        true = (sessions["p_start"] - sessions["p_without_discount"])[coupon].mean()
        _, e1 = clustered(sessions[coupon], sessions.loc[coupon, "y"])
        share = odds[~coupon] / odds[~coupon].mean()
        _, e0 = clustered(control, share * (control["y"] - base))
        assert abs(estimate - true) < ERRORS * np.hypot(e1, e0)

    def test_effect_by_persona(self, sessions: pd.DataFrame) -> None:
        gain = sessions["p_with_discount_10"] - sessions["p_without_discount"]
        mean = gain.groupby(sessions["persona"]).mean()
        assert mean.idxmax() == "Deal Seeker"
        assert (mean > 0).all()


class TestTraffic:
    def test_promotion_weekend(self, sessions: pd.DataFrame) -> None:
        """More visits and more orders than on the weekends around it, within bounds."""
        number = sessions.groupby("day").size()
        usual = [33, 34, 47, 48]
        assert 1.4 < number[[40, 41]].mean() / number[usual].mean() < 2.2
        conversion = sessions.groupby("day")["p_start"].mean()
        assert 1.15 < conversion[[40, 41]].mean() / conversion[usual].mean() < 1.7

    def test_hours_and_weekdays(self, sessions: pd.DataFrame) -> None:
        hour = sessions["start_ts"].dt.hour.value_counts()
        assert hour[[19, 20]].sum() > 6 * hour[[2, 3]].sum()
        number = sessions.groupby("day").size().drop([40, 41])
        weekday = number.groupby(number.index % 7).mean()
        assert 1.1 < weekday[6] / weekday[2] < 1.4

    def test_paradox_of_the_last_weeks(self, sessions: pd.DataFrame) -> None:
        """Expected conversion falls over all, and rises within every channel."""
        before, after = sessions[sessions["day"].between(48, 68)], sessions[sessions["day"] >= 69]
        within = after.groupby("channel")["p_start"].mean() - before.groupby("channel")["p_start"].mean()
        assert (within > 0).all()
        assert after["p_start"].mean() < before["p_start"].mean()

    def test_users_differ_join_and_leave(self, sessions: pd.DataFrame) -> None:
        visits = sessions.groupby("user_id").size()
        assert visits.var() > 3 * visits.mean()
        assert (sessions["day"] < sessions["churn_day"]).all()


class TestChannels:
    def test_affiliates_take_credit_they_do_not_earn(self, shop: Path, sessions: pd.DataFrame) -> None:
        value = duckdb.sql(f"from '{shop}/truth/channel_value.parquet'").df().set_index("channel")
        assert np.allclose(value["expected_conversions_total"], sessions["p_start"].sum())
        assert np.allclose(
            value["incremental"], value["expected_conversions_total"] - value["expected_without"]
        )
        last_touch = sessions.groupby("channel")["y"].sum()
        earned = value["incremental"] / last_touch
        assert earned["affiliate"] < 0.25
        assert earned[["email", "organic", "social"]].min() > 2 * earned["affiliate"]


class TestTastes:
    def test_views_follow_the_taste(self, shop: Path) -> None:
        """Users look at items that suit them better than the items of the same category do on average."""
        dimensions = " + ".join(f"u.taste_{d} * i.taste_{d}" for d in range(8))
        seen, usual = duckdb.sql(
            f"""
            with views as (
                select user_id, item_id from '{shop}/events/day=2025-03-0*/*.parquet'
                where event_type = 'view' limit 20000
            ),
            seen as (
                select avg({dimensions}) as match from views
                join '{shop}/truth/users.parquet' as u using (user_id)
                join '{shop}/truth/items.parquet' as i using (item_id)
            ),
            usual as (
                select avg({dimensions}) as match from (from views limit 300) as v
                join '{shop}/truth/users.parquet' as u using (user_id)
                join '{shop}/items.parquet' as own on own.item_id = v.item_id
                join '{shop}/items.parquet' as same on same.category = own.category
                join '{shop}/truth/items.parquet' as i on i.item_id = same.item_id
            )
            select seen.match, usual.match from seen, usual
            """
        ).fetchall()[0]
        assert seen > usual + 0.5

    def test_popular_items_take_a_large_share(self, shop: Path) -> None:
        views = (
            duckdb.sql(
                f"""
                select count(*) as n from '{shop}/events/*/*.parquet' where event_type = 'view'
                group by item_id
                """
            )
            .df()["n"]
            .sort_values(ascending=False)
        )
        assert 0.3 < views.head(100).sum() / views.sum() < 0.6

    def test_an_abandoned_item_is_looked_at_again(self, shop: Path) -> None:
        again, other = duckdb.sql(
            f"""
            with lines as (
                select true_session_id, user_id, event_type, item_id, event_id
                from '{shop}/events/*/*.parquet' join '{shop}/truth/events.parquet' using (event_id)
                where item_id is not null
            ),
            numbered as (
                select *, row_number() over (partition by user_id order by start_ts) as number
                from '{shop}/truth/sessions.parquet'
            ),
            visits as (
                select n.user_id, number, list(distinct item_id) as seen,
                    arg_max(item_id, event_id) filter (event_type = 'add_to_cart') as carted,
                    any_value(purchased) as y
                from numbered as n join lines using (true_session_id) group by all
            )
            select avg(list_contains(b.seen, a.carted)::int) filter (a.carted is not null and not a.y),
                avg(list_contains(b.seen, a.seen[1])::int) filter (a.carted is null)
            from visits as a join visits as b on a.user_id = b.user_id and b.number = a.number + 1
            """
        ).fetchall()[0]
        assert again > 2 * other


class TestFutureValue:
    def test_the_next_90_days_bring_what_was_expected(self, tmp_path: Path) -> None:
        """Live on for 90 days without experiments: total and ranking of the revenue agree with the truth."""
        parameters = ShopParameters(users=15_000, dirt=0, seed=3)
        with ExitStack() as opened:
            run = _Run(tmp_path, parameters, opened)
            for number in range(parameters.days):
                run.live(number)
            expected = run.outlook.future_value()
            revenue = np.zeros(parameters.users)
            for number in range(parameters.days, parameters.days + 90):
                calendar = dataclasses.replace(
                    Calendar.of(parameters, number), running=np.zeros(3, dtype=np.bool_)
                )
                day = live_through(run.population, run.memory, run.catalogue, calendar, parameters.users)
                revenue += np.bincount(day.sessions.user, day.revenue, parameters.users)
        assert abs(expected.sum() / revenue.sum() - 1) < 0.15
        assert revenue[expected == 0].sum() == 0
        top = np.argsort(-expected)[: parameters.users // 10]
        assert abs(expected[top].sum() / revenue[top].sum() - 1) < 0.2
        assert revenue[top].sum() > 0.6 * revenue.sum()
