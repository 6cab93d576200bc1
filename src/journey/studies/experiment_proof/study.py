"""Proof by simulation: does every method keep its promise on data like a shop's?

It runs 10,000 simulations per method. Methods that fail stay in the table, marked as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from journey.errors import JourneyError
from journey.studies.experiment_proof import coverage as proof_coverage
from journey.studies.experiment_proof import decisions as proof_decisions
from journey.studies.experiment_proof.peeking import peeking
from journey.studies.experiment_proof.rows import COVERAGE_BAND, FULL_SIZE, Row

SEED = 20_240_601
EVIDENCE = "experiment_simulations"

SCENARIOS: tuple[Callable[[int, int], list[Row]], ...] = (
    proof_coverage.skewed_revenue,
    proof_coverage.winsorised_revenue,
    proof_coverage.conversions,
    proof_coverage.small_samples,
    proof_coverage.sessions_within_users,
    proof_coverage.cuped_effects,
    proof_coverage.stratified_effects,
    proof_coverage.quantiles,
    proof_decisions.equivalence_error,
    proof_decisions.many_metrics,
    proof_decisions.segments,
    proof_decisions.sample_ratio,
    proof_decisions.planned_power,
    proof_decisions.bayesian_calibration,
)


def run_proof(simulations: int = FULL_SIZE, seed: int = SEED) -> dict[str, Any]:
    """Simulate every scenario.

    Parameters
    ----------
    simulations : int
        Simulated experiments per method, at least 200.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    dict
        `rows`: one per scenario and method (see `proof_rows.Row`). `peeking`: stopping rules under daily
        looks (see `proof_peeking.Peeking`). `simulations`, `seed`, and `summary`: rows that should hold, how
        many do, which do not, and which of the methods shown to fail did.

    Raises
    ------
    JourneyError
        For fewer than 200 simulations.
    """
    if simulations < 200:
        raise JourneyError(f"a proof needs at least 200 simulations to say anything; got {simulations}")
    rows = [row for scenario in SCENARIOS for row in scenario(simulations, seed)]
    more, table = peeking(simulations, seed)
    rows += more
    expected = [row for row in rows if row.expected_to_hold]
    failures = [row for row in rows if not row.expected_to_hold]
    return {
        "simulations": simulations,
        "seed": seed,
        "coverage_band": list(COVERAGE_BAND),
        "rows": [asdict(row) for row in rows],
        "peeking": [asdict(line) for line in table],
        "summary": {
            "rows": len(rows),
            "expected_to_hold": len(expected),
            "held": sum(row.met for row in expected),
            "missed": [f"{row.scenario}: {row.method}" for row in expected if not row.met],
            "shown_to_fail": [f"{row.scenario}: {row.method}" for row in failures if not row.met],
            "not_promised_but_held": [f"{row.scenario}: {row.method}" for row in failures if row.met],
        },
    }
