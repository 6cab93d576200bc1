"""Published survival curves, log-rank tests and attribution credits."""

from __future__ import annotations

from functools import partial

import numpy as np

from journey import journeys as engine
from journey.published.entry import EXACT, Allowance, Published, Source, Values

TOPIC = "Journeys and attribution"
entry = partial(Published, TOPIC)

FREIREICH = Source(
    "Freireich and others (1963), as R's survival package prints it",
    "https://www.mn.uio.no/math/english/people/aca/borgan/data/leukemia-description.html",
    digits_read=False,
)
BRYL = Source(
    "Bryl (2016), Marketing attribution with R, part 1",
    "https://analyzecore.com/2016/08/03/attribution-model-r-part-1",
)
PYCHATTR = Source("pychattr, README", "https://github.com/jmwoloso/pychattr")

SIMULATED = Allowance(0.02, "theirs is a mean of 10,000 simulated paths; three of its standard errors")

#: Weeks of remission of 42 leukaemia patients, used in most textbooks; 0 marks a censored time.
TREATED_WEEKS = (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
TREATED_EVENT = (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
PLACEBO_WEEKS = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)


def treated_curve() -> engine.SurvivalCurve:
    """Kaplan-Meier curve of the treated."""
    return engine.kaplan_meier(TREATED_WEEKS, TREATED_EVENT)


def placebo_curve() -> engine.SurvivalCurve:
    """Kaplan-Meier curve of those on placebo, all of whom relapsed."""
    return engine.kaplan_meier(PLACEBO_WEEKS, np.ones(len(PLACEBO_WEEKS)))


def trial_logrank() -> engine.LogRankTest:
    """The two arms compared."""
    return engine.logrank_test(
        (*TREATED_WEEKS, *PLACEBO_WEEKS),
        (*TREATED_EVENT, *([1] * len(PLACEBO_WEEKS))),
        ["treated"] * len(TREATED_WEEKS) + ["placebo"] * len(PLACEBO_WEEKS),
    )


def _logrank() -> Values:
    test = trial_logrank()
    return test.statistic, test.p_value


def _expected() -> Values:
    test = trial_logrank()
    expected = dict(zip(test.groups, test.expected, strict=True))
    return expected["treated"], expected["placebo"]


def three_channels() -> engine.Attribution:
    """C1 > C2 > C3 > conversion, C1 > nothing, C2 > C3 > nothing."""
    paths = engine.paths_from_steps([0, 0, 0, 1, 2, 2], [0, 1, 2, 0, 1, 2], ["C1", "C2", "C3"])
    return engine.attribute(paths, [1, 0, 0], "markov")


def two_channels() -> engine.Attribution:
    """Three converting paths over A and B."""
    paths = engine.paths_from_steps(
        [0] * 6 + [1] * 5 + [2] * 2, [0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0], ["A", "B"]
    )
    return engine.attribute(paths, [1, 1, 1], "markov")


def _removal() -> Values:
    effect = three_channels().removal_effect
    return np.nan if effect is None else effect


ENTRIES = (
    entry(
        "survival",
        "Leukaemia trial, treated: survival after 6, 7, 10, 13, 16, 22, 23 weeks",
        FREIREICH,
        ("0.857", "0.807", "0.753", "0.690", "0.627", "0.538", "0.448"),
        lambda: engine.survival_at(treated_curve(), [6, 7, 10, 13, 16, 22, 23])[0],
    ),
    entry(
        "survival_error",
        "Their standard errors (Greenwood)",
        FREIREICH,
        ("0.0764", "0.0869", "0.0963", "0.1068", "0.1141", "0.1282", "0.1346"),
        lambda: treated_curve().standard_error,
    ),
    entry(
        "median",
        "Leukaemia trial: median weeks, treated and placebo",
        FREIREICH,
        ("23", "8"),
        lambda: (treated_curve().median or np.nan, placebo_curve().median or np.nan),
    ),
    entry(
        "logrank",
        "Leukaemia trial: log-rank chi-square and p",
        FREIREICH,
        ("16.7929409892", "4.168809e-5"),
        _logrank,
    ),
    entry(
        "logrank_expected",
        "Leukaemia trial: relapses expected, treated and placebo",
        FREIREICH,
        ("19.25", "10.75"),
        _expected,
    ),
    entry(
        "markov_removal",
        "Markov attribution, three channels: removal effects",
        BRYL,
        ("0.5", "1", "1"),
        _removal,
        EXACT,
    ),
    entry(
        "markov_credit",
        "Markov attribution, three channels: credits",
        BRYL,
        ("0.2", "0.4", "0.4"),
        lambda: three_channels().credit,
        EXACT,
    ),
    entry(
        "markov_simulated",
        "Markov attribution, two channels: credits",
        PYCHATTR,
        ("1.991106", "1.008894"),
        lambda: two_channels().credit,
        SIMULATED,
    ),
)
