"""Published results of experiment engines and papers: tests, intervals, sample sizes, boundaries."""

from __future__ import annotations

from functools import partial

import numpy as np

from journey import experiments as engine
from journey.experiments import Proportion, Sample
from journey.experiments.group_sequential import Boundaries
from journey.published.entry import EXACT, Allowance, Published, Source, Values

TOPIC = "Experiments"
entry = partial(Published, TOPIC)

GROWTHBOOK = Source(
    "GrowthBook, tests of gbstats",
    "https://github.com/growthbook/growthbook/blob/main/packages/stats/tests/frequentist/test_tests.py",
)
GROWTHBOOK_RATIO = Source(
    "GrowthBook, tests of the sample-ratio check", "https://github.com/growthbook/growthbook"
)
GPOWER = Source(
    "G*Power 3",
    "https://www.psychologie.hhu.de/arbeitsgruppen/allgemeine-psychologie-und-arbeitspsychologie/gpower",
    digits_read=False,
)
R_POWER = Source(
    "R, power.t.test and power.prop.test",
    "https://stat.ethz.ch/R-manual/R-devel/library/stats/html/power.t.test.html",
    digits_read=False,
)
GSDESIGN = Source(
    "gsDesign for R, sfLDOF",
    "https://search.r-project.org/CRAN/refmans/gsDesign/html/sfLDOF.html",
    digits_read=False,
)
LDBOUNDS = Source(
    "ldbounds for R, after Reboussin and others (2000)",
    "https://search.r-project.org/CRAN/refmans/ldbounds/html/ldBounds.html",
    digits_read=False,
)
SEQBOUNDS = Source("SeqBounds.jl, README", "https://github.com/PharmCat/SeqBounds.jl")
NEWCOMBE = Source(
    "Newcombe (1998), table II, method 10; also in the tests of ratesci for R",
    "https://github.com/petelaud/ratesci",
)
GARNER = Source(
    "Garner (2016), Binomial proportion difference",
    "https://www.lexjansen.com/wuss/2016/127_Final_Paper_PDF.pdf",
)
NEWCOMBE_SINGLE = Source(
    "Newcombe (1998), table I, method 3",
    "https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C857::AID-SIM777%3E3.0.CO;2-E",
    digits_read=False,
)
BENJAMINI = Source(
    "Benjamini and Hochberg (1995), section 4", "https://doi.org/10.1111/j.2517-6161.1995.tb02031.x"
)
METAFOR = Source(
    "metafor for R, after Borenstein and others, chapters 20 and 21",
    "https://wviechtb.github.io/meta_analysis_books/borenstein2009.html",
)

#: Second boundary of the O'Brien-Fleming type: 3.35701 by adaptive quadrature, 3.3569 printed.
GRID = Allowance(1.5e-4, "the published programs integrate on a grid, which moves the fourth digit")

CONTROL = Sample(n=3407, sum=1396.87, sum_squares=52377.9767)
TREATMENT = Sample(n=3461, sum=2422.7, sum_squares=134698.29)

#: P values of Benjamini and Hochberg's example.
P_VALUES = (
    0.0001,
    0.0004,
    0.0019,
    0.0095,
    0.0201,
    0.0278,
    0.0298,
    0.0344,
    0.0459,
    0.3240,
    0.4262,
    0.5719,
    0.6528,
    0.7590,
    1.0000,
)

#: Colditz and others (1994), 13 trials of the BCG vaccine: cases and others, vaccinated and not. Data set
#: dat.bcg of metadat for R.
BCG = (
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
)

TESTED, EVEN = "Sample-ratio test", [0.5, 0.5]
EMPTY_ARM = "The same with a third arm of weight zero"
NINE_DECIMALS = Allowance(5e-10, "printed to nine decimals")
#: Sample-ratio tests: in words, counts, weights, the printed p value, and what it may differ by.
RATIO_EXAMPLES = (
    ("1000_1200", f"{TESTED} of 1,000 and 1,200 at 50/50", [1000, 1200], EVEN, "2.0079e-5", NINE_DECIMALS),
    ("135_115", f"{TESTED} of 135 and 115 at 50/50", [135, 115], EVEN, "0.205903211", None),
    ("uneven", f"{TESTED} of 310 and 98 at 75/25", [310, 98], [0.75, 0.25], "0.647434186", None),
    ("empty_arm", EMPTY_ARM, [1000, 1200, 0], [*EVEN, 0.0], "2.0079e-5", NINE_DECIMALS),
    ("nobody", f"{TESTED} when nobody was counted", [0, 0], EVEN, "1", EXACT),
)

