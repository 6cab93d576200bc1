"""The engine on cases small enough to compute by hand or by another route; the examples in its docstrings."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import json
import pkgutil
from typing import get_args

import duckdb
import numpy as np
import pytest
from scipy import stats
from support.samples import sample_of

import journey.experiments
from journey.errors import JourneyError
from journey.experiments import (
    PairedSample,
    Proportion,
    Sample,
    benjamini_hochberg,
    beta_binomial,
    confidence_sequence,
    crossing_probabilities,
    cuped,
    difference,
    duration,
    equivalence,
    first_crossing,
    group_sequential,
    heterogeneity,
    inflation_factor,
    linearised_variance,
    mean_power,
    mean_sample_size,
    means,
    newcombe,
    proportion_detectable_effect,
    proportion_power,
    proportion_sample_size,
    proportions,
    quantile_effect,
    ratios,
    relative_lift,
    sample_ratio_test,
    sequential_sample_ratio,
    two_proportions,
    wilson,
    winsorised,
)
from journey.experiments.inputs import EffectScale, Scale

MODULES = sorted(module.name for module in pkgutil.iter_modules(journey.experiments.__path__))


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings_run(module: str) -> None:
    loaded = importlib.import_module(f"journey.experiments.{module}")
    assert doctest.testmod(loaded).failed == 0


def test_results_are_frozen_plain_numbers() -> None:
    effect = difference(means(Sample(10, 20, 60), Sample(12, 30, 110)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        effect.estimate = 0.0  # type: ignore[misc]
    assert all(type(effect.as_dict()[name]) in (float, int) for name in ("estimate", "p_value", "n_control"))
    assert set(journey.experiments.__all__) <= set(dir(journey.experiments))


def test_statistics_straight_from_sql() -> None:
    """What SQL sums is what the engine takes, ratio and cross-product included."""
    rng = np.random.default_rng(1)
    revenue, sessions = rng.gamma(1, 20, 500).round(2), 1 + rng.poisson(1, 500)
    with duckdb.connect() as connection:
        connection.execute("create table t (arm varchar, revenue decimal(12, 2), sessions bigint)")
        rows = [
            ("a" if i % 2 else "b", float(r), int(s))
            for i, (r, s) in enumerate(zip(revenue, sessions, strict=True))
        ]
        connection.executemany("insert into t values (?, ?, ?)", rows)
        sums = connection.execute(
            "select count(*), sum(revenue), sum(revenue * revenue), sum(sessions), sum(sessions * sessions),"
            " sum(revenue * sessions) from t where arm = 'a'"
        ).fetchone()
    assert sums is not None
    from_sql = PairedSample(*sums)
    direct = PairedSample.from_values(revenue[1::2], sessions[1::2])
    assert from_sql.covariance == pytest.approx(direct.covariance, rel=1e-12)
    for one, two in ((from_sql.y, direct.y), (from_sql.x, direct.x)):
        assert (one.n, one.mean, one.variance) == pytest.approx((two.n, two.mean, two.variance), rel=1e-12)
    assert ratios(from_sql, direct).control == pytest.approx(revenue[1::2].sum() / sessions[1::2].sum())


def test_one_sided_two_proportions() -> None:
    """One-sided p is half the two-sided one in the right direction; intervals end at the natural bound."""
    control, treatment = Proportion(1000, 100), Proportion(1000, 130)
    both, up, down = (
        two_proportions(control, treatment, alternative=a)  # type: ignore[arg-type]
        for a in ("two-sided", "greater", "less")
    )
    assert up.p_value == pytest.approx(both.p_value / 2)
    assert down.p_value == pytest.approx(1 - up.p_value)
    assert (up.high, down.low) == (1.0, -1.0)
    assert up.low == newcombe(control, treatment, alpha=0.1).low
    assert wilson(control, alternative="greater").low == wilson(control, alpha=0.1).low


def test_cuped_removes_what_the_covariate_explains() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 50_000))
    y = 0.8 * x + 0.6 * rng.normal(size=x.shape)
    arms = cuped(*(PairedSample.from_values(y[arm], x[arm]) for arm in (0, 1)))
    assert arms.variance_reduction == pytest.approx(0.64, abs=0.01)
    assert arms.theta == pytest.approx(0.8, abs=0.01)


def test_cuped_variance_by_the_bootstrap() -> None:
    """Variance of difference and lift, uneven arms and a planted lift, against 2,500 resamples of users."""
    rng = np.random.default_rng(4)
    data = []
    for n, lift in ((600, 0.0), (200, 6.0)):
        x = rng.gamma(2, 5, n)
        data.append(np.stack([x + rng.gamma(2, 1, n) + lift, x]))
    estimates = []
    for _ in range(2500):
        samples = [
            PairedSample.from_values(*arm[:, rng.integers(0, arm.shape[1], arm.shape[1])]) for arm in data
        ]
        arms = cuped(*samples)
        estimates.append((arms.treatment - arms.control, arms.treatment / arms.control - 1))
    spread = np.std(estimates, axis=0)
    arms = cuped(*(PairedSample.from_values(*arm) for arm in data))
    # 4.5%: three Monte-Carlo errors of a standard deviation from 2,500 draws, and the price of the slope.
    assert difference(arms).standard_error == pytest.approx(spread[0], rel=0.045)
    assert relative_lift(arms, method="delta").standard_error == pytest.approx(spread[1], rel=0.045)


def test_winsorising_uses_one_cap_for_both_arms() -> None:
    capped = winsorised([1.0, 2.0, 3.0, 100.0], [4.0, 5.0, 6.0, 200.0], upper=0.75)
    pooled = [1, 2, 3, 100, 4, 5, 6, 200]
    assert capped.upper_cap == np.quantile(pooled, 0.75)
    assert capped.lower_cap == -np.inf
    assert capped.share_capped == 2 / 8
    assert capped.control.total == pytest.approx(6 + capped.upper_cap, rel=1e-15)
    untouched = winsorised([1.0, 2.0], [3.0], upper=1.0)
    assert untouched.share_capped == 0


def test_quantile_effect_is_reproducible_and_relative() -> None:
    rng = np.random.default_rng(5)
    control, treatment = rng.lognormal(3, 1, 800), 1.3 * rng.lognormal(3, 1, 800)
    one, two = (quantile_effect(control, treatment, 0.5, scale="relative", seed=9) for _ in range(2))
    assert one == two
    assert one.low < 0.3 < one.high
    assert one.p_value < 0.01
    up = quantile_effect(control, treatment, 0.5, alternative="greater")
    assert up.high == np.inf
    assert quantile_effect(control, treatment, 0.5, alternative="less").p_value > 0.99


def test_plan_uses_uneven_arms_and_unequal_variances() -> None:
    plan = mean_sample_size(1.0, 25.0, ratio=2.0, variance_treatment=36.0)
    assert plan.n_treatment == 2 * plan.n_control
    assert plan.power >= 0.8
    less = mean_power(1.0, 25.0, plan.n_control - 1, 2 * plan.n_control - 2, variance_treatment=36.0)
    assert less < 0.8
    down = proportion_sample_size(0.1, -0.01, alternative="less")
    assert proportion_power(0.1, -0.01, down.n_control - 1, alternative="less") < 0.8 <= down.power
    assert proportion_detectable_effect(
        0.1, down.n_control, alternative="less", power=down.power
    ) == pytest.approx(-0.01)


def test_power_without_effect_is_alpha() -> None:
    assert mean_power(0.0, 1.0, 20) == pytest.approx(0.05)
    assert proportion_power(0.1, 0.0, 500, method="pooled") == pytest.approx(0.05)
    assert mean_power(0.0, 1.0, 20, alternative="less", alpha=0.2) == pytest.approx(0.2)


def test_duration_rounds_to_whole_weeks() -> None:
    assert duration(10_000, 1000).days == 14
    assert duration(10_000, 1000).days_needed == 10
    assert duration(7_000, 1000).days == 7
    assert duration(10_000, 1000, whole_weeks=False).days == 10
    assert duration(10_000, 1000, share=0.5, whole_weeks=False).days == 20
    falling = duration(100, [40.0, 30.0, 20.0, 10.0, 5.0, 5.0, 5.0])
    assert (falling.days_needed, falling.days, falling.enrolled) == (4, 7, 115.0)


def test_crossing() -> None:
    design = group_sequential([0.5, 1.0])
    z = np.array([[0.0, 2.5], [3.5, 0.0], [-3.5, 0.0], [1.0, 1.0]])
    assert first_crossing(z, design).tolist() == [1, 0, 0, -1]
    assert first_crossing([3.5, 0.0], group_sequential([0.5, 1.0], alternative="less")) == -1
    assert first_crossing([-3.5, 0.0], group_sequential([0.5, 1.0], alternative="less")) == 0


def test_early_looks_spend_nothing() -> None:
    """At 1% of the information O'Brien-Fleming spending is below 1e-100: the boundary is out of reach."""
    design = group_sequential([0.01, 1.0])
    assert design.z[0] > 20
    assert design.z[1] == pytest.approx(stats.norm.isf(0.025), abs=1e-6)
    assert inflation_factor(design) == pytest.approx(1.0, abs=1e-6)
    assert crossing_probabilities(design, 5.0).power == pytest.approx(mean_normal_power(5.0), abs=1e-9)


