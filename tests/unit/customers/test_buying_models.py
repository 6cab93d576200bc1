"""BG/NBD, MBG/NBD, Pareto/NBD, NBD and Gamma-Gamma: gradients, recovery, closed forms, and when they fail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, gammaln, hyp2f1

from journey.customers import bgnbd, gamma_gamma, nbd, pareto_nbd
from journey.customers.bgnbd import BetaGeometric, beta_nodes, fit_bgnbd
from journey.customers.buying import fit_buying
from journey.customers.gamma_gamma import GammaGamma, fit_gamma_gamma
from journey.customers.grouped import Grouped, group
from journey.customers.likelihood import Fit
from journey.customers.nbd import fit_nbd
from journey.customers.pareto_nbd import ParetoNBD, fit_pareto_nbd
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.studies.customer_value.recovery import TRUTH, recovered, simulate

# Central differences of a sum over hundreds of customers: about eight digits.
GRADIENT = 1e-5


def histories(*rows):
    """A summary of (repeat purchases, recency, age in days)."""
    x, recency, age = (np.array(column) for column in zip(*rows, strict=True))
    return Summary(np.arange(len(rows)), x, recency, age, np.where(x > 0, 10.0 + np.arange(len(x)), np.nan))


def fitted(model, **values):
    """A model with given parameters."""
    return model(Fit(tuple(values), np.array(list(values.values())), 0.0, np.eye(len(values)), 1, 0))


CUSTOMERS = simulate("BG/NBD", 600, np.random.default_rng(1))
SHORT = fitted(BetaGeometric, r=0.243, alpha=4.414, a=0.793, b=2.426)
LONG = fitted(ParetoNBD, r=0.553, alpha=10.578, s=0.606, beta=11.669)


@pytest.mark.parametrize(
    ("likelihood", "point"),
    [
        (lambda v: bgnbd.log_likelihood(v, group(CUSTOMERS)), [0.3, 5.0, 0.7, 2.0]),
        (lambda v: bgnbd.log_likelihood(v, group(CUSTOMERS), True), [0.3, 5.0, 0.7, 2.0]),
        (lambda v: pareto_nbd.log_likelihood(v, group(CUSTOMERS)), [0.6, 9.0, 0.5, 14.0]),
        (lambda v: pareto_nbd.log_likelihood(v, group(CUSTOMERS)), [0.6, 14.0, 1.5, 9.0]),
        (lambda v: nbd.log_likelihood(v, group(CUSTOMERS)), [0.6, 9.0]),
    ],
    ids=["BG", "MBG", "Pareto, alpha smaller", "Pareto, beta smaller", "NBD"],
)
def test_gradients_are_those_of_the_likelihood(likelihood, point):
    point = np.array(point)
    gradient = likelihood(point)[1]
    for place in range(len(point)):
        step = np.zeros(len(point))
        step[place] = 1e-5
        slope = (likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=GRADIENT, abs=1e-4)


def test_the_gradient_of_gamma_gamma_is_that_of_its_likelihood():
    customers = simulate("Gamma-Gamma", 300, np.random.default_rng(2))
    x, z = customers.frequency.astype(float), customers.money
    likelihood = gamma_gamma._likelihood(x, z, np.ones(len(x)))
    point = np.array([5.0, 4.0, 12.0])
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-5
        slope = (likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5
        assert likelihood(point)[1][place] == pytest.approx(slope, rel=GRADIENT)


def test_gamma_gamma_has_the_published_likelihood():
    """Fader & Hardie (2013), equation 1, written out for one customer."""
    p, q, v, x, z = 6.25, 3.74, 15.44, 3.0, 40.0
    written = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(v + x * z)
    )  # fmt: skip
    found = gamma_gamma._likelihood(np.array([x]), np.array([z]), np.ones(1))(np.array([p, q, v]))[0]
    assert found == pytest.approx(written, abs=1e-9)


def test_pareto_has_the_likelihood_of_the_paper():
    """Schmittlein, Morrison & Colombo (1987) in the form of Fader & Hardie (2005), with hypergeometrics."""
    r, alpha, s, beta = 0.55, 10.6, 0.61, 11.7

    def part(time, shape, total):
        return hyp2f1(total, s + 1, total + 1, (alpha - beta) / (alpha + time)) / (alpha + time) ** total

    for x, recency, age in ((0, 0.0, 30.0), (2, 30.43, 38.86), (25, 30.0, 38.0)):
        total = r + s + x
        swapped = (beta - alpha) / np.array([beta + recency, beta + age])
        integral = [
            hyp2f1(total, r + x, total + 1, place) / (beta + time) ** total
            for place, time in zip(swapped, (recency, age), strict=True)
        ]
        written = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
            + np.log(s / total * (integral[0] - integral[1]) + (alpha + age) ** -(r + x) * (beta + age) ** -s)
        )  # fmt: skip
        groups = Grouped(*(np.array([value]) for value in (float(x), recency, age, 1.0)))
        assert pareto_nbd.log_likelihood(np.array([r, alpha, s, beta]), groups)[0] == pytest.approx(
            written, abs=1e-8
        )


def test_expected_purchases_have_the_published_closed_form():
    """Fader, Hardie & Lee (2005), equation 10, with its hypergeometric function."""
    r, alpha, a, b = SHORT.fit.values
    for x, recency, age, days in ((2, 213, 272, 273), (0, 0, 200, 91), (11, 250, 270, 700)):
        customer = histories((x, recency, age))
        weeks, shape = days / 7, r + x
        grown = alpha + age / 7
        closed = (
            (a + b + x - 1)
            / (a - 1)
            * (
                1
                - (grown / (grown + weeks)) ** shape
                * hyp2f1(shape, b + x, a + b + x - 1, weeks / (grown + weeks))
            )
        )
        assert SHORT.expected(customer, days)[0] == pytest.approx(closed * SHORT.alive(customer)[0], rel=1e-9)


def test_expected_purchases_have_no_pole_where_a_is_one():
    near = [
        fitted(BetaGeometric, r=0.25, alpha=4.0, a=a, b=2.5).expected_new(273)
        for a in (0.999999, 1.0, 1.000001)
    ]
    assert near[0] == pytest.approx(near[1], rel=1e-5)
    assert near[2] == pytest.approx(near[1], rel=1e-5)


def test_expectation_of_someone_new_is_that_of_a_customer_with_no_time_yet():
    fresh = histories((0, 0, 0))
    for model in (SHORT, LONG):
        assert model.expected_new(273) == pytest.approx(model.expected(fresh, 273)[0], rel=1e-9)


def test_beta_nodes_integrate_moments():
    nodes, weights = beta_nodes(0.4, 3.0, 64)
    assert weights.sum() == pytest.approx(1)
    for power in (1, 2, 5):
        moment = np.exp(betaln(0.4 + power, 3.0) - betaln(0.4, 3.0))
        assert weights @ nodes**power == pytest.approx(moment, rel=1e-10)


def test_the_chance_of_silence_adds_up_over_rates():
    """Against numerical integration over both rates for one customer who is certainly alive at the start."""
    r, alpha, s, beta = LONG.fit.values
    customer = histories((3, 200, 200))
    shape, rate, leaving, weeks = r + 3, alpha + 200 / 7, beta + 200 / 7, 90 / 7
    first = quad(
        lambda u: shape / rate * (rate / (rate + u)) ** (shape + 1) * (leaving / (leaving + u)) ** s, 0, weeks
    )[0]
    assert LONG.alive(customer)[0] == pytest.approx(1)
    assert LONG.quiet(customer, 90)[0] == pytest.approx(1 - first, rel=1e-9)
    assert LONG.quiet(customer, 0.0)[0] == pytest.approx(1)


def test_purchases_at_many_moments_are_finite_and_grow_with_the_horizon():
    odd = histories((300, 500, 520), (0, 0, 3000), (1, 1, 3000), (40, 40, 40))
    for model in (SHORT, LONG):
        found = model.expected(odd, [1, 30, 3000])
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=1) >= 0).all()
        assert ((model.alive(odd) >= 0) & (model.alive(odd) <= 1)).all()


def test_bgnbd_keeps_everyone_who_bought_once_alive_so_churn_is_not_read_from_it():
    weeks = np.array([1, 39, 300]) * 7
    once = Summary(weeks, np.zeros(3, int), np.zeros(3, int), weeks, np.full(3, np.nan))
    assert SHORT.alive(once).tolist() == [1, 1, 1]
    at_once = BetaGeometric(
        Fit(SHORT.fit.names, np.array([0.52484, 6.18309, 0.89136, 1.61400]), 0.0, np.eye(4), 1, 0),
        leaves_at_once=True,
    )
    assert at_once.alive(once) == pytest.approx([0.63, 0.39, 0.19], abs=0.005)
    assert LONG.alive(once) == pytest.approx([0.95, 0.29, 0.04], abs=0.005)


@pytest.mark.parametrize(("name", "runs"), [("BG/NBD", 40), ("Gamma-Gamma", 40), ("Pareto/NBD", 6)])
def test_fits_recover_what_made_the_customers(name, runs):
    """The full coverage study is committed; here intervals must not miss much more than they say."""
    found = recovered(name, runs, customers=2000, seed=5)
    assert found["failed"] <= runs * 0.05
    assert np.median(found["coverage"]) >= 0.8
    for ratio in found["median_ratio"][:2]:
        assert ratio == pytest.approx(1, abs=0.25)


def test_parameters_are_per_period_and_weights_are_copies():
    weekly, daily = fit_bgnbd(CUSTOMERS), fit_bgnbd(CUSTOMERS, period_days=1)
    assert daily.fit["alpha"] == pytest.approx(7 * weekly.fit["alpha"], rel=1e-4)
    assert daily.expected(CUSTOMERS, 90) == pytest.approx(weekly.expected(CUSTOMERS, 90), rel=1e-4)
    twice = fit_bgnbd(CUSTOMERS, weights=np.full(len(CUSTOMERS), 2.0))
    assert twice.fit.values == pytest.approx(weekly.fit.values, rel=1e-4)
    assert twice.fit.standard_errors == pytest.approx(weekly.fit.standard_errors / np.sqrt(2), rel=1e-3)


def test_money_in_another_currency_scales_the_mean_and_nothing_else():
    customers = simulate("Gamma-Gamma", 800, np.random.default_rng(3))
    pounds = fit_gamma_gamma(customers)
    pence = fit_gamma_gamma(
        Summary(
            customers.customer, customers.frequency, customers.recency, customers.age, 100 * customers.money
        )
    )
    assert pence.mean == pytest.approx(100 * pounds.mean, rel=1e-6)
    assert pence.fit["p"] == pytest.approx(pounds.fit["p"], rel=1e-6)
    gap = len(customers) * np.log(100)
    assert pence.fit.log_likelihood == pytest.approx(pounds.fit.log_likelihood - gap, rel=1e-9)


def test_a_fit_survives_json():
    fit = fit_bgnbd(CUSTOMERS).fit
    again = Fit.of(fit.as_dict())
    assert again.values.tolist() == fit.values.tolist()
    assert again.estimate("r") == fit.estimate("r")


class TestDegenerate:
    def test_one_purchase_each(self):
        once = histories(*[(0, 0, age) for age in range(30, 60)])
        for fit in (fit_bgnbd, fit_pareto_nbd, fit_nbd, fit_gamma_gamma):
            with pytest.raises(JourneyError, match="bought again"):
                fit(once)

    def test_one_customer(self):
        for fit in (fit_bgnbd, fit_pareto_nbd, fit_nbd, fit_gamma_gamma):
            with pytest.raises(JourneyError, match="1 customers"):
                fit(histories((3, 100, 120)))

    def test_nobody(self):
        with pytest.raises(JourneyError, match="none of 0"):
            fit_bgnbd(Summary(*(np.zeros(0, dtype=int) for _ in range(4)), np.zeros(0)))

    def test_all_alive_is_named_and_the_model_without_leaving_takes_over(self):
        rng = np.random.default_rng(4)
        rate = rng.gamma(1.0, 1 / 8.0, size=800)
        x = rng.poisson(rate * 40)
        recency = np.where(x > 0, np.maximum(rng.beta(np.maximum(x, 1), 1) * 280, 1).astype(int), 0)
        customers = Summary(np.arange(800), x, recency, np.full(800, 280), np.full(800, 5.0))
        for fit in (fit_bgnbd, fit_pareto_nbd):
            with pytest.raises(JourneyError, match="no sign that any"):
                fit(customers)
        chosen = fit_buying(customers)
        assert chosen.name == "NBD"
        assert "no sign" in chosen.reason
        expected = chosen.model.expected(customers, 70).sum()
        assert expected == pytest.approx((rate * 10).sum(), rel=0.1)

    def test_unknown_model(self):
        with pytest.raises(JourneyError, match="unknown model"):
            fit_buying(CUSTOMERS, "Weibull")

    def test_zero_spend_is_named_and_can_be_weighted_away(self):
        customers = simulate("Gamma-Gamma", 300, np.random.default_rng(6))
        money = customers.money.copy()
        money[:2] = 0.0
        odd = Summary(customers.customer, customers.frequency, customers.recency, customers.age, money)
        with pytest.raises(JourneyError, match="2 of 300 repeat customers spend nothing"):
            fit_gamma_gamma(odd)
        assert fit_gamma_gamma(odd, weights=money > 0).fit.customers == 298

    def test_equal_spend_has_no_maximum(self):
        with pytest.raises(JourneyError, match="Gamma-Gamma"):
            fit_gamma_gamma(
                Summary(np.arange(50), np.full(50, 3), np.full(50, 9), np.full(50, 20), np.full(50, 7.0))
            )

    def test_a_mean_without_expectation_is_said(self):
        with pytest.raises(JourneyError, match="no expectation"):
            _ = fitted(GammaGamma, p=2.0, q=0.9, v=10.0).mean

    def test_impossible_histories(self):
        with pytest.raises(JourneyError, match="1 of 2 customers"):
            fit_bgnbd(histories((2, 50, 40), (1, 3, 9)))
        with pytest.raises(JourneyError, match="period"):
            fit_bgnbd(CUSTOMERS, period_days=0)


def test_the_truth_is_near_what_is_published_for_cdnow():
    assert TRUTH["BG/NBD"] == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.05)
