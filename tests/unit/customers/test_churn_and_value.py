"""Features without the future, forecasts judged, spend, leaving, facts of SMOTE, offers, lifetime value."""

from __future__ import annotations

import numpy as np
import pytest

from journey.customers.bgnbd import BetaGeometric
from journey.customers.churn import KINDS, WAYS, AtRisk, at_risk, fit_churn, oversampled, snapshots
from journey.customers.forecast import by_decile, judge, judged
from journey.customers.gamma_gamma import GammaGamma
from journey.customers.history import FEATURES, FLAGS, known_at, learning_days
from journey.customers.likelihood import Fit
from journey.customers.nbd import NBD
from journey.customers.offers import Offer, profit_over, profit_per_thousand, targets
from journey.customers.spend import fit_spend, learn_spend, same_again
from journey.customers.summary import PurchaseDays, purchase_days
from journey.customers.value import Terms, lifetime_of_new, value_of_new
from journey.errors import JourneyError
from journey.models.imbalance import settle_flags, smote
from journey.models.scores import measure

START = np.datetime64("2024-01-01")
FIRST = int(START.astype("datetime64[D]").astype(int))


def shop(seed=0, customers=600, days=360, leaving=0.004):
    """Customers who buy at rates of their own until they leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(customers):
        rate, born = rng.gamma(1.2, 1 / 35), rng.integers(0, 120)
        until = min(days, born + rng.exponential(1 / leaving))
        moments = [born, *(born + np.cumsum(rng.exponential(1 / rate, size=60)))]
        rows += [(who, int(moment), rng.gamma(3, 10)) for moment in moments if moment < until]
    who, day, money = zip(*rows, strict=True)
    return purchase_days(who, START + np.array(day), money)


@pytest.fixture(scope="module")
def orders():
    return shop()


def until(days: PurchaseDays, last: int) -> PurchaseDays:
    """The same purchases without those later than a day."""
    kept = days.day <= last
    return PurchaseDays(days.customer[kept], days.day[kept], days.money[kept], days.names)


class TestHistory:
    def test_features_do_not_change_when_the_future_is_deleted(self, orders):
        for day in (FIRST + 90, FIRST + 181, FIRST + 300):
            full, cut = known_at(orders, day), known_at(until(orders, day), day)
            assert full.customer.tolist() == cut.customer.tolist()
            assert np.array_equal(full.matrix, cut.matrix)

    def test_features_of_one_customer_by_hand(self):
        days = purchase_days(["a"] * 3, START + np.array([0, 10, 100]), [10.0, 20.0, 60.0])
        known = known_at(days, FIRST + 110)
        wanted = {
            "days_since_last": 10, "days_since_first": 110, "orders": 3, "money": 90, "money_mean": 30,
            "money_last": 60, "days_between": 50, "lateness": 0.2, "orders_30": 1, "orders_180": 3,
            "money_90": 60, "one_order": 0, "bought_in_30": 1,
        }  # fmt: skip
        assert {name: known.column(name)[0] for name in wanted} == pytest.approx(wanted)

    def test_at_risk_is_who_bought_lately_and_leaving_is_buying_nothing(self, orders):
        day = FIRST + 200
        rows = at_risk(known_at(orders, day, within=90), orders, 90)
        assert (rows.matrix[:, FEATURES.index("days_since_last")] < 90).all()
        assert ((rows.money == 0) == rows.left).all()

    def test_learning_days_are_over_by_the_cut(self):
        found = learning_days(0, 300, 90)
        assert found == [210, 180, 150]
        assert learning_days(0, 170, 90) == []
        with pytest.raises(JourneyError, match="0 days"):
            snapshots(lambda _: shop(), shop(), learning_days(0, 100, 90))


class TestForecast:
    def test_a_perfect_forecast(self):
        y = np.arange(50.0)
        assert judge(y, y) == pytest.approx({"mae": 0, "bias": 0, "r2": 1, "rank": 1, "top_found": 1})

    def test_a_constant_finds_the_top_by_chance_only(self):
        found = judge(np.arange(200.0), np.full(200, 99.5))
        assert found["top_found"] == pytest.approx(0.1)
        assert found["r2"] == pytest.approx(0)
        assert found["rank"] == 0

    def test_intervals_hold_the_value(self):
        rng = np.random.default_rng(1)
        y = rng.gamma(0.5, 100, size=300)
        found = judged(y, y * rng.lognormal(0, 1, size=300))
        for each in vars(found).values():
            assert each.low <= each.value <= each.high

    def test_equal_forecasts_share_a_tenth(self):
        y, f = np.arange(100.0), np.r_[np.zeros(60), np.arange(40.0) + 1]
        table = by_decile(y, f)
        assert table["customers"].max() >= 60
        assert table["customers"].sum() == 100

    def test_no_spend(self):
        with pytest.raises(JourneyError, match="none of 20"):
            judge(np.zeros(20), np.ones(20))
        with pytest.raises(JourneyError, match="ten customers"):
            judge([1.0], [1.0])


class TestSpend:
    def test_trees_learn_who_spends(self, orders):
        day = FIRST + 250
        predict = learn_spend(lambda at: until(orders, at), orders, [FIRST + 160, FIRST + 130], 90)
        known = known_at(orders, day)
        found = judge(at_risk(known, orders, 90).money, predict(known.matrix))
        assert found["rank"] > 0.3

    def test_all_zero_is_refused(self):
        with pytest.raises(JourneyError, match="0 positive"):
            fit_spend(np.zeros((20, len(FEATURES))), np.zeros(20))

    def test_again_is_the_year_before_where_the_data_reach_back(self):
        days = purchase_days(["a", "a"], START + np.array([0, 10]), [3.0, 4.0])
        money, a_year = same_again(days, days.names, FIRST + 364 + 5, 30)
        assert (money[0], a_year) == (4.0, True)
        money, a_year = same_again(days, days.names, FIRST + 20, 30)
        assert (money[0], a_year) == (7.0, False)


@pytest.fixture(scope="module")
def rows():
    """Many customers of whom a tenth leaves, by chances that are linear in the features' logarithms."""
    rng = np.random.default_rng(3)
    matrix = rng.gamma(2.0, 10.0, size=(6000, len(FEATURES)))
    for name in FLAGS:
        matrix[:, FEATURES.index(name)] = rng.random(6000) < 0.48
    chance = 1 / (
        1 + np.exp(3.2 - 0.6 * (np.log1p(matrix[:, 0]) - 2.9) - 0.8 * matrix[:, FEATURES.index(FLAGS[0])])
    )
    left = rng.random(6000) < chance
    return AtRisk(np.arange(6000), matrix, left, np.where(left, 0.0, 10.0)), chance