def mean_normal_power(drift: float) -> float:
    critical = stats.norm.isf(0.025)
    return float(stats.norm.sf(critical - drift) + stats.norm.cdf(-critical - drift))


def test_mirrored_designs_have_mirrored_power() -> None:
    up, down = (group_sequential([0.4, 1.0], alternative=a) for a in ("greater", "less"))  # type: ignore[arg-type]
    assert up.z == down.z
    assert crossing_probabilities(up, 2.0).power == pytest.approx(crossing_probabilities(down, -2.0).power)
    assert inflation_factor(up) == pytest.approx(inflation_factor(down))


def test_confidence_sequence_is_the_mixture_sequential_test() -> None:
    """Johari, Pekelis and Walsh: likelihood ratio with mixing variance tau^2 on the difference."""
    arms = means(sample_of(4000, 2.0, 9.0), sample_of(4200, 2.2, 10.0))
    sequence = confidence_sequence(arms, tightest_n=6000)
    rho = journey.experiments.mixture_rho(6000)
    variance = arms.variance_difference
    tau = rho**2 * variance * 8200
    ratio = np.sqrt(variance / (variance + tau)) * np.exp(tau * 0.2**2 / (2 * variance * (variance + tau)))
    assert sequence.p_value == pytest.approx(min(1.0, 1 / ratio), rel=1e-9)


