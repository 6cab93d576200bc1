"""Numbers that other people published, reproduced from sufficient statistics.

Tolerances: half a unit of the last digit that was published, unless a reason is given.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from journey.experiments import (
    ArmEstimates,
    Proportion,
    Sample,
    benjamini_hochberg,
    beta_binomial,
    difference,
    group_sequential,
    heterogeneity,
    holm,
    mean_power,
    mean_sample_size,
    means,
    newcombe,
    probability_best,
    proportion_power,
    proportion_sample_size,
    relative_lift,
    sample_ratio_test,
    wilson,
)
from journey.experiments.group_sequential import crossing_probabilities, hwang_shih_decani, inflation_factor

CONTROL = Sample(n=3407, sum=1396.87, sum_squares=52377.9767)
TREATMENT = Sample(n=3461, sum=2422.7, sum_squares=134698.29)


def test_welch_t_of_growthbook() -> None:
    """GrowthBook, gbstats test suite (github.com/growthbook/growthbook): absolute difference."""
    effect = difference(means(CONTROL, TREATMENT))
    assert effect.estimate == pytest.approx(0.29, abs=5e-3)
    assert (effect.lower, effect.upper) == pytest.approx((0.04538, 0.53462), abs=5e-6)
    assert effect.p_value == pytest.approx(0.02016, abs=5e-6)


def test_relative_lift_of_growthbook() -> None:
    """GrowthBook, gbstats test suite: Var(T)/C^2 + Var(C) T^2/C^4, degrees of freedom of the difference."""
    lift = relative_lift(means(CONTROL, TREATMENT), method="delta")
    assert lift.estimate == pytest.approx(0.70732, abs=5e-6)
    assert (lift.lower, lift.upper) == pytest.approx((-0.03526, 1.44989), abs=5e-6)
    assert lift.p_value == pytest.approx(0.06191, abs=5e-6)


def test_other_forms_of_the_lift_miss_the_published_interval() -> None:
    """The two usual slips: control treated as known, and a normal instead of a t reference."""
    arms = means(CONTROL, TREATMENT)
    lift = relative_lift(arms, method="delta")
    known_control = arms.variance_difference**0.5 / arms.control
    assert lift.standard_error > 1.2 * known_control
    normal_upper = lift.estimate + stats.norm.isf(0.025) * lift.standard_error
    assert abs(normal_upper - 1.44989) > 5e-6


@pytest.mark.parametrize(
    ("counts", "weights", "p_value", "tolerance"),
    [
        ([1000, 1200], [0.5, 0.5], 2.0079e-5, 5e-10),
        ([135, 115], [0.5, 0.5], 0.205903211, 5e-10),
        # Arms with an expected weight of zero are left out; nobody counted gives p = 1.
        ([1000, 1200, 0], [0.5, 0.5, 0.0], 2.0079e-5, 5e-10),
        ([0, 0], [0.5, 0.5], 1.0, 0.0),
    ],
)
def test_sample_ratio_of_growthbook(
    counts: list[int], weights: list[float], p_value: float, tolerance: float
) -> None:
    """GrowthBook, check_srm."""
    assert sample_ratio_test(counts, weights).p_value == pytest.approx(p_value, abs=tolerance)


def test_sample_sizes_of_gpower() -> None:
    """G*Power, alpha 0.05 two-sided, power 0.85, total of two equal arms."""
    assert mean_sample_size(0.3, 100.0, power=0.85).total == 39_906
    assert proportion_sample_size(0.34, 0.003, power=0.85).total == 897_348


def test_which_formula_gives_the_published_size_of_proportions() -> None:
    """The pooled test, rejections on the wrong side counted too, and Cohen's arcsine; not the Wald test."""
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="pooled").total == 897_348
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="arcsine").total == 897_348
    assert proportion_sample_size(0.34, 0.003, power=0.85, method="unpooled").total == 897_342
    # Without the wrong side the pooled formula asks for one unit more per arm.
    one_sided = proportion_sample_size(0.34, 0.003, power=0.85, alpha=0.025, alternative="greater")
    assert one_sided.total == 897_350


def test_powers_of_r() -> None:
    """R's manual, stats::power.t.test(n = 20, delta = 1) and power.prop.test(n = 50, p1 = .50, p2 = .75).

    stat.ethz.ch/R-manual/R-devel/library/stats/html/power.t.test.html gives the calls; what R prints was read
    in public transcripts. By default R counts rejections on the right side only, which is the one-sided test
    at half of alpha.
    """
    right_side = {"alpha": 0.025, "alternative": "greater"}
    assert mean_power(1.0, 1.0, 20, **right_side) == pytest.approx(0.8689528, abs=5e-8)
    assert proportion_power(0.5, 0.25, 50, method="pooled", **right_side) == pytest.approx(
        0.7401659, abs=5e-8
    )
    # power = 0.90 needs n = 22.02110 per group, one-sided 17.84713: the next whole number.
    assert mean_sample_size(1.0, 1.0, power=0.9).n_control == 23
    assert mean_sample_size(1.0, 1.0, power=0.9, alternative="greater").n_control == 18


# Reboussin, DeMets, Kim and Lan (2000), Computations for group sequential boundaries (Controlled Clinical
# Trials 21:190-207). The programs' integration grids leave an error of about 1e-4 in the fourth digit: the
# second O'Brien-Fleming boundary below is 3.35701 by adaptive quadrature.
GRID_ERROR = 1.5e-4


