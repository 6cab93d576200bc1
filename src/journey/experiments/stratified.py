"""Post-stratification: compare within strata known before assignment, then average over the strata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates
from journey.experiments.inputs import Numeric, numeric, plain
from journey.experiments.statistics import Sample


def _shares(
    strata: Mapping[Any, tuple[Sample, Sample]], weights: Mapping[Any, float] | None
) -> dict[Any, Numeric]:
    if weights is None:
        sizes = {name: np.asarray(pair[0].n, dtype=np.float64) + pair[1].n for name, pair in strata.items()}
    else:
        missing = [str(name) for name in strata if name not in weights]
        unknown = [str(name) for name in weights if name not in strata]
        if missing or unknown:
            raise JourneyError(f"stratum weights do not match: missing {missing}, unknown {unknown}")
        sizes = {name: np.asarray(numeric(f"weight of {name}", weights[name])) for name in strata}
        if (
            any(float(size) < 0 for size in sizes.values())
            or sum(float(size) for size in sizes.values()) <= 0
        ):
            raise JourneyError("stratum weights must not be negative and must add up to more than zero")
    total = sum(sizes.values())
    return {name: plain(size / total) for name, size in sizes.items()}


def post_stratified(
    strata: Mapping[Any, tuple[Sample, Sample]], *, weights: Mapping[Any, float] | None = None
) -> ArmEstimates:
    """Arm means averaged over strata with common weights.

    Parameters
    ----------
    strata : mapping of name to (control, treatment)
        Sufficient statistics of each stratum (device, country, new or returning), known before assignment;
        at least 2 units per arm in every stratum.
    weights : mapping of name to float, optional
        Population shares when known. By default the shares of the experiment's own units; being a sample,
        they then add the variance between strata, common to both arms, which matters for the relative lift
        and for effects that differ between strata.

    Returns
    -------
    ArmEstimates
        With the covariance the shared weights create.

    Raises
    ------
    JourneyError
        For no strata, a stratum with fewer than 2 units in an arm (merge it), or weights that do not match.

    Notes
    -----
    Miratrix, Sekhon and Yu (2013), Adjusting treatment effect estimates by post-stratification. The between
    part of covariance (i, j) is sum_s w_s (m_is - m_i) (m_js - m_j) / N, from the multinomial stratum sizes.
    """
    if not strata:
        raise JourneyError("post-stratification needs at least one stratum")
    for name, pair in strata.items():
        if np.less(pair[0].n, 2).any() or np.less(pair[1].n, 2).any():
            raise JourneyError(
                f"stratum {name!r} has fewer than 2 units in an arm; merge it with another stratum"
            )
    shares = _shares(strata, weights)

    def averaged(arm: int) -> Any:
        return sum(np.asarray(shares[name]) * pair[arm].mean for name, pair in strata.items())

    def units(arm: int) -> Any:
        return sum(np.asarray(pair[arm].n, dtype=np.float64) for pair in strata.values())

    def terms(arm: int) -> list[Any]:
        return [np.square(shares[name]) * pair[arm].variance / pair[arm].n for name, pair in strata.items()]

    centre = averaged(0), averaged(1)
    total = units(0) + units(1)

    def between(first: int, second: int) -> Any:
        if weights is not None:
            return 0.0
        parts = (
            np.asarray(shares[name])
            * (pair[first].mean - centre[first])
            * (pair[second].mean - centre[second])
            for name, pair in strata.items()
        )
        return sum(parts) / total

    within = [*terms(0), *terms(1)]
    freedoms = [np.asarray(pair[arm].n, dtype=np.float64) - 1 for arm in (0, 1) for pair in strata.values()]
    spread = sum(np.asarray(within))
    safe = np.where(spread > 0, spread, 1.0)
    satterthwaite = sum(
        np.square(part / safe) / freedom for part, freedom in zip(within, freedoms, strict=True)
    )
    df = np.where(spread > 0, 1 / np.where(spread > 0, satterthwaite, 1.0), sum(freedoms))
    return ArmEstimates(
        control=plain(centre[0]),
        treatment=plain(centre[1]),
        variance_control=plain(sum(terms(0)) + between(0, 0)),
        variance_treatment=plain(sum(terms(1)) + between(1, 1)),
        covariance=plain(between(0, 1)),
        df=plain(df),
        n_control=plain(units(0)),
        n_treatment=plain(units(1)),
        source=f"post-stratified over {len(strata)} strata, Welch t",
    )