def test_confidence_sequence_is_tightest_where_it_was_told() -> None:
    n = np.array([250, 500, 1000, 2500, 5000, 10_000, 50_000], dtype=float)
    arms = means(Sample(n, np.zeros(7), n), Sample(n, np.zeros(7), n))
    fixed = difference(arms)
    relative_width = []
    for tightest in (1000.0, 10_000.0, 100_000.0):
        sequence = confidence_sequence(arms, tightest_n=tightest)
        relative_width.append((np.asarray(sequence.high) / np.asarray(fixed.high)).argmin())
    assert n[relative_width].tolist() == [500, 5000, 50_000]


def test_sequential_sample_ratio_finds_a_broken_split() -> None:
    days = np.arange(1, 29)[:, None]
    broken = sequential_sample_ratio(days * np.array([520, 480]))
    fair = sequential_sample_ratio(days * np.array([500, 500]))
    assert broken[-1] < 1e-6
    assert fair[-1] == 1.0
    assert (np.diff(broken) <= 0).all()
    uneven = sequential_sample_ratio(days * np.array([900, 100]), [0.9, 0.1])
    assert uneven[-1] == 1.0


def test_heterogeneity_tells_scales_apart() -> None:
    """Equal relative effects on unequal baselines differ on the absolute scale."""
    segments = {
        name: proportions(Proportion(50_000, round(50_000 * rate)), Proportion(50_000, round(55_000 * rate)))
        for name, rate in (("new", 0.02), ("returning", 0.3))
    }
    assert heterogeneity(segments, scale="absolute").p_value < 0.001
    relative = heterogeneity(segments, scale="relative", correction="benjamini-hochberg")
    assert relative.p_value > 0.9
    assert relative.i_squared == 0.0
    assert relative.common_effect == pytest.approx(0.1, abs=1e-3)
    assert all(s.adjusted_p >= s.effect.p_value for s in relative.segments)


def test_non_inferiority_is_one_side_of_equivalence() -> None:
    arms = proportions(Proportion(20_000, 2000), Proportion(20_000, 1990))
    both = equivalence(arms, -0.01, 0.01)
    assert both.p_lower == pytest.approx(difference(arms, alternative="greater", null=-0.01).p_value)
    assert both.equivalent
    assert not equivalence(arms, -0.001, 0.001).equivalent
    relative = equivalence(arms, -0.1, 0.1, scale="relative")
    assert relative.equivalent == (relative.low > -0.1 and relative.high < 0.1)


def test_linearised_variance_of_a_constant_denominator() -> None:
    y = np.random.default_rng(6).normal(5, 2, 100)
    assert linearised_variance(PairedSample.from_values(y, np.full(100, 2.0))) == pytest.approx(
        y.var(ddof=1) / 4
    )


def test_three_arms_posterior() -> None:
    arms = {"control": Proportion(1000, 50), "a": Proportion(1000, 60), "b": Proportion(1000, 75)}
    posterior = beta_binomial(arms)
    draws = np.random.default_rng(7).beta(
        np.array(posterior.alpha)[:, None], np.array(posterior.beta)[:, None], (3, 400_000)
    )
    best = np.bincount(draws.argmax(axis=0), minlength=3) / 400_000
    # Four Monte-Carlo errors of 400,000 draws.
    assert posterior.probability_best == pytest.approx(best, abs=0.0032)
    assert posterior.expected_loss == pytest.approx((draws.max(axis=0) - draws).mean(axis=1), abs=1e-4)
    assert posterior.low[0] == pytest.approx(stats.beta.ppf(0.025, 51, 951))


