"""Small and empty cells of two conversion rates: every outcome is counted, so coverage is exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from journey.errors import JourneyError
from journey.experiments import (
    Proportion,
    Sample,
    confidence_sequence,
    difference,
    equivalence,
    heterogeneity,
    means,
    proportions,
    relative_lift,
    two_proportions,
)
from journey.experiments.score import METHOD, Conversions, score_interval, score_statistic

RATES = (0.002, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.97)
SIZES = ((5, 5), (5, 40), (40, 5), (10, 10), (20, 20), (50, 50), (5, 500))


def outcomes(n_control: int, n_treatment: int) -> tuple[Proportion, Proportion]:
    """Every pair of successes, one experiment each."""
    control, treatment = (part.ravel().astype(float) for part in np.mgrid[: n_control + 1, : n_treatment + 1])
    return (
        Proportion(np.full(control.size, float(n_control)), control),
        Proportion(np.full(control.size, float(n_treatment)), treatment),
    )


def chances(n_control: int, n_treatment: int, base: float, changed: float) -> np.ndarray:
    """Probability of each of `outcomes`."""
    first, second = (
        stats.binom.pmf(np.arange(n + 1), n, rate) for n, rate in ((n_control, base), (n_treatment, changed))
    )
    return np.outer(first, second).ravel()


def coverages(sizes: tuple[int, int], scale: str) -> np.ndarray:
    """Coverage of the 95% interval for every pair of rates; an undefined lift says nothing wrong."""
    control, treatment = outcomes(*sizes)
    defined = (np.asarray(control.successes) > 0) | (scale == "absolute")
    at = (
        Proportion(np.asarray(arm.n)[defined], np.asarray(arm.successes)[defined])
        for arm in (control, treatment)
    )
    effect = difference(proportions(*at)) if scale == "absolute" else relative_lift(proportions(*at))
    found = []
    for base in RATES:
        for changed in RATES:
            truth = changed - base if scale == "absolute" else changed / base - 1
            inside = (effect.low <= truth + 1e-12) & (truth - 1e-12 <= effect.high)
            chance = chances(*sizes, base, changed)[defined]
            found.append(1 - (chance * ~inside).sum())
    return np.array(found)


@pytest.mark.parametrize("sizes", SIZES)
def test_differences_cover_down_to_five_units_and_no_event(sizes):
    """Nominal on average; at the worst pair of rates one outcome more or less decides."""
    found = coverages(sizes, "absolute")
    assert 0.939 <= found.mean() <= 0.975
    assert found.min() >= (0.85 if min(sizes) < 10 else 0.92)


@pytest.mark.parametrize("sizes", SIZES)
def test_lifts_cover_down_to_five_units_and_no_event(sizes):
    found = coverages(sizes, "relative")
    assert 0.945 <= found.mean() <= 0.975
    assert found.min() >= (0.85 if min(sizes) < 10 else 0.9)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_test_of_small_cells_keeps_its_error(sizes, alternative):
    effect = difference(proportions(*outcomes(*sizes)), alternative=alternative)
    errors = [(chances(*sizes, rate, rate) * (effect.p_value < 0.05)).sum() for rate in RATES]
    # Fisher's never exceeds alpha; with 50 units an arm some outcomes have four cells of 10: a normal test.
    assert max(errors) <= (0.05 if min(sizes) < 20 else 0.057)


def test_what_normal_methods_took_as_known_exactly():
    """An arm without variance: the cases of the report that found it."""
    none = proportions(Proportion(1000, 10), Proportion(1000, 0))
    for method in ("delta", "fieller"):
        lift = relative_lift(none, method=method)
        assert (lift.low, lift.high) == (-1.0, pytest.approx(-0.617, abs=5e-4))
    half = proportions(Proportion(40, 20), Proportion(5, 0))
    effect = difference(half)
    assert effect.p_value == pytest.approx(stats.fisher_exact([[0, 5], [20, 20]]).pvalue)
    assert effect.p_value == pytest.approx(0.056, abs=5e-4)
    assert effect.method == f"{METHOD} (a cell below 10)"
    other = proportions(Proportion(400, 100), Proportion(400, 100))
    assert not heterogeneity({"small": half, "large": other}).segments[0].significant
    same = equivalence(proportions(Proportion(1000, 1), Proportion(5, 0)), -0.01, 0.01)
    assert not same.equivalent
    assert same.p_value > 0.3
    assert same.high == pytest.approx(0.35, abs=0.001)
    assert difference(proportions(Proportion(1000, 1), Proportion(5, 0))).high == pytest.approx(
        0.434, abs=5e-4
    )
    assert confidence_sequence(half).p_value > 0.05


def test_arms_without_variance_are_refused_where_no_score_helps():
    flat, varied = Sample(5, 0.0, 0.0), Sample(1000, 2000.0, 90_000.0)
    for ask in (difference, relative_lift, confidence_sequence, lambda arms: equivalence(arms, -1, 1)):
        with pytest.raises(JourneyError, match="an arm does not vary"):
            ask(means(varied, flat))
    with pytest.raises(JourneyError, match="unpooled standard error is zero"):
        two_proportions(Proportion(40, 20), Proportion(5, 0), interval="wald")


def test_the_rule_is_named_and_applies_cell_by_cell():
    n = np.full(3, 1000.0)
    effect = difference(proportions(Proportion(n, np.array([9.0, 10, 50])), Proportion(n, np.full(3, 60.0))))
    assert effect.method.endswith(f"where a cell is below 10 (1 of 3): {METHOD}")
    for place, successes in enumerate((9, 10, 50)):
        single = difference(proportions(Proportion(1000, successes), Proportion(1000, 60)))
        for name in ("low", "high", "p_value", "statistic", "standard_error"):
            assert getattr(effect, name)[place] == pytest.approx(getattr(single, name), rel=1e-12)
    assert difference(proportions(Proportion(1000, 991), Proportion(1000, 900))).method != single.method


def exact_rate(counts: tuple[int, int, int, int], gap: float) -> Fraction:
    """Likeliest control rate under a difference, by halving where the likelihood's slope changes sign."""
    n_c, x_c, n_t, x_t = counts
    shift = Fraction(gap)
    low, high = max(Fraction(0), -shift), min(Fraction(1), 1 - shift)
    for _ in range(90):
        rate = (low + high) / 2
        rate = Fraction(rate.numerator * 2**90 // rate.denominator, 2**90)
        other = rate + shift
        slope = x_c / rate - (n_c - x_c) / (1 - rate) + x_t / other - (n_t - x_t) / (1 - other)
        low, high = (rate, high) if slope > 0 else (low, rate)
    return (low + high) / 2


@pytest.mark.parametrize(
    ("counts", "gap"),
    [
        ((59, 11, 36, 5), -0.19),
        ((34, 1, 34, 7), 0.3),
        ((10**7, 3, 10**5, 2), 5e-5),
        ((10**9, 3, 10**9, 1), -1e-8),
    ],
)
def test_the_statistic_uses_the_likeliest_rates(counts, gap):
    n_c, x_c, n_t, x_t = counts
    rate = exact_rate(counts, gap)
    other, units = rate + Fraction(gap), n_c + n_t
    variance = (rate * (1 - rate) / n_c + other * (1 - other) / n_t) * Fraction(units, units - 1)
    expected = float(Fraction(x_t, n_t) - Fraction(x_c, n_c) - Fraction(gap)) / float(variance) ** 0.5
    given = Conversions(*(np.array([float(part)]) for part in counts))
    assert score_statistic(given, gap, "absolute")[0] == pytest.approx(expected, rel=1e-6)


def test_one_sided_limits_are_those_of_twice_the_error():
    arms = proportions(Proportion(40, 3), Proportion(30, 8))
    both = difference(arms, alpha=0.1)
    assert difference(arms, alternative="greater").low == pytest.approx(both.low)
    assert difference(arms, alternative="greater").high == np.inf
    assert difference(arms, alternative="less").high == pytest.approx(both.high)
    # Against another effect than none the score test decides, and agrees with the interval.
    assert difference(arms, null=both.low, alpha=0.1).p_value == pytest.approx(0.1)
    assert difference(arms, null=both.high, alternative="less").p_value == pytest.approx(0.05)


def test_everybody_and_nobody():
    counts = Conversions(*(np.array([float(part)]) for part in (10, 0, 10, 10)))
    low, high = score_interval(counts, "absolute", 0.05, "two-sided")
    assert (low[0], high[0]) == (pytest.approx(0.6636, abs=5e-5), 1.0)
    same = difference(proportions(Proportion(10, 0), Proportion(10, 0)))
    assert (same.p_value, same.estimate) == (1.0, 0.0)
    assert same.high == -same.low == pytest.approx(0.2879, abs=5e-3)
    with pytest.raises(JourneyError, match="control mean above zero"):
        relative_lift(proportions(Proportion(10, 0), Proportion(10, 5)))
