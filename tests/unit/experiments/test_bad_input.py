"""What cannot be analysed gets one clear sentence or a documented result, never a silent NaN."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.samples import sample_of

from journey.errors import JourneyError
from journey.experiments import (
    ClusterSample,
    PairedSample,
    Proportion,
    Sample,
    benjamini_hochberg,
    beta_binomial,
    clustered,
    combined,
    confidence_sequence,
    crossing_probabilities,
    cuped,
    difference,
    duration,
    equivalence,
    first_crossing,
    group_sequential,
    heterogeneity,
    holm,
    inflation_factor,
    mean_detectable_effect,
    mean_power,
    mean_sample_size,
    means,
    mixture_rho,
    newcombe,
    post_stratified,
    probability_best,
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
from journey.studies.asos import COLUMNS, sequential_replay, summarise_replay
from journey.studies.experiment_proof.study import run_proof

GOOD = Sample(10, 20.0, 60.0)
FLAT = Sample(10, 20.0, 40.0)
ARMS = means(GOOD, GOOD)
PAIR = PairedSample.from_values([1.0, 2.0, 4.0, 4.0], [1.0, 1.0, 2.0, 3.0])
RATE = Proportion(100, 10)
LOOKS = pd.DataFrame(
    [["a", 1, 1, day, 10.0, 10.0, 1.0, 1.1, 1.0, 1.0] for day in (1.0, 2.0)], columns=COLUMNS
)

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    # Inputs of one arm
    "negative n": (lambda: Sample(-1, 0, 0), "n must not be negative"),
    "fractional n": (lambda: Sample(2.5, 0, 0), "n must be a whole number"),
    "null sum": (lambda: Sample(0, None, None), "sum is missing"),
    "NaN sum": (lambda: Sample(3, float("nan"), 1), "sum is missing or not finite"),
    "infinite sum": (lambda: Sample(3, 1, float("inf")), "sum_squares is missing or not finite"),
    "text": (lambda: Sample("three", 1, 1), "n must be a number"),
    "impossible squares": (lambda: Sample(2, 10, 1), r"smaller than sum\^2 / n"),
    "negative squares": (lambda: Sample(2, 0, -1), "must not be negative"),
    "missing values": (lambda: Sample.from_values([1.0, np.nan]), "1 of 2 values are missing"),
    "words as values": (lambda: Sample.from_values(["a"]), "must be an array of numbers"),
    "negative successes": (lambda: Proportion(5, -1), "successes must not be negative"),
    "more successes than units": (lambda: Proportion(5, 6), "must not exceed n; got 6 of 5"),
    "some rows bad": (
        lambda: Proportion(np.array([5, 5]), np.array([6, 1])),
        "must not exceed n.*1 of 2 elements",
    ),
    "proportion of amounts": (lambda: Proportion.from_values([0, 2]), "values 0 and 1 only"),
    "unequal lengths": (lambda: PairedSample.from_values([1, 2], [1]), "y has 2 values and x has 1"),
    "impossible cross-product": (
        lambda: PairedSample(3, 0, 1, 0, 1, 5),
        "larger than the sums of squares allow",
    ),
    "cluster ids": (lambda: ClusterSample.from_values([1, 2], [1]), "2 values and 1 cluster ids"),
    "nothing to combine": (lambda: combined([]), "no statistics to combine"),
    "apples and pears": (lambda: GOOD + RATE, "cannot add Proportion to Sample"),  # type: ignore[operator]
    # Too little data
    "empty arm": (lambda: means(Sample(0, 0, 0), GOOD), "at least 2 units"),
    "one unit": (lambda: means(Sample(1, 2, 4), GOOD), "at least 2 units per arm; n is 0 or 1"),
    "mean of nobody": (lambda: Sample(0, 0, 0).mean, "no units"),
    "rate of nobody": (lambda: wilson(Proportion(0, 0)), "no units"),
    "empty proportion": (lambda: two_proportions(Proportion(0, 0), RATE), "no units"),
    "zero variance": (lambda: difference(means(FLAT, FLAT)), "an arm does not vary"),
    "zero variance in rows": (
        lambda: difference(means(Sample(*np.array([[9, 9], [9, 9], [9, 30]])), GOOD)),
        r"an arm does not vary.*\(1 of 2 elements\)",
    ),
    "one cluster": (lambda: clustered(*[ClusterSample.from_values([1, 2], [7, 7])] * 2), "at least 2 units"),
    "ratio without denominator": (lambda: ratios(PairedSample(3, 1, 1, 0, 0, 0), PAIR), "denominator"),
    "CUPED on four units": (
        lambda: cuped(*[PairedSample.from_values([1, 2], [1, 3])] * 2),
        "at least 6 units",
    ),
    "stratum of one": (lambda: post_stratified({"DE": (GOOD, Sample(1, 1, 1))}), "stratum 'DE'.*merge"),
    "no strata": (lambda: post_stratified({}), "at least one stratum"),
    "weights of other strata": (
        lambda: post_stratified({"a": (GOOD, GOOD)}, weights={"b": 1}),
        "do not match",
    ),
    "weights of zero": (lambda: post_stratified({"a": (GOOD, GOOD)}, weights={"a": 0}), "more than zero"),
    "quantile of few values": (
        lambda: quantile_effect(range(500), range(499), 0.99),
        "the 0.99 quantile needs at least 500 units per arm; got 500 and 499",
    ),
    "winsorising nothing": (lambda: winsorised([], [1.0]), "one arm is empty"),
    "one segment": (lambda: heterogeneity({"a": ARMS}), "at least two segments"),
    "flat segment": (
        lambda: heterogeneity({"a": ARMS, "b": means(FLAT, FLAT)}),
        "segment 'b': an arm does not vary",
    ),
    "one arm": (lambda: beta_binomial({"a": RATE}), "at least two arms"),
    "no data in the sequence": (lambda: confidence_sequence(means(FLAT, FLAT)), "no confidence sequence yet"),
    # Baselines
    "lift on zero": (lambda: relative_lift(means(Sample(5, 0, 3), GOOD)), "control mean above zero"),
    "lift on a loss": (lambda: relative_lift(means(Sample(5, -5, 30), GOOD)), "control mean above zero"),
    "lift of no conversions": (lambda: relative_lift(proportions(Proportion(9, 0), RATE)), "above zero"),
    "Wald without variance": (
        lambda: two_proportions(Proportion(90, 30), Proportion(9, 0), interval="wald"),
        "unpooled standard error is zero",
    ),
    "relative quantile of zero": (
        lambda: quantile_effect([0] * 9 + [1] * 6, range(10), 0.5, scale="relative"),
        "relative effect is undefined",
    ),
    # Settings
    "alpha 0": (lambda: difference(ARMS, alpha=0), "alpha must lie strictly between 0 and 1; got 0"),
    "alpha 1": (lambda: wilson(RATE, alpha=1.0), "alpha must lie"),
    "alpha NaN": (lambda: holm([0.1], alpha=float("nan")), "alpha must lie"),
    "direction": (lambda: difference(ARMS, alternative="both"), "two-sided, greater, less; got 'both'"),  # type: ignore[arg-type]
    "lift method": (lambda: relative_lift(ARMS, method="log"), "delta or fieller; got 'log'"),  # type: ignore[arg-type]
    "interval method": (lambda: two_proportions(RATE, RATE, interval="exact"), "newcombe or wald"),  # type: ignore[arg-type]
    "scale": (lambda: confidence_sequence(ARMS, scale="log"), "absolute, relative; got 'log'"),  # type: ignore[arg-type]
    "one-sided Wilson at 0.7": (lambda: wilson(RATE, alpha=0.7, alternative="less"), "below 0.5"),
    "one-sided Newcombe at 0.7": (lambda: newcombe(RATE, RATE, alpha=0.7, alternative="less"), "below 0.5"),
    "null NaN": (lambda: difference(ARMS, null=float("nan")), "null is missing"),
    "quantile 1": (lambda: quantile_effect([1, 2], [1, 2], 1.0), "quantile must lie"),
    "few resamples": (lambda: quantile_effect([1, 2], [1, 2], 0.5, draws=5), "at least 100 draws"),
    "caps out of order": (lambda: winsorised([1], [2], upper=0.1, lower=0.5), "0 <= lower < upper <= 1"),
    "margins out of order": (lambda: equivalence(ARMS, 1, -1), "low < high"),
    "margin below -100%": (lambda: equivalence(ARMS, -1.5, 1, scale="relative"), "above -1"),
    "equivalence at 0.6": (lambda: equivalence(ARMS, -1, 1, alpha=0.6), "below 0.5"),
    "correction": (lambda: heterogeneity({"a": ARMS, "b": ARMS}, correction="none"), "holm or benj"),  # type: ignore[arg-type]
    "p above 1": (lambda: benjamini_hochberg([0.2, 1.2]), "between 0 and 1"),
    "p missing": (lambda: holm([0.2, np.nan]), "p_values is missing"),
    "no p": (lambda: holm([]), "no p value"),
    "prior": (lambda: beta_binomial({"a": RATE, "b": RATE}, prior=(0.1, 1)), "at least 0.5"),
    "Beta parameters": (lambda: probability_best([0, 1], [1, 1]), "at least 0.5"),
    # Sample ratio
    "negative counts": (lambda: sample_ratio_test([5, -1]), "counts must not be negative"),
    "negative weights": (lambda: sample_ratio_test([5, 1], [1, -1]), "weights must not be negative"),
    "all weights zero": (lambda: sample_ratio_test([5, 1], [0, 0]), "add up to zero"),
    "weights of other length": (lambda: sample_ratio_test([5, 1], [1]), "2 arms and 1 weights"),
    "counts that fall": (lambda: sequential_sample_ratio([[5, 5], [4, 6]]), "must not decrease"),
    "one arm in a sequence": (lambda: sequential_sample_ratio([[5], [6]]), "at least two arms"),
    # Planning
    "effect of zero": (lambda: mean_sample_size(0, 1), "infinite sample"),
    "variance of zero": (lambda: mean_sample_size(1, 0), "variance above zero"),
    "wrong way": (lambda: mean_sample_size(-1, 1, alternative="greater"), "points away"),
    "infeasible size": (lambda: mean_sample_size(1e-9, 1), "infeasible"),
    "infeasible proportion": (lambda: proportion_sample_size(0.1, 1e-9), "infeasible"),
    "rate above 1": (lambda: proportion_sample_size(0.9, 0.2), "strictly between 0 and 1"),
    "baseline 0": (lambda: proportion_power(0, 0.1, 100), "baseline rate must lie"),
    "power 1": (lambda: mean_sample_size(1, 1, power=1.0), "power must lie"),
    "power below alpha": (lambda: mean_sample_size(1, 1, power=0.04), "without data"),
    "power of one unit": (lambda: mean_power(1, 1, 1), "at least 2 units"),
    "ratio 0": (lambda: mean_sample_size(1, 1, ratio=0), "ratio"),
    "proportion method": (lambda: proportion_power(0.1, 0.1, 9, method="exact"), "arcsine, pooled or"),  # type: ignore[arg-type]
    "nothing detectable": (lambda: proportion_detectable_effect(0.5, 3), "no change of a 0.5 rate"),
    "detectable below alpha": (lambda: mean_detectable_effect(10, 1, power=0.01), "without data"),
    "no traffic": (lambda: duration(100, 0), "never ends"),
    "traffic runs out": (lambda: duration(100, [10.0, 20.0]), "only 30 units arrive in 2 days"),
    "weeks run out": (lambda: duration(20, [10.0] * 5), "whole weeks need 7"),
    "share of traffic": (lambda: duration(100, 10, share=1.5), "share of traffic"),
    "nobody to enrol": (lambda: duration(0, 10), "total is 0"),
    # Looks
    "fractions fall": (lambda: group_sequential([0.5, 0.4, 1]), "must increase"),
    "fraction 0": (lambda: group_sequential([0, 1]), r"lie in \(0, 1\]"),
    "fraction above 1": (lambda: group_sequential([0.5, 1.5]), r"lie in \(0, 1\]"),
    "no looks": (lambda: group_sequential([]), "non-empty"),
    "spending name": (lambda: group_sequential([1.0], spending="linear"), "obrien-fleming, pocock"),  # type: ignore[arg-type]
    "spending falls": (
        lambda: group_sequential([0.5, 1], spending=lambda t, a: a * (1 - t)),
        "must increase",
    ),
    "spending too much": (lambda: group_sequential([0.5, 1], spending=lambda t, a: 2 * a * t), "0 to alpha"),
    "number of looks": (lambda: first_crossing([1.0, 2.0], group_sequential([0.5, 0.7, 1])), "2,.*3"),
    "drift": (lambda: crossing_probabilities(group_sequential([1.0]), float("nan")), "drift is missing"),
    "inflation": (lambda: inflation_factor(group_sequential([1.0]), 0.01), "above alpha"),
    "tightest": (lambda: mixture_rho(0), "above zero"),
    "few simulations": (lambda: run_proof(10), "at least 200"),
    # Replay
    "columns": (lambda: sequential_replay(LOOKS.drop(columns="mean_c")), "lack the columns mean_c"),
    "repeated looks": (lambda: sequential_replay(pd.concat([LOOKS, LOOKS])), "2 of 4 rows repeat"),
    "single look": (lambda: sequential_replay(LOOKS.head(1)), "two usable looks"),
    "information step": (lambda: sequential_replay(LOOKS, information_step=0), "information_step"),
    "empty selection": (
        lambda: summarise_replay(sequential_replay(LOOKS).per_series.head(0)),
        "selection is empty",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_clear_sentence(case: str) -> None:
    call, sentence = REFUSED[case]
    with pytest.raises(JourneyError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert "nan" not in str(caught.value).lower().split()[:3]


def test_sql_types_are_accepted() -> None:
    """DuckDB gives decimals for sums of decimals and NumPy integers for counts."""
    sample = Sample(np.int64(4), Decimal("10.0"), Decimal("30.0"))
    assert (sample.n, sample.mean) == (4, 2.5)
    assert sample.variance == pytest.approx(5 / 3)


def test_nothing_converted_is_a_defined_result() -> None:
    """No conversion at all: p is 1 and the Newcombe interval says what is still possible."""
    for successes in (0, 50):
        effect = two_proportions(Proportion(50, successes), Proportion(50, successes))
        assert (effect.statistic, effect.p_value, effect.estimate) == (0.0, 1.0, 0.0)
        assert effect.low == pytest.approx(-0.0713, abs=5e-5)
        assert effect.high == pytest.approx(0.0713, abs=5e-5)
        one_sided = two_proportions(
            Proportion(50, successes), Proportion(50, successes), alternative="greater"
        )
        assert (one_sided.p_value, one_sided.high) == (0.5, 1.0)


def test_fieller_without_a_clear_baseline_is_unbounded() -> None:
    """When the control mean may be zero, no lift can be excluded: documented, not hidden."""
    lift = relative_lift(means(sample_of(20, 0.1, 4.0), sample_of(20, 0.5, 4.0)))
    assert lift.bounded is False
    assert (lift.low, lift.high) == (-np.inf, np.inf)
    assert lift.as_dict()["low"] is None
    assert lift.as_dict()["bounded"] is False


def test_constant_covariate_is_no_adjustment() -> None:
    samples = [PairedSample.from_values(np.arange(5.0) * k, np.zeros(5)) for k in (1, 2)]
    arms = cuped(*samples)
    assert (arms.theta, arms.variance_reduction) == (0.0, 0.0)
    assert difference(arms).p_value == pytest.approx(difference(means(samples[0].y, samples[1].y)).p_value)


def test_empty_experiment_has_no_mismatch() -> None:
    assert sample_ratio_test([0, 0]).p_value == 1.0
    single = sample_ratio_test([100, 5], [1, 0])
    assert (single.p_value, single.mismatch, single.misplaced) == (0.0, True, (1,))


def test_posterior_without_data_is_the_prior() -> None:
    posterior = beta_binomial({"a": Proportion(0, 0), "b": Proportion(0, 0)}, prior=(2, 8))
    assert posterior.probability_best == pytest.approx((0.5, 0.5))
    assert posterior.mean == (0.2, 0.2)
    assert posterior.difference_low[1] == pytest.approx(-posterior.difference_high[1])
