"""Outcomes in the order of their scores: areas and precisions for many weightings of the rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.labels import checked_labels


@dataclass(frozen=True)
class Ranked:
    """Rows from the highest score down; rows with equal scores form one step.

    Attributes
    ----------
    order
        (n,) rows in order.
    outcome
        (n,) outcomes in that order, 0 or 1.
    ends
        Place of the last row of each step.
    """

    order: NDArray[np.int64]
    outcome: Floats
    ends: NDArray[np.int64]

    def ones(self) -> Floats:
        """One weighting that counts every row once; shape (1, n)."""
        return np.ones((1, len(self.order)))

    def steps(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weight of positives, and of all rows, down to each step; both (r, steps)."""
        sorted_weights = weights[:, self.order]
        positive = np.cumsum(sorted_weights * self.outcome, axis=1)[:, self.ends]
        return positive, np.cumsum(sorted_weights, axis=1)[:, self.ends]

    def profile(self, weights: Floats, shares: tuple[float, ...] = ()) -> dict[str, Floats]:
        """Qualities of the ranking under each of (r, n) weightings; NaN where a class has no weight.

        Parameters
        ----------
        weights
            Row weights; a bootstrap draw is one row of them.
        shares
            Shares of the top rows, each above 0 and at most 1.

        Returns
        -------
        dict
            `roc_auc`, `pr_auc`, and for a share of 0.05 `precision_5` and `lift_5`; each (r,). Rows tied at
            the edge of a share count in proportion.

        Raises
        ------
        JourneyError
            For a share that is not above 0 and at most 1.
        """
        if wrong := [share for share in shares if not 0 < share <= 1]:
            raise JourneyError(f"the share of rows is {wrong[0]}; give a number above 0, at most 1")
        positive, everything = self.steps(weights)
        negative = everything - positive
        gained = np.diff(positive, prepend=0.0, axis=1)
        width = np.diff(negative, prepend=0.0, axis=1)
        total = positive[:, -1]
        precision = np.divide(positive, everything, out=np.zeros_like(positive), where=everything > 0)
        found = {
            "roc_auc": (width * (positive - gained / 2)).sum(axis=1) / (total * negative[:, -1]),
            "pr_auc": (gained * precision).sum(axis=1) / total,
        }
        for share in shares:
            edge = share * everything[:, -1]
            hits = [
                np.interp(at, np.r_[0.0, below], np.r_[0.0, so_far])
                for at, below, so_far in zip(edge, everything, positive, strict=True)
            ]
            found[f"precision_{share * 100:g}"] = np.array(hits) / edge
            found[f"lift_{share * 100:g}"] = found[f"precision_{share * 100:g}"] * everything[:, -1] / total
        return found


def rank_outcomes(outcome: ArrayLike, score: ArrayLike) -> Ranked:
    """Put outcomes in the order of their scores.

    Raises
    ------
    JourneyError
        For lengths that differ, no rows, an outcome that is not 0 or 1, a score that is not finite, or only
        one class.
    """
    y, s = checked_labels(outcome), np.asarray(score, dtype=np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise JourneyError(f"outcome and score must be vectors of one length, got {y.shape} and {s.shape}")
    if len(y) == 0:
        raise JourneyError("there are no rows to rank: the slice is empty")
    if not np.isfinite(s).all():
        raise JourneyError(f"{int((~np.isfinite(s)).sum())} of {len(s)} scores are not finite")
    if y.all() or not y.any():
        raise JourneyError(
            f"ranking needs both classes, got {int(y.sum())} positives and {int((~y).sum())} negatives"
        )
    order = np.argsort(-s, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(s[order]) != 0, True])
    return Ranked(order, y[order].astype(np.float64), ends)
