"""Laws that hold for any input: symmetry, invariance, duality, monotonicity, pooling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.samples import sample_of

from journey.experiments import (
    ArmEstimates,
    PairedSample,
    Proportion,
    Sample,
    benjamini_hochberg,
    combined,
    confidence_sequence,
    cuped,
    difference,
    equivalence,
    group_sequential,
    holm,
    mean_power,
    means,
    newcombe,
    post_stratified,
    probability_best,
    proportion_power,
    proportions,
    quantile_effect,
    ratios,
    relative_lift,
    sample_ratio_test,
    two_proportions,
    wilson,
)
from journey.experiments.bayes import expected_loss
from journey.experiments.group_sequential import crossing_probabilities

# Same examples in every run: a failure can be repeated. Not a profile, which would change other files' tests.
law = settings(derandomize=True, deadline=None, max_examples=150)
slow_law = settings(derandomize=True, deadline=None, max_examples=50)

ALTERNATIVES = st.sampled_from(["two-sided", "greater", "less"])
ALPHAS = st.floats(0.001, 0.4)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """An arm with positive variance."""
    n = draw(st.integers(2, 100_000))
    mean = draw(st.floats(-1000, 1000))
    deviation = draw(st.floats(0.01, 1000))
    return sample_of(n, mean, deviation**2)


@st.composite
def counts(draw: st.DrawFn) -> Proportion:
    n = draw(st.integers(1, 10_000))
    return Proportion(n, draw(st.integers(0, n)))


@st.composite
def pairs(draw: st.DrawFn, positive: bool = False) -> PairedSample:
    """Outcome and companion of 5 to 40 units, companion at least 1 when positive."""
    n = draw(st.integers(5, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = 1 + rng.poisson(2.0, n) if positive else rng.normal(draw(st.floats(-50, 50)), 3.0, n)
    y = draw(st.floats(-2, 2)) * x + rng.normal(draw(st.floats(-5, 50)), 2.0, n)
    return PairedSample.from_values(y, x)


def _close(first: object, second: object, scale: float = 1.0) -> bool:
    return bool(np.allclose(np.asarray(first), np.asarray(second), rtol=1e-7, atol=1e-7 * scale))


@law
@given(samples(), samples(), ALPHAS)
def test_swapping_the_arms_mirrors_the_difference(control: Sample, treatment: Sample, alpha: float) -> None:
    forth = difference(means(control, treatment), alpha=alpha)
    back = difference(means(treatment, control), alpha=alpha)
    assert (forth.estimate, forth.low, forth.high) == pytest.approx((-back.estimate, -back.high, -back.low))
    assert forth.p_value == pytest.approx(back.p_value)
    up = difference(means(control, treatment), alpha=alpha, alternative="greater")
    down = difference(means(treatment, control), alpha=alpha, alternative="less")
    assert (up.p_value, up.low) == pytest.approx((down.p_value, -down.high))


@law
@given(counts(), counts(), ALPHAS)
def test_swapping_the_arms_mirrors_two_proportions(
    control: Proportion, treatment: Proportion, alpha: float
) -> None:
    forth, back = (
        two_proportions(*arms, alpha=alpha) for arms in ((control, treatment), (treatment, control))
    )
    assert (forth.estimate, forth.low, forth.high) == pytest.approx((-back.estimate, -back.high, -back.low))
    assert forth.p_value == pytest.approx(back.p_value)
    assert -1 <= forth.low <= forth.estimate <= forth.high <= 1


@law
@given(counts(), ALPHAS)
def test_success_and_failure_are_mirror_images(sample: Proportion, alpha: float) -> None:
    """Wilson's interval of failures is one minus that of successes; it always contains the rate."""
    other = Proportion(sample.n, sample.n - sample.successes)
    one, two = wilson(sample, alpha=alpha), wilson(other, alpha=alpha)
    assert (one.low, one.high) == pytest.approx((1 - two.high, 1 - two.low), abs=1e-12)
    assert 0 <= one.low <= one.estimate <= one.high <= 1