#: Successes and size of treatment and control, and the printed limits.
NEWCOMBE_EXAMPLES = (
    ((56, 70), (48, 80), ("0.0524", "0.3339")),
    ((9, 10), (3, 10), ("0.1705", "0.8090")),
    ((6, 7), (2, 7), ("0.0582", "0.8062")),
    ((5, 56), (0, 29), ("-0.0381", "0.1926")),
    ((0, 10), (0, 20), ("-0.1611", "0.2775")),
    ((0, 10), (0, 10), ("-0.2775", "0.2775")),
    ((10, 10), (0, 20), ("0.6791", "1.0000")),
    ((10, 10), (0, 10), ("0.6075", "1.0000")),
)
WILSON_EXAMPLES = (
    (81, 263, ("0.2553", "0.3662")),
    (15, 148, ("0.0624", "0.1605")),
    (0, 20, ("0.0000", "0.1611")),
    (1, 29, ("0.0061", "0.1718")),
    (29, 29, ("0.8830", "1.0000")),
)


def bcg_trials() -> dict[str, engine.ArmEstimates]:
    """The 13 trials as log risks, so that a difference is a log risk ratio."""
    trials = {}
    for number, (a, b, c, d) in enumerate(BCG):
        n_t, n_c = a + b, c + d
        trials[str(number)] = engine.ArmEstimates(
            float(np.log(c / n_c)),
            float(np.log(a / n_t)),
            1 / c - 1 / n_c,
            1 / a - 1 / n_t,
            0.0,
            np.inf,
            n_c,
            n_t,
            "log risk",
        )
    return trials


def _ratio(counts: list[int], weights: list[float]) -> Values:
    return engine.sample_ratio_test(counts, weights).p_value


def _welch() -> Values:
    effect = engine.difference(engine.means(CONTROL, TREATMENT))
    return np.array([effect.estimate, effect.low, effect.high, effect.p_value], dtype=float)


def _lift() -> Values:
    lift = engine.relative_lift(engine.means(CONTROL, TREATMENT), method="delta")
    return np.array([lift.estimate, lift.low, lift.high, lift.p_value], dtype=float)


def _boundaries(looks: list[float], spending: str = "obrien-fleming") -> Values:
    return engine.group_sequential(looks, spending=spending).z  # type: ignore[arg-type]


def _one_sided(looks: list[float], alpha: float) -> Boundaries:
    return engine.group_sequential(looks, alpha=alpha, alternative="greater")


def _newcombe(treatment: tuple[int, int], control: tuple[int, int]) -> Values:
    interval = engine.newcombe(Proportion(control[1], control[0]), Proportion(treatment[1], treatment[0]))
    return np.array([interval.low, interval.high], dtype=float)


def _wilson(successes: int, n: int) -> Values:
    interval = engine.wilson(Proportion(n, successes))
    return np.array([interval.low, interval.high], dtype=float)


def _heterogeneity() -> Values:
    found = engine.heterogeneity(bcg_trials())
    return found.q, 100 * found.i_squared, found.common_effect


def _first_and_last_trial() -> Values:
    segments = engine.heterogeneity(bcg_trials()).segments
    first, last = segments[0].effect, segments[-1].effect
    return np.array(
        [first.estimate, first.standard_error**2, last.estimate, last.standard_error**2], dtype=float
    )


QUARTERS = [0.25, 0.5, 0.75, 1.0]
FIFTHS = [0.2, 0.4, 0.6, 0.8, 1.0]

