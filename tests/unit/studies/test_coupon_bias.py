"""The coupon study: covariates that hold the shop's rule, and an estimator right where nothing is hidden."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import binomtest

from journey.causal import doubly_robust
from journey.causal.coupon import SEED, boosted, coupon_covariates, logistic
from journey.errors import JourneyError
from journey.evaluation.coupon_truth import coupon_truth
from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.coupon_bias import RECORDED, RUNGS, TRIM, ladder, mean_interval, rule_recovered
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query

USERS = 3_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop without dirt: sessions of the study, the truth behind them, and the mart they come from."""
    folder = tmp_path_factory.mktemp("coupons")
    simulate(folder / "store", ShopParameters(users=USERS, seed=3, dirt=0))
    build_warehouse(folder / "store", folder / "shop.duckdb", project().sql, features=False)
    with connect(folder / "shop.duckdb") as connection:
        sessions = query("coupon_sessions", connection)
        truth = coupon_truth(connection, folder / "store", sessions["session_id"])
        mart = connection.execute("select * from marts.sessions order by user_id, session_start").df()
        with pytest.raises(JourneyError, match="1 of 2 sessions"):
            coupon_truth(connection, folder / "store", [1, 10**9])
    return sessions, truth, mart


def test_the_recorded_inputs_of_the_rule_are_exactly_those_of_the_shop(shop):
    """With the hidden part they give the true chance of every coupon, to the last digits."""
    sessions, truth, _ = shop
    assert rule_recovered(sessions, truth).all()


def test_a_cart_not_bought_at_once_is_not_a_cart_that_waits(shop):
    """The rule looks at carts still waiting: those since bought or emptied are told apart."""
    sessions, truth, _ = shop
    loose = sessions["abandoned_7"].gt(0)
    waiting = sessions["cart_waiting"].eq(1)
    assert not (waiting & ~loose).sum() > 0.01 * waiting.sum()
    assert (loose & ~waiting).sum() > 0.05 * loose.sum()
    wrong = sessions.assign(cart_waiting=loose.astype(int))
    assert rule_recovered(wrong, truth).mean() < 0.995


def test_covariates_are_known_before_the_coupon(shop):
    """They stay when all later sessions go, and when the sessions of the last day go another way."""
    sessions, _, kept = shop
    cut = sessions["session_start"].min() + pd.Timedelta(days=60)
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        kept = kept[kept["session_start"] < cut]
        last = kept["session_start"] >= cut - pd.Timedelta(days=1)
        # The last session of each user within that day is not in anybody's past.
        last &= ~kept["user_id"].duplicated(keep="last")
        changed = kept.assign(
            converted=kept["converted"] ^ last,
            has_cart=kept["has_cart"] ^ last,
            discount_pct=kept["discount_pct"].where(~last, 20.0 - kept["discount_pct"]),
            n_carts=kept["n_carts"] + last,
            session_end=kept["session_end"] + last.astype(int) * pd.Timedelta(hours=1),
        )
        connection.register("changed", changed)
        connection.execute("create table marts.sessions as select * from changed")
        after = query("coupon_sessions", connection)
    before = sessions[sessions["session_start"] < cut].reset_index(drop=True)
    assert last.sum() > 50
    assert before["converted"].ne(after["converted"]).sum() == last.sum()
    for name, frame in coupon_covariates(before).items():
        pd.testing.assert_frame_equal(frame, coupon_covariates(after)[name])


def test_the_ladder_uses_the_estimator_of_the_chapter(shop):
    sessions, truth, _ = shop
    rungs = ladder(sessions, truth)
    assert tuple(rungs) == RUNGS
    groups = coupon_covariates(sessions)
    chapter = doubly_robust(
        sessions["converted"],
        sessions["coupon"],
        np.column_stack([groups[name] for name in RECORDED]),
        outcome_factory=boosted,
        propensity_factory=logistic,
        estimand="ATT",
        seed=SEED,
        trim=TRIM,
        clusters=sessions["user_id"],
    )
    assert rungs["rule"].estimate == chapter
    # Freed from the chance of who happened to buy, the bias is known far better than the estimate.
    for rung in rungs.values():
        assert rung.bias.standard_error < 0.7 * rung.estimate.standard_error
    assert rungs["nothing"].bias.low > 0.02
    assert rungs["hidden"].bias.low < 0 < rungs["hidden"].bias.high


def test_the_chapters_estimator_covers_where_nothing_is_hidden():
    """Rare purchases, several sessions a user, boosted outcome, logistic propensity: no bias, and coverage.

    The effect differs between sessions. Two folds instead of five: a smaller part to learn from is harder.
    """
    rng = np.random.default_rng(17)
    runs, users = 100, 320
    errors, hits, naive = [], 0, []
    for run in range(runs):
        user = np.repeat(np.arange(users), 5)
        own = rng.normal(size=users)[user]
        x = np.column_stack([own, rng.normal(size=len(user)), rng.random(len(user)) < 0.3])
        chance = expit(-1.6 + 0.5 * x[:, 0] + 0.5 * x[:, 2])
        treated = rng.random(len(user)) < chance
        log_odds = -2.6 + 0.6 * x[:, 0] + 0.5 * np.maximum(x[:, 1], 0) + 0.6 * x[:, 2]
        without, shown = expit(log_odds), expit(log_odds + 0.3 + 0.3 * x[:, 2])
        bought = rng.random(len(user)) < np.where(treated, shown, without)
        found = doubly_robust(
            bought.astype(float),
            treated,
            x,
            outcome_factory=boosted,
            propensity_factory=logistic,
            estimand="ATT",
            folds=2,
            seed=run,
            trim=TRIM,
            clusters=user,
        )
        truth = (shown - without)[treated].mean()
        errors.append(found.estimate - truth)
        hits += found.low <= truth <= found.high
        naive.append(bought[treated].mean() - bought[~treated].mean() - truth)
    noise = np.std(errors, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(errors)) < 3 * noise
    assert np.mean(naive) > 10 * noise
    assert binomtest(hits, runs, 0.95).pvalue > 0.001, hits / runs


def test_mean_interval_is_students():
    found = mean_interval("step", np.array([1.0, 2.0, 3.0, 4.0]))
    # t(0.975, 3) = 3.182446; standard error sqrt(5 / 3) / 2
    assert found["step"] == 2.5
    assert found["step_high"] == pytest.approx(2.5 + 3.182446 * 0.6454972, rel=1e-5)
    assert found["step_low"] == pytest.approx(2.5 - 3.182446 * 0.6454972, rel=1e-5)


def test_committed_ladder_says_what_the_page_says():
    path = project().evidence / "coupon_bias.json"
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    rungs = {row["rung"]: row for row in results["rungs"]}
    assert list(rungs) == list(RUNGS)
    bias = [rungs[name]["bias"] for name in RUNGS[:-1]]
    assert bias == sorted(bias, reverse=True)
    assert rungs["rule"]["bias_low"] > 0
    for name in ("hidden", "chance"):
        assert rungs[name]["bias_low"] < 0 < rungs[name]["bias_high"]
    assert results["rule_recovered"] > 0.99
    assert abs(results["truth"] - results["truth_as_simulated"]) < 1e-4
    for step in results["steps"]:
        place = RUNGS.index(step["rung"])
        assert step["step"] == pytest.approx(bias[place - 1] - bias[place], abs=1e-7)