@law
@given(counts(), counts(), ALPHAS)
def test_newcombe_of_complements(control: Proportion, treatment: Proportion, alpha: float) -> None:
    failures = (Proportion(arm.n, arm.n - arm.successes) for arm in (treatment, control))
    one, two = newcombe(control, treatment, alpha=alpha), newcombe(*failures, alpha=alpha)
    assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=1e-9)


@law
@given(samples(), samples(), st.floats(0.01, 100), st.floats(-1000, 1000))
def test_units_do_not_matter(control: Sample, treatment: Sample, scale: float, shift: float) -> None:
    """Euro or cent: the difference scales, its p value stays. A common shift changes neither."""
    base = difference(means(control, treatment))

    def moved(sample: Sample) -> Sample:
        return sample_of(sample.n, scale * sample.mean + shift, scale**2 * sample.variance)

    other = difference(means(moved(control), moved(treatment)))
    assert other.estimate == pytest.approx(
        scale * base.estimate, rel=1e-6, abs=1e-6 * scale * base.standard_error
    )
    assert other.standard_error == pytest.approx(scale * base.standard_error, rel=1e-5)
    assert other.p_value == pytest.approx(base.p_value, rel=1e-3, abs=1e-9)


@law
@given(samples(), samples(), st.floats(0.01, 100), st.sampled_from(["delta", "fieller"]))
def test_lift_has_no_unit(control: Sample, treatment: Sample, scale: float, method: str) -> None:
    assume(control.mean > 0.01)
    one = relative_lift(means(control, treatment), method=method)  # type: ignore[arg-type]
    scaled = (
        Sample(s.n, scale * s.sum, scale**2 * s.sum_squares, scale * s.shift) for s in (control, treatment)
    )
    two = relative_lift(means(*scaled), method=method)  # type: ignore[arg-type]
    assert _close((one.estimate, one.p_value), (two.estimate, two.p_value), max(1.0, abs(one.estimate)))
    assert one.bounded == two.bounded
    if one.bounded:
        assert (one.low, one.high) == pytest.approx((two.low, two.high), rel=1e-4, abs=1e-5)


@law
@given(samples(), samples(), ALPHAS, ALTERNATIVES, st.floats(-100, 100))
def test_interval_and_test_agree(
    control: Sample, treatment: Sample, alpha: float, alternative: str, null: float
) -> None:
    """p < alpha exactly when the interval excludes the null; the estimate lies inside."""
    effect = difference(means(control, treatment), alpha=alpha, alternative=alternative, null=null)  # type: ignore[arg-type]
    assume(abs(effect.p_value - alpha) > 1e-9)
    assert effect.low <= effect.estimate <= effect.high
    assert effect.significant == (not effect.low <= null <= effect.high)


@law
@given(samples(), samples(), ALPHAS, ALTERNATIVES)
def test_fieller_agrees_with_the_test_of_the_difference(
    control: Sample, treatment: Sample, alpha: float, alternative: str
) -> None:
    assume(control.mean > 0.01)
    lift = relative_lift(means(control, treatment), alpha=alpha, alternative=alternative)  # type: ignore[arg-type]
    assume(abs(lift.p_value - alpha) > 1e-9)
    assert lift.low <= lift.estimate <= lift.high
    if lift.bounded:
        assert lift.significant == (not lift.low <= 0 <= lift.high)


@law
@given(counts(), counts(), ALPHAS)
def test_wald_interval_agrees_with_the_unpooled_test(
    control: Proportion, treatment: Proportion, alpha: float
) -> None:
    assume(0 < control.rate < 1 and 0 < treatment.rate < 1)
    effect = two_proportions(control, treatment, pooled=False, interval="wald", alpha=alpha)
    assume(abs(effect.p_value - alpha) > 1e-9)
    assert effect.significant == (not effect.low <= 0 <= effect.high)


