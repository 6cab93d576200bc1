"""What each channel truly causes in the simulated shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.evaluation.truth import read_truth


@dataclass(frozen=True)
class ChannelTruth:
    """Expected conversions that would be lost without each channel.

    `incremental` is in conversions, `share` sums to one; both are in the order of `channels`.
    """

    channels: tuple[str, ...]
    incremental: NDArray[np.float64]
    share: NDArray[np.float64]
    total: float


def channel_truth(store: Path, channels: Sequence[str]) -> ChannelTruth:
    """Read the planted value of channels from the simulated shop.

    Raises
    ------
    JourneyError
        When the store has no truth, or it lacks one of the channels.
    """
    table = read_truth(store, "channel_value").set_index("channel")
    if missing := [channel for channel in channels if channel not in table.index]:
        raise JourneyError(
            f"{store}: the truth knows no channel {missing[0]!r}; run `journey simulate` again"
        )
    incremental = table.loc[list(channels), "incremental"].to_numpy(dtype=np.float64)
    total = float(table["expected_conversions_total"].iloc[0])
    return ChannelTruth(tuple(channels), incremental, incremental / incremental.sum(), total)
