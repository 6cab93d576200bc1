"""The drift watch of the model card over the last requests: all processes of the service together."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from journey.inference.arrays import Floats
from journey.models.drift import count_bins, measure_bins
from journey.models.landed import Reference
from journey.models.watch import SCORE, user_features

#: Rows that are looked at, and the fewest that are worth a look.
LAST, LEAST = 5_000, 500
#: One look at one variable exceeds its level by chance with this probability, were rows independent.
ALPHA = 0.05


class Recent:
    """The last rows that this process scored, in a file that the others read.

    Parameters
    ----------
    folder
        Of the service; each process has a file of its own in it.
    width
        Features of a row.
    """

    def __init__(self, folder: Path, width: int, last: int = LAST) -> None:
        self.last, self._place = last, 0
        file = folder / f"rows-{os.getpid()}.bin"
        # A row is its time, its features and its score; the time of an empty one is zero.
        shape = (last, width + 2)
        self._rows = np.asarray(np.memmap(file, dtype=np.float64, mode="w+", shape=shape))

    def add(self, matrix: Floats, scores: Floats) -> None:
        """Keep (n, k) rows and their (n,) scores in place of the oldest."""
        matrix, scores = matrix[-self.last :], scores[-self.last :]
        places: slice | NDArray[np.intp] = slice(self._place, self._place + len(matrix))
        if self._place + len(matrix) > self.last:
            places = (self._place + np.arange(len(matrix))) % self.last
        self._rows[places, 1:-1] = matrix
        self._rows[places, -1] = scores
        self._rows[places, 0] = time.time()
        self._place = (self._place + len(matrix)) % self.last


def recent_rows(folder: Path, width: int, last: int = LAST) -> Floats:
    """The last rows of all processes; (n, width + 1), the score in the last column."""
    parts = [np.fromfile(file, dtype=np.float64).reshape(-1, width + 2) for file in folder.glob("rows-*.bin")]
    rows = np.concatenate(parts) if parts else np.empty((0, width + 2))
    rows = rows[rows[:, 0] > 0]
    return rows[np.argsort(rows[:, 0], kind="stable")[-last:], 1:]


@dataclass(frozen=True)
class Seen:
    """A variable in the last rows: its index, what chance reaches, and whether the model card watches it."""

    variable: str
    index: float
    chance: float
    watched: bool


def stability(reference: Reference, rows: Floats) -> list[Seen]:
    """Index of every feature and of the score; nothing for fewer than `LEAST` rows.

    Parameters
    ----------
    rows
        (n, k + 1), the score in the last column.

    Notes
    -----
    Of n and m independent rows the index is about (1 / n + 1 / m) times a chi-squared number with one degree
    of freedom fewer than bins (Yurdakul 2018). Requests of one visitor are alike, so chance reaches more
    than this; the model card moves whole visitors instead.
    """
    if len(rows) < LEAST:
        return []
    later = count_bins(reference.bins, reference.codes(rows))
    index = measure_bins(reference.bins, reference.counts, later)["psi"]
    edges = np.cumsum([0, *(each.size for each in reference.bins)])
    filled = np.add.reduceat((reference.counts + later) > 0, edges[:-1], dtype=np.int64)
    chance = (1 / reference.rows + 1 / len(rows)) * chi2.ppf(1 - ALPHA, np.maximum(filled - 1, 1))
    watched = {*user_features(), SCORE}
    return [
        Seen(each.name, float(index[place]), float(chance[place]), each.name in watched)
        for place, each in enumerate(reference.bins)
    ]