class TestImbalance:
    def test_flags_of_made_rows_are_yes_or_no_and_as_common_as_true_ones(self, rows):
        given = rows[0]
        flag = FEATURES.index(FLAGS[0])
        plain, outcome = smote(given.matrix, given.left, seed=0)
        made = plain[len(given) :, flag]
        assert ((made > 0) & (made < 1)).mean() > 0.05, "SMOTE itself leaves flags that no customer has"
        settled, member = oversampled(given.matrix, given.left, seed=0)
        assert member.tolist() == outcome.tolist()
        flags = settled[len(given) :, flag]
        assert np.isin(flags, (0, 1)).all()
        true = given.matrix[given.left, flag].mean()
        assert flags.mean() == pytest.approx(true, abs=0.03)
        assert np.array_equal(settled[: len(given)], given.matrix)

    def test_a_flag_with_other_values_is_refused(self):
        with pytest.raises(JourneyError, match="other than 0 and 1"):
            settle_flags(np.full((4, 2), 0.5), 2, [1], seed=0)

    def test_balancing_moves_the_mean_to_a_half_and_spoils_probabilities_not_ranking(self, rows):
        given, chance = rows
        base = given.left.mean()
        for kind in KINDS:
            found = {way: fit_churn(given, kind, way)(given.matrix) for way in WAYS}
            assert found["none"].mean() == pytest.approx(base, abs=0.01)
            areas = {way: measure(given.left, p, replicates=2).roc_auc.value for way, p in found.items()}
            for way in ("weights", "SMOTE"):
                assert found[way].mean() > base + 0.2
                assert np.abs(found[way] - chance).mean() > 4 * np.abs(found["none"] - chance).mean()
                # Trees fit the rows they are scored on here, so only the regression's ranking is compared.
                assert kind == "XGBoost" or areas[way] == pytest.approx(areas["none"], abs=0.01)

    def test_the_smaller_class_is_filled_up_whichever_it_is(self):
        matrix = np.random.default_rng(0).random((50, len(FEATURES)))
        for name in FLAGS:
            matrix[:, FEATURES.index(name)] = 1.0
        left = np.arange(50) >= 10
        assert oversampled(matrix, left, seed=0)[1].mean() == 0.5

    def test_everyone_leaves(self, rows):
        given = rows[0]
        with pytest.raises(JourneyError, match="another horizon"):
            fit_churn(
                AtRisk(given.customer, given.matrix, np.ones(6000, bool), given.money), "logistic", "none"
            )


