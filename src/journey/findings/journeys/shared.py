"""What chapter 03 and the journeys of an imported store have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from journey import journeys
from journey.findings.desk import Row
from journey.inference.estimate import Estimate


def channel_paths(touches: pd.DataFrame) -> tuple[journeys.Paths, pd.DataFrame]:
    """Paths of channels from the visits of `channel_touches`, and the first visit of each path."""
    channels = sorted(touches["channel"].unique())
    codes = touches["channel"].map({channel: code for code, channel in enumerate(channels)}).to_numpy()
    ids = touches["path_id"].to_numpy()
    return journeys.paths_from_steps(ids, codes, channels), touches[np.r_[True, ids[1:] != ids[:-1]]]


def moves(probability: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """Chances of a move from each step to each other, as a table of the steps that can be left."""
    frame = pd.DataFrame(probability, columns=list(labels))
    frame.insert(0, "from", list(labels))
    return frame[frame["from"].ne("end")].drop(columns="start")


def ordered_within(curve: journeys.SurvivalCurve, horizons: Sequence[int], since: str) -> Iterator[Row]:
    """Visitors with an order within each number of days since what `since` says, as numbers."""
    survival, low, high = journeys.survival_at(curve, horizons)
    for place, day in enumerate(horizons):
        share = Estimate(1 - survival[place], 1 - high[place], 1 - low[place], n=curve.n)
        label = f"Visitors with an order within {'a day' if day == 1 else f'{day} days'} of {since}"
        yield f"ordered_{day}", share, "share", label, {"method": "Kaplan-Meier, log-log"}


def median_lengths(lengths: journeys.PathLengths, converted: np.ndarray, what: str) -> Iterator[Row]:
    """Median events of the sessions that buy and of those that do not; `what` is the word for one."""
    for name, those, does in (
        ("converted", converted, "buys"),
        ("not_converted", ~converted, "does not buy"),
    ):
        if those.any():
            label, n = f"Median events of a {what} that {does}", {"n": those.sum()}
            yield f"events_median_{name}", getattr(lengths, f"median_{name}"), "count", label, n