@law
@given(samples(), samples(), ALPHAS, ALTERNATIVES, st.floats(10, 1e6))
def test_confidence_sequence_and_its_p_value_agree(
    control: Sample, treatment: Sample, alpha: float, alternative: str, tightest: float
) -> None:
    arms = means(control, treatment)
    sequence = confidence_sequence(arms, alpha=alpha, alternative=alternative, tightest_n=tightest)  # type: ignore[arg-type]
    assume(abs(sequence.p_value - alpha) > 1e-9)
    assert sequence.significant == (not sequence.low <= 0 <= sequence.high)
    fixed = difference(arms, alpha=alpha)
    if alternative == "two-sided" and fixed.df > 100:
        # Never a free lunch: looking always costs width.
        assert sequence.high - sequence.low > fixed.high - fixed.low


@law
@given(samples(), samples(), st.floats(0.01, 500), st.floats(0.01, 500), st.floats(0.001, 0.4))
def test_equivalence_is_an_interval_within_margins(
    control: Sample, treatment: Sample, below: float, above: float, alpha: float
) -> None:
    result = equivalence(means(control, treatment), -below, above, alpha=alpha)
    assume(abs(result.p_value - alpha) > 1e-9)
    assert result.equivalent == (-below < result.low and result.high < above)


VALUES = hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e4, 1e4).map(lambda v: round(v, 3)))


@law
@given(VALUES, st.data())
def test_statistics_add_up(values: np.ndarray, data: st.DataObject) -> None:
    """Statistics of any partition, added, are those of the whole."""
    cuts = sorted(data.draw(st.lists(st.integers(0, values.size), max_size=4)))
    parts = [Sample.from_values(part) for part in np.split(values, cuts)]
    whole, total = Sample.from_values(values), combined(parts)
    assert total.n == whole.n
    assert total.mean == pytest.approx(values.mean(), abs=1e-6)
    assert total.variance == pytest.approx(values.var(ddof=1), rel=1e-6, abs=1e-3)


@law
@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_paired_statistics_add_up(n: int, seed: int) -> None:
    y, x = np.random.default_rng(seed).normal(5, 2, (2, 2 * n))
    total = PairedSample.from_values(y[:n], x[:n]) + PairedSample.from_values(y[n:], x[n:])
    assert total.covariance == pytest.approx(np.cov(y, x)[0, 1], abs=1e-9)
    assert (total.y.mean, total.x.variance) == pytest.approx((y.mean(), x.var(ddof=1)))


@law
@given(pairs(), pairs(), st.floats(-100, 100), st.floats(0.1, 50))
def test_cuped_ignores_the_units_of_the_covariate(
    control: PairedSample, treatment: PairedSample, shift: float, scale: float
) -> None:
    """Only the information in x counts, not where its zero lies or how it is measured."""
    assume(control.x.variance > 0.1 and treatment.x.variance > 0.1)

    def moved(s: PairedSample) -> PairedSample:
        s = s.around(0.0, 0.0)
        return PairedSample(
            s.n,
            s.sum_y,
            s.sum_yy,
            scale * s.sum_x + shift * s.n,
            scale**2 * s.sum_xx + 2 * scale * shift * s.sum_x + shift**2 * s.n,
            scale * s.sum_xy + shift * s.sum_y,
        )

    one, two = cuped(control, treatment), cuped(moved(control), moved(treatment))
    assert two.theta == pytest.approx(one.theta / scale, rel=1e-4, abs=1e-6)
    for mine, other in ((one.control, two.control), (one.treatment, two.treatment)):
        assert mine == pytest.approx(other, rel=1e-4, abs=1e-4)
    assert one.variance_difference == pytest.approx(two.variance_difference, rel=1e-4, abs=1e-8)