def test_boundaries_of_gsdesign() -> None:
    """O'Brien-Fleming-type spending, one-sided 0.025, looks at 0.5, 0.75 and 1."""
    expected = pytest.approx((2.963, 2.359, 2.014), abs=5e-4)
    assert group_sequential([0.5, 0.75, 1], alpha=0.025, alternative="greater").z == expected
    assert group_sequential([0.5, 0.75, 1], alpha=0.05).z == expected


@pytest.mark.parametrize(
    ("spending", "z"),
    [
        ("obrien-fleming", (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        ("pocock", (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)),
    ],
)
def test_five_equal_looks(spending: str, z: tuple[float, ...]) -> None:
    """Five equally spaced looks, two-sided 0.05: the example of ldBounds in R's ldbounds, after Reboussin.

    The manual (search.r-project.org/CRAN/refmans/ldbounds/html/ldBounds.html) gives the call; the digits were
    read in public test suites that name its vignette, not in the paper.
    """
    design = group_sequential([0.2, 0.4, 0.6, 0.8, 1.0], spending=spending)  # type: ignore[arg-type]
    assert design.z == pytest.approx(z, abs=GRID_ERROR)


def test_one_sided_boundaries_of_seqbounds() -> None:
    """README of github.com/PharmCat/SeqBounds.jl, one-sided 0.05, looks at quarters, default grid step."""
    design = group_sequential([0.25, 0.5, 0.75, 1.0], alpha=0.05, alternative="greater")
    assert design.z == pytest.approx((3.74955, 2.53993, 2.01604, 1.72014), abs=GRID_ERROR)
    assert design.spent == pytest.approx((8.85754e-5, 0.0055746, 0.0236251, 0.05), abs=5e-8)


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


@pytest.mark.parametrize(
    ("treatment", "control", "limits"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10; also in the tests of R's
        # ratesci (github.com/petelaud/ratesci).
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0000)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
        # An HIV trial, in Garner (2016), Confidence intervals for the binomial proportion difference,
        # www.lexjansen.com/wuss/2016/127_Final_Paper_PDF.pdf, which repeats three of the eight above.
        ((84, 101), (89, 105), (-0.1177, 0.0851)),
    ],
)
def test_newcombe_method_ten(
    treatment: tuple[int, int], control: tuple[int, int], limits: tuple[float, float]
) -> None:
    """The eight examples of Newcombe's paper, zero cells included, and a trial."""
    interval = newcombe(Proportion(control[1], control[0]), Proportion(treatment[1], treatment[0]))
    assert (interval.lower, interval.upper) == pytest.approx(limits, abs=5.01e-5)


@pytest.mark.parametrize(
    ("successes", "n", "limits"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0)),
    ],
)
def test_wilson(successes: int, n: int, limits: tuple[float, float]) -> None:
    """Examples of Newcombe's comparison of single-proportion intervals."""
    interval = wilson(Proportion(n, successes))
    assert (interval.lower, interval.upper) == pytest.approx(limits, abs=5.01e-5)


def test_benjamini_hochberg_example() -> None:
    """Benjamini and Hochberg (1995), section 4: 4 of 15 p values rejected; Bonferroni 3, and Holm 3."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert benjamini_hochberg(p).rejected.sum() == 4
    assert holm(p).rejected.sum() == 3


# Colditz et al. (1994), 13 trials of the BCG vaccine: cases and others, vaccinated and not. Data set dat.bcg
# of R's metadat (search.r-project.org/CRAN/refmans/metadat/html/dat.bcg.html).
BCG = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)


def test_heterogeneity_of_metafor() -> None:
    """metafor, rma(yi, vi, method = "EE") on log risk ratios: Q(12) 152.2330, I^2 92.12%, estimate -0.4303.

    wviechtb.github.io/meta_analysis_books/borenstein2009.html, chapters 20 and 21. Q was read in two copies
    of metafor's output, the other figures in one.
    """
    trials = {}
    for number, (a, b, c, d) in enumerate(BCG):
        n_t, n_c = a + b, c + d
        trials[str(number)] = ArmEstimates(
            np.log(c / n_c),
            np.log(a / n_t),
            1 / c - 1 / n_c,
            1 / a - 1 / n_t,
            0.0,
            np.inf,
            n_c,
            n_t,
            "log risk",
        )
    found = heterogeneity(trials)
    assert (found.q, found.df) == (pytest.approx(152.2330, abs=5e-5), 12)
    assert 100 * found.i_squared == pytest.approx(92.12, abs=5e-3)
    assert found.common_effect == pytest.approx(-0.4303, abs=5e-5)
    # Effects of the first and the last trial, and their variances, as escalc prints them.
    first, last = found.segments[0].effect, found.segments[-1].effect
    assert (first.estimate, last.estimate) == pytest.approx((-0.8893, -0.0173), abs=5e-5)
    assert (first.standard_error**2, last.standard_error**2) == pytest.approx((0.3256, 0.0714), abs=5e-5)


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
    assert (posterior.difference_lower[1], posterior.difference_upper[1]) == pytest.approx(
        tuple(gap), abs=1e-4
    )
