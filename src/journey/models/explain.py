"""What drives the trees: exact TreeSHAP contributions, summed up, as points, and for single sessions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from journey.inference.arrays import Floats


def importance(contributions: Floats, names: Sequence[str]) -> pd.DataFrame:
    """Mean absolute contribution in log-odds: `feature`, `mean_abs`, `share`, largest first."""
    mean = np.abs(contributions).mean(axis=0)
    frame = pd.DataFrame({"feature": list(names), "mean_abs": mean, "share": mean / mean.sum()})
    return frame.sort_values(["mean_abs", "feature"], ascending=[False, True], ignore_index=True)


def swarm(
    contributions: Floats,
    matrix: Floats,
    names: Sequence[str],
    features: Sequence[str],
    *,
    rows: int,
    seed: int,
) -> pd.DataFrame:
    """Points of a summary plot: contributions of sampled rows for some features.

    Returns
    -------
    DataFrame
        `feature`, `value`, `rank` (of the value among all rows, 0 to 1), `contribution` (log-odds), and
        `offset` from -1 to 1, which spreads points of equal contribution.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(matrix), size=min(rows, len(matrix)), replace=False))
    parts = []
    for feature in features:
        place = list(names).index(feature)
        values = pd.Series(matrix[:, place])
        parts.append(
            pd.DataFrame(
                {
                    "feature": feature,
                    "value": values.to_numpy()[chosen],
                    "rank": values.rank(pct=True).to_numpy()[chosen],
                    "contribution": contributions[chosen, place],
                    "offset": spread(contributions[chosen, place]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def spread(values: Floats, bins: int = 60) -> Floats:
    """Offsets from -1 to 1 that set points of about equal value side by side, the densest place widest."""
    low, width = values.min(), max(np.ptp(values), 1e-12)
    cell = np.minimum(((values - low) / width * bins).astype(int), bins - 1)
    counts = np.bincount(cell, minlength=bins)
    # Alternate sides: 0, 1, -1, 2, -2, ... within a cell.
    place = pd.Series(cell).groupby(cell).cumcount().to_numpy()
    side = np.where(place % 2 == 1, (place + 1) // 2, -(place // 2))
    return side / max(counts.max() / 2, 1.0)


def single(
    contributions: Floats, base: float, values: Floats, names: Sequence[str], top: int = 8
) -> pd.DataFrame:
    """Contributions of one row, largest first, the rest in one; with the base they add up to the log-odds.

    Returns
    -------
    DataFrame
        `feature`, `value` (None for the base and the rest) and `contribution`.
    """
    order = np.argsort(-np.abs(contributions), kind="stable")
    rows = [{"feature": "average session", "value": None, "contribution": base}]
    rows += [
        {"feature": names[place], "value": float(values[place]), "contribution": float(contributions[place])}
        for place in order[:top]
    ]
    rest = float(contributions[order[top:]].sum())
    rows.append({"feature": f"{len(names) - top} other features", "value": None, "contribution": rest})
    return pd.DataFrame(rows)