@law
@given(pairs(), pairs())
def test_cuped_covariances_are_a_covariance_matrix(control: PairedSample, treatment: PairedSample) -> None:
    arms = cuped(control, treatment)
    assert arms.variance_control >= 0
    assert arms.variance_treatment >= 0
    assert arms.covariance**2 <= arms.variance_control * arms.variance_treatment * (1 + 1e-9)
    assert arms.variance_reduction <= 1


@law
@given(pairs(), pairs())
def test_cuped_with_zero_slope_is_welch(control: PairedSample, treatment: PairedSample) -> None:
    one = difference(cuped(control, treatment, theta=0.0))
    two = difference(means(control.y, treatment.y))
    assert (one.estimate, one.low, one.high, one.p_value) == pytest.approx(
        (two.estimate, two.low, two.high, two.p_value)
    )


@law
@given(samples(), samples())
def test_one_stratum_is_welch(control: Sample, treatment: Sample) -> None:
    one = difference(post_stratified({"all": (control, treatment)}))
    two = difference(means(control, treatment))
    assert (one.estimate, one.low, one.high) == pytest.approx((two.estimate, two.low, two.high))


@law
@given(pairs(positive=True), pairs(positive=True))
def test_ratio_with_one_row_per_unit_is_a_mean(control: PairedSample, treatment: PairedSample) -> None:
    """With denominator 1 for everyone the delta method has nothing to do."""
    flat = [PairedSample.of(s.y, Sample(s.n, 0.0, 0.0, 1.0), 0.0) for s in (control, treatment)]
    one, two = difference(ratios(*flat)), difference(means(control.y, treatment.y))
    assert (one.estimate, one.standard_error, one.df) == pytest.approx(
        (two.estimate, two.standard_error, two.df)
    )


@law
@given(st.lists(st.tuples(samples(), samples()), min_size=1, max_size=5))
def test_arrays_give_what_scalars_give(cases: list[tuple[Sample, Sample]]) -> None:
    def stack(arm: int) -> Sample:
        return Sample(
            *(
                np.array([float(getattr(case[arm], name)) for case in cases])
                for name in ("n", "sum", "sum_squares", "shift")
            )
        )

    together = difference(means(stack(0), stack(1)))
    for index, case in enumerate(cases):
        alone = difference(means(*case))
        for name in ("estimate", "p_value", "low", "high", "df"):
            assert getattr(together, name)[index] == pytest.approx(getattr(alone, name), rel=1e-12)


@law
@given(st.floats(0.01, 2), st.integers(2, 2000), st.integers(1, 500), ALPHAS, ALTERNATIVES)
def test_power_grows_with_sample_effect_and_alpha(
    effect: float, n: int, more: int, alpha: float, alternative: str
) -> None:
    sign = -1.0 if alternative == "less" else 1.0
    settings_ = {"alternative": alternative}
    base = mean_power(sign * effect, 1.0, n, alpha=alpha, **settings_)  # type: ignore[arg-type]
    assert alpha - 1e-9 <= base <= 1
    for other in (
        mean_power(sign * effect, 1.0, n + more, alpha=alpha, **settings_),  # type: ignore[arg-type]
        mean_power(1.1 * sign * effect, 1.0, n, alpha=alpha, **settings_),  # type: ignore[arg-type]
        mean_power(sign * effect, 1.0, n, alpha=1.1 * alpha, **settings_),  # type: ignore[arg-type]
        mean_power(sign * effect, 0.9, n, alpha=alpha, **settings_),  # type: ignore[arg-type]
    ):
        assert other >= base - 1e-9


@law
@given(
    st.floats(0.001, 0.5),
    st.floats(0.001, 0.4),
    st.integers(10, 10_000),
    st.sampled_from(["arcsine", "pooled", "unpooled"]),
)
def test_power_of_proportions_grows_with_the_sample(base: float, effect: float, n: int, method: str) -> None:
    low, high = (proportion_power(base, effect, size, method=method) for size in (n, 2 * n))  # type: ignore[arg-type]
    assert 0 <= low <= high + 1e-9 <= 1 + 1e-9


