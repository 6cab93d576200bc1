"""The truth of value and leaving: consistent with the simulator, with drawn futures, and as a ceiling."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.evaluation.customer_truth import best_forecast, customer_future, drawn_futures, expected_area
from journey.evaluation.truth import read_truth
from journey.models.ranked import rank_outcomes
from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Customers of a small shop, and their futures of 90 and 45 days."""
    folder = tmp_path_factory.mktemp("value")
    simulate(folder / "store", ShopParameters(users=2_000, items=120, seed=5, dirt=0))
    build_warehouse(folder / "store", folder / "shop.duckdb", project().sql, features=False)
    with connect(folder / "shop.duckdb") as connection:
        users = (
            connection.execute("select distinct user_id from marts.orders order by 1")
            .df()["user_id"]
            .to_numpy()
        )
        long, short = (customer_future(connection, folder / "store", users, days) for days in (90, 45))
        with pytest.raises(JourneyError, match="1 of"):
            customer_future(connection, folder / "store", np.r_[users, 10**9], 90)
    return folder / "store", users, long, short


def test_value_is_what_the_simulator_wrote(shop):
    store, users, long, short = shop
    written = (
        read_truth(store, "users", ["user_id", "future_value", "churn_day"]).set_index("user_id").loc[users]
    )
    assert long.value == pytest.approx(written["future_value"].to_numpy())
    assert (long.alive == (written["churn_day"] > 90).to_numpy()).all()
    assert (long.quiet[~long.alive] == 1).all()
    assert (long.orders[~long.alive] == 0).all()
    assert ((short.quiet >= long.quiet - 1e-12) & (short.value <= long.value + 1e-9)).all()
    # Leaving makes the second half of the horizon worth less than the first.
    assert (short.value >= long.value / 2 - 1e-9).all()


def test_drawn_futures_agree_with_the_expectations(shop):
    long = shop[2]
    futures = drawn_futures(long, 3000, 0)
    assert futures.mean(axis=0).sum() == pytest.approx(long.value.sum(), rel=0.03)
    quiet = (futures == 0).mean(axis=0)
    assert quiet == pytest.approx(long.quiet, abs=0.05)


def test_the_true_chance_is_the_best_score(shop):
    quiet = shop[2].quiet
    rng = np.random.default_rng(0)
    ceiling = expected_area(quiet, quiet, replicates=20)
    noisy = expected_area(quiet, quiet + rng.normal(0, 0.2, len(quiet)), replicates=20)
    assert ceiling.value > noisy.value > 0.5
    drawn = []
    for _ in range(200):
        ranked = rank_outcomes(rng.random(len(quiet)) < quiet, quiet)
        drawn.append(ranked.profile(ranked.ones())["roc_auc"][0])
    assert ceiling.value == pytest.approx(np.mean(drawn), abs=0.01)


def test_no_forecast_beats_the_expectation_on_average(shop):
    long = shop[2]
    futures = drawn_futures(long, 60, 1)
    oracle = best_forecast(futures, long.value)
    other = best_forecast(futures, long.value * np.random.default_rng(2).lognormal(0, 0.7, len(long.value)))
    assert oracle["r2"].value > other["r2"].value
    assert oracle["rank"].value > other["rank"].value
    assert oracle["r2"].low <= oracle["r2"].value <= oracle["r2"].high
    with pytest.raises(JourneyError, match="in none of 2 futures"):
        best_forecast(np.zeros((2, 20)), np.ones(20))
