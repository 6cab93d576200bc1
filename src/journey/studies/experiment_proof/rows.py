"""One line of the proof: what was measured, how far it may be from the target, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from journey.experiments.effects import Effect

Measure: TypeAlias = Literal[
    "coverage", "type-I error", "family-wise error", "false discovery rate", "power", "calibration"
]

# Acceptance band of a 95% interval, SPEC 4; widened by the Monte-Carlo error only below this many
# simulations.
COVERAGE_BAND = (0.94, 0.96)
FULL_SIZE = 10_000


@dataclass(frozen=True)
class Row:
    """A share measured over simulated experiments.

    Attributes
    ----------
    scenario, method : str
        Data and method.
    measure : str
        What the share is.
    value, mc_error : float
        The share and its Monte-Carlo standard error.
    simulations : int
        Simulated experiments on which the method is defined.
    undefined : int
        Simulated experiments on which it is not (for example no conversion in control); not part of the
        share.
    lowest, highest : float or None
        Acceptance band.
    met : bool
        Within the band.
    expected_to_hold : bool
        False for methods shown because they fail here.
    missed_below, missed_above : float or None
        For coverage: share of intervals wholly above the truth (truth below) and wholly below it.
    note : str
    """

    scenario: str
    method: str
    measure: Measure
    value: float
    mc_error: float
    simulations: int
    undefined: int
    lowest: float | None
    highest: float | None
    met: bool
    expected_to_hold: bool
    missed_below: float | None = None
    missed_above: float | None = None
    note: str = ""


def allowance(share: float, simulations: int) -> float:
    """Two Monte-Carlo standard errors below the full size; none at it, where the band is wide enough."""
    return 0.0 if simulations >= FULL_SIZE else 2 * float(np.sqrt(share * (1 - share) / simulations))


def _row(
    scenario: str,
    method: str,
    measure: Measure,
    value: float,
    simulations: int,
    band: tuple[float | None, float | None],
    error: float | None = None,
    **more: Any,
) -> Row:
    lowest, highest = band
    met = (lowest is None or value >= lowest) and (highest is None or value <= highest)
    if error is None:
        # A share of exactly 0 or 1 still has the error of one simulation more or less.
        error = float(np.sqrt(max(value * (1 - value), 1 / simulations) / simulations))
    settings = {"undefined": 0, "expected_to_hold": True, **more}
    return Row(
        scenario,
        method,
        measure,
        value,
        error,
        simulations,
        lowest=lowest,
        highest=highest,
        met=met,
        **settings,
    )


def coverage(
    scenario: str, method: str, low: Any, high: Any, truth: float, *, undefined: int = 0, **more: Any
) -> Row:
    """Share of intervals that contain the truth, against 94-96%."""
    low, high = np.asarray(low), np.asarray(high)
    below, above = float((truth < low).mean()), float((truth > high).mean())
    slack = allowance(0.95, low.size + undefined)
    band = (COVERAGE_BAND[0] - slack, min(1.0, COVERAGE_BAND[1] + slack))
    return _row(
        scenario,
        method,
        "coverage",
        1 - below - above,
        low.size,
        band,
        undefined=undefined,
        missed_below=below,
        missed_above=above,
        **more,
    )


def effect_coverage(scenario: str, method: str, effect: Effect, truth: float, **more: Any) -> Row:
    """Coverage of the intervals of a vectorised effect."""
    return coverage(scenario, method, effect.low, effect.high, truth, **more)


def type_one(scenario: str, method: str, p_values: Any, *, alpha: float = 0.05, **more: Any) -> Row:
    """Share of p values below alpha under no effect, against alpha +- 0.01 (a test of exact size)."""
    p = np.asarray(p_values)
    slack = allowance(alpha, p.size)
    band = (max(0.0, alpha - 0.01 - slack), alpha + 0.01 + slack)
    return _row(scenario, method, "type-I error", float((p < alpha).mean()), p.size, band, **more)


def at_most(
    scenario: str, method: str, measure: Measure, failures: Any, limit: float = 0.05, **more: Any
) -> Row:
    """Average of an error indicator, against a limit that may be exceeded by two Monte-Carlo errors only.

    A method that spends exactly its 5% would otherwise fail half of all proofs.
    """
    values = np.asarray(failures, dtype=np.float64)
    slack = 2 * float(np.sqrt(limit * (1 - limit) / values.size))
    return _row(scenario, method, measure, float(values.mean()), values.size, (None, limit + slack), **more)


def near(
    scenario: str, method: str, measure: Measure, hits: Any, target: float, tolerance: float, **more: Any
) -> Row:
    """Average of an indicator, against a target and a stated tolerance plus two Monte-Carlo errors."""
    values = np.asarray(hits, dtype=np.float64)
    slack = tolerance + 2 * float(np.sqrt(max(target * (1 - target), 1e-9) / values.size))
    return _row(
        scenario, method, measure, float(values.mean()), values.size, (target - slack, target + slack), **more
    )


def realised(scenario: str, method: str, ratio: float, error: float, simulations: int, **more: Any) -> Row:
    """Ratio of what happened to what was stated, against 1 within two standard errors."""
    band = (1 - 2 * error, 1 + 2 * error)
    return _row(scenario, method, "calibration", ratio, simulations, band, error, **more)
