"""Experiments drawn again follow the truth, are evaluated as the chapter does, and counted right."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from support.places import ROOT

from journey import uplift
from journey.errors import JourneyError
from journey.evaluation.treatment import free_shipping_by_user
from journey.evaluation.uplift_truth import OrderWorth, order_values, order_worth, true_ranking, true_slope
from journey.inference.intervals import wilson_interval
from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.studies import uplift_coverage as coverage
from journey.studies.registry import kept
from journey.studies.uplift_coverage import METHODS, REFERENCE, Repeat, Scored, sample, summary
from journey.studies.uplift_population import Population, Prices, load_population
from journey.uplift.learners import xgboost_base
from journey.uplift.trial import rankings
from journey.warehouse.build import build_warehouse
from journey.warehouse.query import query

SQL = ROOT / "sql"
PRICES = Prices(margin=0.4, shipping=4.9)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """Warehouse and store of 3,000 users."""
    folder = tmp_path_factory.mktemp("coverage")
    simulate(folder / "store", ShopParameters(users=3000, seed=4))
    build_warehouse(folder / "store", folder / "shop.duckdb", SQL)
    return duckdb.connect(str(folder / "shop.duckdb"), read_only=True), folder / "store"


@pytest.fixture(scope="module")
def population(shop) -> Population:
    connection, store = shop
    return load_population(connection, store, PRICES)


def test_the_truth_of_the_population_is_that_of_the_chapter(shop, population):
    connection, store = shop
    users = query("experiment_users", connection)
    users = users[users["experiment"].eq("free_shipping")]
    known = free_shipping_by_user(store, users[["user_id", "exposed_at"]]).set_index("user_id")
    known = known.reindex(population.user_id)
    missing = known["conversion"].isna().to_numpy()
    assert missing.mean() < 0.02
    assert not population.conversion[missing].any()
    assert population.conversion[~missing] == pytest.approx(known["conversion"].to_numpy()[~missing])
    assert population.cost[~missing] == pytest.approx(4.9 * known["orders_with"].to_numpy()[~missing])
    worth = order_worth(connection, store, known["persona"][~missing])
    gain = 0.4 * worth.by_user * known["orders"].to_numpy()[~missing] - population.cost[~missing]
    assert population.profit[~missing] == pytest.approx(gain)


def test_drawn_outcomes_follow_the_planted_probabilities(population):
    rows = np.arange(0, len(population), 2)
    rng = np.random.default_rng(1)
    bought, net = [], []
    for _ in range(300):
        trial = population.draw(rows, rng)
        treated = trial.treated == 1
        bought.append(trial.bought[treated].mean() - trial.bought[~treated].mean())
        paid = trial.margin - treated * trial.shipping
        net.append(paid[treated].mean() - paid[~treated].mean())
        assert np.array_equal(trial.covariates, population.covariates[rows])
    for found, truth in ((bought, population.conversion), (net, population.profit)):
        error = np.std(found) / np.sqrt(len(found))
        assert np.mean(found) == pytest.approx(truth[rows].mean(), abs=4 * error)


def test_the_same_seed_draws_the_same_experiment(population):
    rows = np.arange(len(population))
    one, two = (population.draw(rows, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.margin, two.margin)
    assert np.array_equal(one.treated, two.treated)


def test_users_and_others_do_not_meet():
    users, others = sample(20_000, 5_000, np.random.default_rng(0))
    assert len(users) == 5_000
    assert len(others) == REFERENCE
    assert not np.intersect1d(users, others).size
    assert (np.diff(users) > 0).all()


def test_scores_are_those_of_the_chapter(population):
    """Fitted fold by fold to keep the models, but equal to what the findings compute."""
    rows = np.arange(0, len(population), 2)
    trial = population.trial.of(rows)
    base = xgboost_base(1, trees=10)
    repeat = Repeat(population, trial, rows, np.arange(1, len(population), 2)[:300], seed=4)
    arrays = (trial.covariates, trial.treated, trial.bought)
    crossed = uplift.cross_fit_uplift("DR", base, *arrays, propensity=0.5, seed=4)
    ordered = uplift.sequential_uplift("DR", base, *arrays, propensity=0.5, seed=4)
    effect = np.full(len(rows), np.nan)
    for fold in repeat.folds(base, sequential=False):
        effect[fold.rows] = fold.inside[0]
    assert np.array_equal(effect, crossed.effect)

    folds = list(repeat.folds(base, sequential=True))
    ranked = Scored.of(folds, "inside").ranked()
    by_user = np.argsort(np.concatenate([fold.rows for fold in folds]))
    expected = rankings(trial, ordered)
    assert np.array_equal(ranked.effect[by_user], expected.uplift)
    assert np.array_equal(ranked.profit[by_user], expected.profit)
    assert np.array_equal(ranked.response[by_user], expected.response)

    found = repeat.measure(folds, within=True)
    quality = uplift.ranking_quality(
        trial.bought[ordered.rows], trial.treated[ordered.rows], expected.uplift, seed=4
    )
    assert found["qini"][0] == pytest.approx(quality.qini.value)
    judged = uplift.compare_with_truth(
        population.conversion[rows[ordered.rows]], expected.uplift, shares=[0, 0.3, 1]
    )
    assert found["top"][4] == pytest.approx(judged.captured[1] / 0.3)
    assert found["difference"][3] == pytest.approx(found["ranking"][3] - found["likeliest"][3])
    assert found["everybody"][4] == pytest.approx(population.profit[rows[ordered.rows]].mean())


def test_true_ranking_by_hand():
    effect, score = np.array([1.0, 0.0, 0.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0])
    found = true_ranking(effect, score, 0.5)
    # The curve rises to 1/4 at a share of 1/4 and stays: area 1/32 + 3/16, random has 1/8.
    assert found.auuc == pytest.approx(1 / 32 + 3 / 16)
    assert found.qini == pytest.approx(1 / 32 + 3 / 16 - 1 / 8)
    assert found.top == pytest.approx(0.5)
    tied = true_ranking(effect, np.zeros(4), 0.5)
    assert (tied.qini, tied.top) == (pytest.approx(0), pytest.approx(0.25))
    assert true_slope(2 * score + 1, score) == pytest.approx(2)


def test_orders_are_worth_what_their_persona_pays(shop):
    connection, store = shop
    values = order_values(connection, store)
    worth = order_worth(connection, store, ["Deal Seeker", "Power Shopper", "Deal Seeker"])
    assert worth.by_user[0] == worth.by_user[2] == pytest.approx(values["Deal Seeker"].mean())
    assert worth.by_user[0] < worth.by_user[1]
    by_hand = OrderWorth(np.array([0, 1, 1]), np.array([60.0, 90.0]), np.array([3.0, 4.0]))
    # Half an order of the first persona a user at an error of 3, and one of the second at 4.
    assert by_hand.error_of(np.array([1.5, 2.0, 1.0])) == pytest.approx(np.hypot(1.5, 4.0))
    assert by_hand.of(np.array([1])).by_user == pytest.approx([90.0])
    with pytest.raises(JourneyError, match="fewer than 2 orders"):
        order_worth(connection, store, ["Nobody"])


def test_coverage_is_counted():
    rows = [(1.0, 0.0, 2.0, 1.5, 3.0), (2.0, 1.0, 3.0, 0.5, 2.0), (0.0, -1.0, 0.5, 1.0, 0.0)]
    repeats = [{method: dict.fromkeys(coverage.MEASURES, row) for method in METHODS} for row in rows]
    found = summary(repeats)
    assert len(found) == len(METHODS) * len(coverage.MEASURES)
    first = found[0]
    assert (first["covered"], first["covered_users"], first["covered_mean"]) == (1, 2, 2)
    assert (first["below"], first["above"], first["positive"]) == (1, 1, 1)
    assert (first["estimate"], first["truth"], first["bias"]) == (1.0, 1.0, 0.0)
    assert first["spread"] == pytest.approx(np.std([-0.5, 1.5, -1.0], ddof=1), rel=1e-4)
    assert first["stated"] == pytest.approx((2 + 2 + 1.5) / 3 / (2 * 1.959964), rel=1e-4)


@pytest.fixture(scope="module")
def committed():
    return kept("uplift_coverage", project())


def test_the_committed_coverage_has_every_measure(committed):
    for kind in ("drawn", "happened"):
        names = [(row["method"], row["measure"]) for row in committed.results[kind]]
        assert names == [(method, measure) for method in METHODS for measure in coverage.MEASURES]


def test_what_the_page_says_of_the_intervals_is_so(committed):
    # Sentences of chapter 11 without a number of their own.
    repeats = committed.results["repeats"]
    assert repeats >= 200
    rows = {(row["method"], row["measure"]): row for row in committed.results["drawn"]}
    for measure in coverage.MEASURES:
        row = rows["sequential", measure]
        assert wilson_interval(row["covered"], repeats)[1] >= 0.95, measure
    for measure in ("qini", "ranking"):
        assert wilson_interval(rows["cross-fitted", measure]["covered"], repeats)[1] < 0.95, measure
        assert rows["cross-fitted", measure]["spread"] > rows["cross-fitted", measure]["stated"]
    assert rows["sequential", "qini"]["truth"] < rows["cross-fitted", "qini"]["truth"]
