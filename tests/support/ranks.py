"""Qualities of a ranking as plain numbers."""

from __future__ import annotations

from numpy.typing import ArrayLike

from journey.models.ranked import rank_outcomes


def precision_at(outcome: ArrayLike, score: ArrayLike, share: float) -> float:
    """Share of positives among the top `share` of rows."""
    ranked = rank_outcomes(outcome, score)
    return float(ranked.profile(ranked.ones(), (share,))[f"precision_{share * 100:g}"][0])