def test_jeffreys_prior_without_data() -> None:
    """Two rates with the arcsine law: E|X - Y| / 2 = 2 / pi^2, and a symmetric difference."""
    posterior = beta_binomial({"a": Proportion(0, 0), "b": Proportion(0, 0)}, prior=(0.5, 0.5))
    assert posterior.expected_loss == pytest.approx((2 / np.pi**2,) * 2, abs=1e-10)
    assert posterior.probability_best == pytest.approx((0.5, 0.5), abs=1e-12)
    assert posterior.difference_low[1] == pytest.approx(-posterior.difference_high[1], abs=1e-9)


def test_rates_with_and_without_a_success() -> None:
    """Integrable infinite densities and very unequal arms, against two million draws."""
    for a, b in (([0.5, 0.5], [0.5, 10.5]), ([0.5, 3.0], [1e6, 5e6]), ([5.0, 50_000.0], [100.0, 1e6])):
        x = np.random.default_rng(1).beta(np.array(a)[:, None], np.array(b)[:, None], (2, 2_000_000))
        # Four Monte-Carlo errors.
        assert journey.experiments.probability_best(a, b)[0] == pytest.approx(
            (x[0] > x[1]).mean(), abs=0.0014
        )


def test_benjamini_hochberg_rejects_all_at_a_tie_on_the_level() -> None:
    """p (k) <= k alpha / m holds for k = m exactly, so all are rejected, family by family."""
    assert benjamini_hochberg([0.1, 0.1, 0.1], alpha=0.1).rejected.all()
    found = benjamini_hochberg([[0.1, 0.1, 0.1], [0.01, 0.04, 0.9]], alpha=0.1)
    assert found.adjusted == pytest.approx(np.array([[0.1, 0.1, 0.1], [0.03, 0.06, 0.9]]))


def test_units_in_an_arm_that_was_to_have_none_are_a_mismatch() -> None:
    found = sample_ratio_test([10_000, 10_000, 50], [0.5, 0.5, 0])
    assert (found.mismatch, found.p_value, found.chi_square) == (True, 0.0, np.inf)
    assert (found.misplaced, found.counts) == ((2,), (10_000.0, 10_000.0, 50.0))
    assert not sample_ratio_test([10_000, 10_000, 0], [0.5, 0.5, 0]).mismatch
    days = np.array([[100, 100, 0], [200, 200, 1], [300, 300, 1]])
    assert sequential_sample_ratio(days, [0.5, 0.5, 0]).tolist() == [1.0, 0.0, 0.0]


def test_cuped_lift_of_either_baseline_covers_the_same_lift() -> None:
    """A covariate that explains nearly everything; GrowthBook divides by the observed control mean."""
    rng = np.random.default_rng(11)
    held = dict.fromkeys(("adjusted", "observed"), 0)
    width = dict.fromkeys(held, 0.0)
    for _ in range(600):
        x = rng.gamma(4.0, 5.0, (2, 100))
        y = x + rng.normal(0.0, 3.0, x.shape) + np.array([[0.0], [10.0]])
        samples = [PairedSample.from_values(y[arm], x[arm]) for arm in (0, 1)]
        for name in held:
            arms = cuped(*samples, baseline=name)  # type: ignore[arg-type]
            lift = relative_lift(arms)
            held[name] += lift.low <= 0.5 <= lift.high
            width[name] += lift.high - lift.low
    # Three Monte-Carlo errors of 600 experiments.
    assert all(0.923 <= count / 600 <= 0.977 for count in held.values())
    assert width["adjusted"] < 0.95 * width["observed"]
    assert lift.method == "CUPED, Welch t; lift as a share of the observed control mean by Fieller's theorem"
    assert arms.control == samples[0].y.mean
    with pytest.raises(JourneyError, match="baseline must be adjusted or observed"):
        cuped(*samples, baseline="other")  # type: ignore[arg-type]


def test_a_result_is_tagged_with_a_type_that_no_input_takes() -> None:
    arms = means(Sample(100, 200.0, 500.0), Sample(100, 230.0, 620.0))
    tags = [difference(arms).scale, relative_lift(arms).scale, equivalence(arms, -1, 1).scale]
    assert all(isinstance(tag, EffectScale) for tag in tags)
    assert not isinstance("absolute", EffectScale)
    assert set(get_args(Scale)) <= {str(tag) for tag in EffectScale}
    assert json.dumps(difference(arms).as_dict()["scale"]) == '"absolute"'
