"""Does the model serve every group alike? Quality by slice, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.labels import checked_labels
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap

FEWEST_POSITIVES = 5


def slice_scores(
    outcome: NDArray[np.bool_],
    probability: Floats,
    users: NDArray[np.int64],
    slices: NDArray[np.object_],
    *,
    replicates: int = 300,
    seed: int = 0,
) -> pd.DataFrame:
    """Ranking and calibration within each slice.

    Parameters
    ----------
    outcome, probability, users, slices
        (n,) outcomes, probabilities, users, and name of the slice of each row.

    Returns
    -------
    DataFrame
        One row a slice: `slice`, `n`, `positives`, `observed` and `predicted` share, and with `_low` and
        `_high` `roc_auc`, `pr_auc` and `ratio` (predicted over observed). A slice with fewer than five
        positives, or nothing else, has no such numbers (NaN): its ranking means nothing.

    Raises
    ------
    JourneyError
        For no rows, lengths that differ, or an outcome that is not 0 or 1.
    """
    lengths = {len(outcome), len(probability), len(users), len(slices)}
    if len(lengths) != 1 or 0 in lengths:
        raise JourneyError(f"slices need vectors of one length with at least one row, got {sorted(lengths)}")
    labels, rows = checked_labels(outcome), []
    for name in sorted(set(map(str, slices))):
        inside = np.array([str(each) == name for each in slices])
        y, p = labels[inside], probability[inside]
        row: dict[str, object] = {
            "slice": name,
            "n": len(y),
            "positives": int(y.sum()),
            "observed": float(y.mean()),
            "predicted": float(p.mean()),
        }
        measured = FEWEST_POSITIVES <= y.sum() < len(y)
        for metric in ("roc_auc", "pr_auc", "ratio"):
            row |= dict.fromkeys((metric, f"{metric}_low", f"{metric}_high"), float("nan"))
        if measured:
            row |= _measured(y, p, users[inside], replicates, seed)
        rows.append(row)
    return pd.DataFrame(rows)


def _measured(
    y: NDArray[np.bool_], p: Floats, users: NDArray[np.int64], replicates: int, seed: int
) -> dict[str, float]:
    ranked = rank_outcomes(y, p)

    def metrics(weights: Floats) -> dict[str, Floats]:
        return ranked.profile(weights) | {"ratio": (weights @ p) / (weights @ y.astype(float))}

    found, _ = bootstrap(metrics, users, len(y), replicates=replicates, seed=seed)
    return {
        f"{name}{suffix}": value
        for name, estimate in found.items()
        for suffix, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }
