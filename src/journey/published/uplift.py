"""Published uplift metrics, and the visit rates of Hillstrom's e-mail experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from journey import uplift as engine
from journey.published.entry import EXACT, Published, Source, Values
from journey.published.evidence import committed

TOPIC = "Uplift"
entry = partial(Published, TOPIC)

SCIKIT_UPLIFT = Source(
    "scikit-uplift, tests of its metrics",
    "https://github.com/maks-sh/scikit-uplift/blob/master/sklift/tests/test_metrics.py",
)
HILLSTROM = Source(
    "Hillstrom (2008), MineThatData challenge",
    "https://blog.minethatdata.com/2008/03/minethatdata-e-mail-analytics-and-data.html",
)
HILLSTROM_RATES = Source(HILLSTROM.name + ", rates as usually quoted", HILLSTROM.address, digits_read=False)

#: Ours asks for two people an arm, so each person of theirs enters twice, which changes no share or area.
TWICE = 2

Triple = tuple[Sequence[float], Sequence[float], Sequence[int]]

#: Outcome, score and treatment of a few people.
QINI_EXAMPLES: tuple[Triple, ...] = (
    ([1, 1], [0.1, 0.3], [0, 1]),
    ([1, 1], [0.1, 0.3], [1, 0]),
    ([0, 1], [0.1, 0.3], [1, 0]),
    ([1, 0], [0.1, 0.3], [0, 1]),
    ([0, 1, 2], [0.1, 0.3, 0.9], [0, 1, 0]),
    ([0, 1, 2], [0.1, 0.3, 0.9], [1, 0, 1]),
)
AUUC_EXAMPLES = QINI_EXAMPLES[:4]
#: Their scores are those of a small decision tree, read off the steps of its curve.
CURVE_EXAMPLES: tuple[Triple, ...] = (
    ([0, 1, 0], [0, 0, 0], [0, 1, 1]),
    ([0, 1, 2], [0, 1, 1], [0, 1, 1]),
)


def twice(columns: Triple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, treatment and score, each person `TWICE`."""
    outcome, score, treatment = (np.repeat(np.asarray(each, dtype=float), TWICE) for each in columns)
    return outcome, treatment, score


def _areas(metric: Callable[..., float], examples: Sequence[Triple]) -> Values:
    return [metric(*twice(each)) for each in examples]


def _qini(columns: Triple) -> Values:
    y, t, s = twice(columns)
    return engine.qini_curve(y, t, s)[1] * t.sum() / TWICE


def _uplift(columns: Triple) -> Values:
    y, t, s = twice(columns)
    return engine.uplift_curve(y, t, s)[1] * len(t) / TWICE


def _arms() -> Any:
    return committed("hillstrom_uplift")["arms"]


def _visits(arm: str) -> Values:
    return 100 * float(_arms()[arm]["visit_rate"])


ENTRIES = (
    entry(
        "qini_coefficients",
        "Normalised Qini coefficient of six small examples",
        SCIKIT_UPLIFT,
        ("1", "0", "1", "1", "-0.5", "0.75"),
        partial(_areas, engine.normalised_qini, QINI_EXAMPLES),
        EXACT,
    ),
    entry(
        "auuc",
        "Normalised area under the uplift curve of four of them",
        SCIKIT_UPLIFT,
        ("1", "-1", "0", "1"),
        partial(_areas, engine.normalised_auuc, AUUC_EXAMPLES),
        EXACT,
    ),
    entry(
        "qini_curve_ties",
        "Qini curve when all scores are equal",
        SCIKIT_UPLIFT,
        ("0", "1"),
        partial(_qini, CURVE_EXAMPLES[0]),
        EXACT,
    ),
    entry(
        "qini_curve",
        "Qini curve with one person apart from two",
        SCIKIT_UPLIFT,
        ("0", "3", "3"),
        partial(_qini, CURVE_EXAMPLES[1]),
        EXACT,
    ),
    entry(
        "uplift_curve_ties",
        "Uplift curve when all scores are equal",
        SCIKIT_UPLIFT,
        ("0", "1.5"),
        partial(_uplift, CURVE_EXAMPLES[0]),
        EXACT,
    ),
    entry(
        "uplift_curve",
        "Uplift curve with one person apart from two",
        SCIKIT_UPLIFT,
        ("0", "3", "4.5"),
        partial(_uplift, CURVE_EXAMPLES[1]),
        EXACT,
    ),
    entry(
        "hillstrom_customers",
        "Hillstrom: customers",
        HILLSTROM,
        ("64,000",),
        lambda: sum(arm["n"] for arm in _arms().values()),
    ),
    *(
        entry(
            f"hillstrom_{arm}",
            f"Hillstrom: share that visits, {name}",
            HILLSTROM_RATES,
            (printed,),
            partial(_visits, arm),
            unit="%",
        )
        for arm, name, printed in (
            ("mens", "men's e-mail", "18.28"),
            ("womens", "women's e-mail", "15.14"),
            ("none", "no e-mail", "10.62"),
        )
    ),
)