ENTRIES = (
    *(
        entry(
            f"srm_{name}",
            f"{what}, p",
            GROWTHBOOK_RATIO,
            (printed,),
            partial(_ratio, counts, weights),
            allowed,
        )
        for name, what, counts, weights, printed, allowed in RATIO_EXAMPLES
    ),
    entry(
        "welch",
        "Welch's t test: difference, 95% interval, p",
        GROWTHBOOK,
        ("0.29", "0.04538", "0.53462", "0.02016"),
        _welch,
    ),
    entry(
        "relative_lift",
        "Relative lift by the delta method: lift, 95% interval, p",
        GROWTHBOOK,
        ("0.70732", "-0.03526", "1.44989", "0.06191"),
        _lift,
    ),
    entry(
        "size_means",
        "Users needed: means, effect 0.3, variance 100, power 0.85",
        GPOWER,
        ("39,906",),
        lambda: engine.mean_sample_size(0.3, 100.0, power=0.85).total,
    ),
    entry(
        "size_proportions",
        "Users needed: proportions, 0.34 and 0.003 more, power 0.85",
        GPOWER,
        ("897,348",),
        lambda: engine.proportion_sample_size(0.34, 0.003, power=0.85).total,
    ),
    # R counts rejections on the right side only: the one-sided test at half of alpha.
    entry(
        "power_means",
        "Power of a t test, 20 an arm, effect of one deviation",
        R_POWER,
        ("0.8689528",),
        lambda: engine.mean_power(1.0, 1.0, 20, alpha=0.025, alternative="greater"),
    ),
    entry(
        "power_proportions",
        "Power of a test of 0.50 and 0.75, 50 an arm",
        R_POWER,
        ("0.7401659",),
        lambda: engine.proportion_power(0.5, 0.25, 50, method="pooled", alpha=0.025, alternative="greater"),
    ),
    entry(
        "boundaries_gsdesign",
        "O'Brien-Fleming-type boundaries, two-sided 5%, looks at 0.5, 0.75, 1",
        GSDESIGN,
        ("2.963", "2.359", "2.014"),
        partial(_boundaries, [0.5, 0.75, 1.0]),
    ),
    entry(
        "boundaries_five_obrien",
        "Five equal looks, O'Brien-Fleming-type, two-sided 5%",
        LDBOUNDS,
        ("4.8769", "3.3569", "2.6803", "2.2898", "2.0310"),
        partial(_boundaries, FIFTHS),
        GRID,
    ),
    entry(
        "boundaries_five_pocock",
        "Five equal looks, Pocock-type, two-sided 5%",
        LDBOUNDS,
        ("2.4380", "2.4268", "2.4101", "2.3966", "2.3859"),
        partial(_boundaries, FIFTHS, "pocock"),
        GRID,
    ),
    entry(
        "boundaries_seqbounds",
        "Four equal looks, one-sided 5%: boundaries",
        SEQBOUNDS,
        ("3.74955", "2.53993", "2.01604", "1.72014"),
        lambda: _one_sided(QUARTERS, 0.05).z,
        GRID,
    ),
    entry(
        "spending_seqbounds",
        "Four equal looks, one-sided 5%: error spent",
        SEQBOUNDS,
        ("8.85754e-5", "0.0055746", "0.0236251", "0.05"),
        lambda: _one_sided(QUARTERS, 0.05).spent,
        Allowance(5.01e-8, "half a unit of the seventh decimal"),
    ),
    *(
        entry(
            f"newcombe_{number}",
            f"Newcombe's interval of {t[0]}/{t[1]} less {c[0]}/{c[1]}",
            NEWCOMBE,
            limits,
            partial(_newcombe, t, c),
        )
        for number, (t, c, limits) in enumerate(NEWCOMBE_EXAMPLES, 1)
    ),
    entry(
        "newcombe_trial",
        "Newcombe's interval of 84/101 less 89/105, an HIV trial",
        GARNER,
        ("-0.1177", "0.0851"),
        partial(_newcombe, (84, 101), (89, 105)),
    ),
    *(
        entry(
            f"wilson_{number}",
            f"Wilson's interval of {successes}/{n}",
            NEWCOMBE_SINGLE,
            limits,
            partial(_wilson, successes, n),
        )
        for number, (successes, n, limits) in enumerate(WILSON_EXAMPLES, 1)
    ),
    entry(
        "benjamini_hochberg",
        "15 p values: rejected by Benjamini-Hochberg at 5%",
        BENJAMINI,
        ("4",),
        lambda: engine.benjamini_hochberg(P_VALUES).rejected.sum(),
    ),
    entry(
        "heterogeneity",
        "13 trials of a vaccine: Cochran's Q, I² in %, common log risk ratio",
        METAFOR,
        ("152.2330", "92.12", "-0.4303"),
        _heterogeneity,
    ),
    entry(
        "trials",
        "First and last of these trials: log risk ratio and its variance",
        METAFOR,
        ("-0.8893", "0.3256", "-0.0173", "0.0714"),
        _first_and_last_trial,
    ),
)
