"""What stands behind published numbers: which formula gives them, and checks that share no code.

The published figures themselves are in `journey.published.experiments`; test_published.py goes through them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from journey.experiments import (
    Proportion,
    benjamini_hochberg,
    beta_binomial,
    group_sequential,
    heterogeneity,
    holm,
    mean_sample_size,
    means,
    probability_best,
    proportion_sample_size,
    relative_lift,
)
from journey.experiments.group_sequential import crossing_probabilities, hwang_shih_decani, inflation_factor
from journey.published import published, tolerance, value
from journey.published.experiments import CONTROL, P_VALUES, TREATMENT, bcg_trials


def test_other_forms_of_the_lift_miss_the_published_interval() -> None:
    """The two usual slips: control treated as known, and a normal instead of a t reference."""
    arms = means(CONTROL, TREATMENT)
    lift = relative_lift(arms, method="delta")
    known_control = arms.variance_difference**0.5 / arms.control
    assert lift.standard_error > 1.2 * known_control
    normal_upper = lift.estimate + stats.norm.isf(0.025) * lift.standard_error
    printed = published("relative_lift").printed[2]
    assert abs(lift.high - value(printed)) < tolerance(printed) < abs(normal_upper - value(printed))


def test_which_formula_gives_the_published_size_of_proportions() -> None:
    """The pooled test, rejections on the wrong side counted too, and Cohen's arcsine; not the Wald test."""
    wanted = value(published("size_proportions").printed[0])
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="pooled").total == wanted
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="arcsine").total == wanted
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="unpooled").total == 897_342
    # Without the wrong side the pooled formula asks for one unit more per arm.
    one_sided = proportion_sample_size(0.34, 0.003, power=0.85, alpha=0.025, alternative="greater")
    assert one_sided.total == 897_350


def test_sample_sizes_of_r() -> None:
    """R's manual, power.t.test(power = 0.90, delta = 1): n = 22.02110 per group, one-sided 17.84713."""
    assert mean_sample_size(1.0, 1.0, power=0.9).n_control == 23
    assert mean_sample_size(1.0, 1.0, power=0.9, alternative="greater").n_control == 18


def test_a_two_sided_design_has_the_boundaries_of_the_one_sided_at_half_the_error() -> None:
    two_sided = group_sequential([0.5, 0.75, 1], alpha=0.05)
    one_sided = group_sequential([0.5, 0.75, 1], alpha=0.025, alternative="greater")
    expected = [value(printed) for printed in published("boundaries_gsdesign").printed]
    assert two_sided.z == pytest.approx(expected, abs=5e-4)
    assert one_sided.z == pytest.approx(expected, abs=5e-4)


def test_boundaries_against_the_multivariate_normal() -> None:
    """An integral that shares no code: P(no crossing) from SciPy's multivariate normal distribution."""
    times = np.array([0.4, 0.7, 1.0])
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    for spending in ("obrien-fleming", "pocock", hwang_shih_decani(-4), hwang_shih_decani(1)):
        for alternative in ("two-sided", "greater"):
            design = group_sequential(times, spending=spending, alternative=alternative)  # type: ignore[arg-type]
            z = np.array(design.z)
            for drift in (0.0, 2.5):
                mean = drift * np.sqrt(times)
                law = stats.multivariate_normal(
                    mean, correlation, abseps=1e-7, releps=1e-7, maxpts=300_000, seed=1
                )
                low = -z if alternative == "two-sided" else np.full(3, -np.inf)
                stay = float(law.cdf(z, lower_limit=low))
                # 5e-6: the quasi-random integration of the comparison with 300,000 points.
                assert crossing_probabilities(design, drift).power == pytest.approx(1 - stay, abs=5e-6)


def test_inflation_of_gsdesign() -> None:
    """gsDesign(k = 3, test.type = 1, sfu = sfLDOF, alpha = 0.025, beta = 0.1): sample size ratio.

    Checked through the multivariate normal: the inflated drift has power 0.9.
    """
    times = np.array([1 / 3, 2 / 3, 1.0])
    design = group_sequential(times, alpha=0.025, alternative="greater")
    ratio = inflation_factor(design, 0.9)
    drift = np.sqrt(ratio) * (stats.norm.isf(0.025) + stats.norm.isf(0.1))
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    law = stats.multivariate_normal(
        drift * np.sqrt(times), correlation, abseps=1e-7, releps=1e-7, maxpts=300_000, seed=1
    )
    assert 1 - float(law.cdf(np.array(design.z))) == pytest.approx(0.9, abs=5e-6)
    assert 1.01 < ratio < 1.02


def test_holm_rejects_fewer_than_benjamini_hochberg() -> None:
    """On the example of Benjamini and Hochberg (1995), as many as Bonferroni rejects there: 3."""
    assert holm(P_VALUES).rejected.sum() == 3 < benjamini_hochberg(P_VALUES).rejected.sum()


def test_degrees_of_freedom_of_the_vaccine_trials() -> None:
    """metafor prints Q(12)."""
    assert heterogeneity(bcg_trials()).df == 12


def test_probability_to_beat_against_the_closed_form() -> None:
    """Miller (2014), Formulas for Bayesian A/B testing: a finite sum for whole-numbered parameters."""
    control, treatment = Proportion(480, 40), Proportion(500, 55)
    a_c, b_c, a_t, b_t = 41, 441, 56, 446
    i = np.arange(a_t)
    terms = special.betaln(a_c + i, b_t + b_c) - np.log(b_t + i) - special.betaln(1 + i, b_t)
    closed = float(np.exp(terms - special.betaln(a_c, b_c)).sum())
    posterior = beta_binomial({"control": control, "treatment": treatment})
    # 1e-10: both are exact up to rounding; the sum has 56 terms.
    assert posterior.probability_better[1] == pytest.approx(closed, abs=1e-10)
    assert float(probability_best([a_c, a_t], [b_c, b_t])[1]) == pytest.approx(closed, abs=1e-10)


def test_expected_loss_against_the_closed_form() -> None:
    """Stucchio (2015), Bayesian A/B testing at VWO: loss from two probabilities with shifted parameters."""
    a, b, c, d = 41.0, 441.0, 56.0, 446.0

    def beats(a1: float, b1: float, a2: float, b2: float) -> float:
        return float(probability_best([a1, a2], [b1, b2])[0])

    loss_of_second = a / (a + b) * beats(a + 1, b, c, d) - c / (c + d) * beats(a, b, c + 1, d)
    posterior = beta_binomial({"control": Proportion(480, 40), "treatment": Proportion(500, 55)})
    # 1e-9: the closed form subtracts two numbers a hundred times as large.
    assert posterior.expected_loss[1] == pytest.approx(loss_of_second, abs=1e-9)
    drawn = np.random.default_rng(5).beta([[a], [c]], [[b], [d]], size=(2, 1_000_000))
    assert posterior.expected_loss[1] == pytest.approx(np.maximum(drawn[0] - drawn[1], 0).mean(), abs=2e-5)
    gap = np.quantile(drawn[1] - drawn[0], [0.025, 0.975])
    # 1e-4: Monte-Carlo error of a quantile of a million draws.
    assert (posterior.difference_low[1], posterior.difference_high[1]) == pytest.approx(tuple(gap), abs=1e-4)