@law
@given(hnp.arrays(np.float64, st.integers(1, 25), elements=st.floats(0, 1)))
def test_adjusted_p_values(p: np.ndarray) -> None:
    """Adjustment keeps the order, never lowers a p value, and Holm is never more liberal than BH."""
    strict, liberal = holm(p), benjamini_hochberg(p)
    for result in (strict, liberal):
        assert (result.adjusted >= p - 1e-15).all()
        assert (result.adjusted <= 1).all()
        order = np.argsort(p, kind="stable")
        assert (np.diff(result.adjusted[order]) >= -1e-15).all()
    assert (strict.adjusted >= liberal.adjusted - 1e-12).all()


@law
@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=5), st.integers(2, 9))
def test_sample_ratio_does_not_depend_on_order_or_scale(counted: list[int], factor: int) -> None:
    weights = list(range(1, len(counted) + 1))
    one = sample_ratio_test(counted, weights)
    two = sample_ratio_test(counted[::-1], [factor * w for w in weights[::-1]])
    assert 0 <= one.p_value <= 1
    assert one.p_value == pytest.approx(two.p_value, rel=1e-9, abs=1e-300)


@slow_law
@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=2, max_size=4))
def test_posterior_probabilities(parameters: list[tuple[int, int]]) -> None:
    """They add up to 1, do not depend on the order, and losses are never negative."""
    a, b = np.array(parameters, dtype=float).T
    best, loss = probability_best(a, b), expected_loss(a, b)
    assert best.sum() == pytest.approx(1, abs=1e-12)
    assert best == pytest.approx(probability_best(a[::-1], b[::-1])[::-1], abs=1e-7)
    assert (loss >= 0).all()
    # Losses differ by exactly the difference of the means, whichever arm is the best.
    mean = a / (a + b)
    assert loss - loss[0] == pytest.approx(mean[0] - mean, abs=1e-7)


@slow_law
@given(
    st.lists(st.floats(0.02, 1.0), min_size=1, max_size=8),
    st.sampled_from(["obrien-fleming", "pocock"]),
    ALTERNATIVES,
    st.floats(0.005, 0.2),
)
def test_boundaries_spend_exactly_alpha(
    steps: list[float], spending: str, alternative: str, alpha: float
) -> None:
    """Whatever the looks, the crossing probabilities without effect add up to the error that was spent."""
    times = np.cumsum(steps) / np.sum(steps)
    design = group_sequential(times, alpha=alpha, spending=spending, alternative=alternative)  # type: ignore[arg-type]
    crossing = crossing_probabilities(design, 0.0)
    stopped = np.cumsum(np.asarray(crossing.in_favour) + np.asarray(crossing.against))
    assert stopped == pytest.approx(design.spent, abs=1e-8)
    assert design.spent[-1] == pytest.approx(alpha, rel=1e-12)


@slow_law
@given(st.integers(0, 2**31), st.floats(0.13, 0.87), st.floats(0.1, 10))
def test_quantile_effect_scales(seed: int, quantile: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    control, treatment = rng.lognormal(0, 1, 60), rng.lognormal(0.2, 1, 40)
    one = quantile_effect(control, treatment, quantile, draws=400, seed=seed)
    two = quantile_effect(scale * control, scale * treatment, quantile, draws=400, seed=seed)
    assert (two.estimate, two.low, two.high) == pytest.approx(
        (scale * one.estimate, scale * one.low, scale * one.high), rel=1e-9, abs=1e-12
    )
    assert one.p_value == two.p_value
    same = quantile_effect(control, control, quantile, draws=400, seed=seed)
    assert same.estimate == 0
    assert same.low <= 0 <= same.high


@law
@given(counts(), counts())
def test_unadjusted_arms_have_no_covariance(control: Proportion, treatment: Proportion) -> None:
    arms = proportions(control, treatment)
    assert isinstance(arms, ArmEstimates)
    assert arms.variance_difference == pytest.approx(arms.variance_control + arms.variance_treatment)
