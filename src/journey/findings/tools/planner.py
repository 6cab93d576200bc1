"""The experiment planner's answer, by the engine: what `assets/tools/planner-engine.js` has to reproduce."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from scipy import stats

from journey import experiments as engine
from journey.errors import JourneyError
from journey.experiments.group_sequential import SpendingName
from journey.experiments.inputs import Alternative


@dataclass(frozen=True)
class Settings:
    """What a visitor of the planner chooses.

    Attributes
    ----------
    kind
        `rate` (conversion) or `mean` (an amount a visitor).
    baseline
        Rate without the change; not read for a mean.
    deviation
        Standard deviation of the amount; not read for a rate.
    effect
        Smallest absolute difference worth finding.
    alpha, power, alternative, ratio
        As in `journey.experiments.proportion_sample_size`.
    visitors, share
        New visitors a day, and the share of them that enters.
    days
        Days for which the experiment is meant to run.
    looks, spending
        Equally spaced looks (1: none before the end) and their boundary.
    """

    kind: Literal["rate", "mean"]
    baseline: float
    deviation: float
    effect: float
    alpha: float
    power: float
    alternative: Alternative
    ratio: float
    visitors: float
    share: float
    days: int
    looks: int
    spending: SpendingName


def plan(given: Settings) -> dict[str, Any]:
    """Visitors, days, what the planned days can show, and the boundaries of the looks.

    Raises
    ------
    JourneyError
        As the engine does, for settings without an answer.
    """
    common: dict[str, Any] = {"power": given.power, "alpha": given.alpha, "alternative": given.alternative}
    size = (
        engine.mean_sample_size(given.effect, given.deviation**2, ratio=given.ratio, **common)
        if given.kind == "mean"
        else engine.proportion_sample_size(given.baseline, given.effect, ratio=given.ratio, **common)
    )
    length = engine.duration(size.total, given.visitors, share=given.share)
    found: dict[str, Any] = {
        "control": size.n_control,
        "treatment": size.n_treatment,
        "total": size.total,
        "days": length.days,
        "needed": length.days_needed,
    } | within(given, common)
    return found if given.looks < 2 else found | looks(given, size.total)


def within(given: Settings, common: dict[str, Any]) -> dict[str, Any]:
    """What the planned days can show; null where an arm has fewer than two visitors or no effect is found."""
    enrolled = math.floor(given.visitors * given.share * given.days + 1e-9)
    first = math.floor(enrolled / (1 + given.ratio))
    second = enrolled - first
    if min(first, second) < 2:
        return {"enrolled": enrolled, "detectable": None, "power": None}
    test = {name: value for name, value in common.items() if name != "power"}
    detectable: float | None = None
    if given.kind == "mean":
        variance = given.deviation**2
        detectable = engine.mean_detectable_effect(first, variance, n_treatment=second, **common)
        power = engine.mean_power(given.effect, variance, first, second, **test)
    else:
        with suppress(JourneyError):  # so few visitors that no rate is far enough away
            detectable = engine.proportion_detectable_effect(
                given.baseline, first, n_treatment=second, **common
            )
        power = engine.proportion_power(given.baseline, given.effect, first, second, **test)
    return {"enrolled": enrolled, "detectable": detectable, "power": float(power)}


def looks(given: Settings, total: int) -> dict[str, Any]:
    """Boundaries for z in the direction of the effect, and what looking early costs and saves."""
    side: Alternative = "two-sided" if given.alternative == "two-sided" else "greater"
    found = boundaries(given.looks, given.alpha, side, given.power, given.spending)
    larger = math.ceil(total * found["inflation"])
    days = engine.duration(larger, given.visitors, share=given.share).days
    return found | {"sequentialTotal": larger, "sequentialDays": days}


@cache
def boundaries(
    count: int, alpha: float, side: Alternative, power: float, spending: SpendingName
) -> dict[str, Any]:
    """Boundaries of equally spaced looks, the larger sample they need, when they stop a planned effect."""
    times = [(look + 1) / count for look in range(count)]
    bounds = engine.group_sequential(times, alpha=alpha, alternative=side, spending=spending)
    inflation = engine.inflation_factor(bounds, power)
    tail = alpha / (2 if side == "two-sided" else 1)
    drift = math.sqrt(inflation) * float(stats.norm.isf(tail) + stats.norm.isf(1 - power))
    crossing = engine.crossing_probabilities(bounds, drift)
    return {
        "z": list(bounds.z),
        "nominal": list(bounds.nominal_p),
        "stops": [up + down for up, down in zip(crossing.in_favour, crossing.against, strict=True)],
        "inflation": inflation,
        "expected": crossing.expected_information,
    }