class TestOffers:
    def test_an_offer_pays_from_its_threshold(self):
        offer = Offer(cost=20, saved=0.1, worth=500)
        assert offer.threshold == pytest.approx(0.4)
        left, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.3, 0.1])
        reached = targets(left, score, [0.0, 0.5, 0.95])
        assert reached.chosen.tolist() == [4, 2, 0]
        assert reached.leavers.tolist() == [2, 1, 0]
        profits = [each.value for each in profit_per_thousand(reached, offer)]
        assert profits == pytest.approx([1000 * (2 * 50 - 4 * 20) / 4, 1000 * (50 - 40) / 4, 0])

    def test_the_interval_is_that_of_a_mean(self):
        rng = np.random.default_rng(0)
        offer, left, score = Offer(5, 0.2, 100), rng.random(900) < 0.3, rng.random(900)
        each = profit_per_thousand(targets(left, score, [0.4]), offer)[0]
        gains = np.where(score >= 0.4, 20.0 * left - 5, 0.0) * 1000
        half = 1.959963984540054 * gains.std() / 30
        assert (each.value, each.low) == pytest.approx((gains.mean(), gains.mean() - half))

    def test_two_rules_are_compared_on_the_same_customers(self):
        rng = np.random.default_rng(0)
        offer, left, score = Offer(5, 0.2, 100), rng.random(900) < 0.3, rng.random(900)
        other = np.clip(score + rng.normal(0, 0.1, 900), 0, 1)
        only = targets(left, score, [0.4], but=other), targets(left, other, [0.4], but=score)
        over = profit_over(*only, offer)[0]
        gains = (20.0 * left - 5) * ((score >= 0.4).astype(float) - (other >= 0.4)) * 1000
        half = 1.959963984540054 * gains.std() / 30
        assert (over.value, over.low) == pytest.approx((gains.mean(), gains.mean() - half))
        apart = [profit_per_thousand(targets(left, each, [0.4]), offer)[0] for each in (score, other)]
        assert over.value == pytest.approx(apart[0].value - apart[1].value)
        assert over.high - over.low < 0.7 * (apart[0].high - apart[0].low), "the same customers tell more"
        with pytest.raises(JourneyError, match="900 and 4 customers cannot be compared"):
            profit_over(only[0], targets([1, 0, 1, 0], [1, 1, 1, 1], [0.4]), offer)

    def test_the_threshold_is_best_for_true_probabilities(self):
        rng = np.random.default_rng(1)
        chance = rng.beta(2, 3, size=200_000)
        offer, grid = Offer(20, 0.1, 500), np.arange(0, 1.01, 0.05)
        found = profit_per_thousand(targets(rng.random(200_000) < chance, chance, grid), offer)
        assert grid[np.argmax([each.value for each in found])] == pytest.approx(offer.threshold, abs=0.051)

    def test_nobody_saved(self):
        with pytest.raises(JourneyError, match="never"):
            _ = Offer(1, 0.0, 10).threshold


class TestLifetime:
    TERMS = Terms(margin=0.4, discount=0.1, days=364)
    MONEY = GammaGamma(Fit(("p", "q", "v"), np.array([6.0, 4.0, 15.0]), 0.0, np.eye(3) * 1e-4, 100, 0))

    def model(self, kind=BetaGeometric, **values):
        return kind(
            Fit(tuple(values), np.array(list(values.values())), 0.0, np.eye(len(values)) * 1e-4, 100, 0)
        )

    def test_a_steady_buyer_is_worth_the_sum_of_discounted_orders(self):
        steady = self.model(NBD, r=1e6, alpha=1e6)  # one order a week, certainly
        weeks = np.arange(52) + 0.5
        worth = (1.1 ** (-weeks * 7 / 365.25)).sum()
        first, later, bought = value_of_new(steady, 30.0, 50.0, self.TERMS)
        assert (first, bought) == pytest.approx((20, worth), rel=1e-6)
        assert later == pytest.approx(0.4 * 30 * worth, rel=1e-6)

    def test_without_interest_it_is_the_expected_purchases(self):
        model = self.model(r=0.243, alpha=4.414, a=0.793, b=2.426)
        bought = value_of_new(model, 1.0, 0.0, Terms(1.0, 0.0, 200))[2]
        assert bought == pytest.approx(model.expected_new(200), rel=1e-9)

    def test_the_interval_holds_the_value_and_narrows_with_the_fit(self):
        model = self.model(r=0.243, alpha=4.414, a=0.793, b=2.426)
        wide = lifetime_of_new(model, self.MONEY, (30.0, 2.0), self.TERMS, draws=100)
        narrow = lifetime_of_new(model, self.MONEY, (30.0, 0.02), self.TERMS, draws=100)
        assert wide.total.low < wide.total.value < wide.total.high
        assert wide.total.value == pytest.approx(wide.first.value + wide.later.value)
        assert narrow.first.high - narrow.first.low < wide.first.high - wide.first.low

    def test_impossible_terms(self):
        with pytest.raises(JourneyError, match="assumptions"):
            Terms(1.4, 0.1, 365)
