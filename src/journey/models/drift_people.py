"""Does a later week look like the reference, where the same people are seen in every week?

A customer's features hardly change from week to week. Moving records by some weeks, as `drift.look` does,
would compare neighbouring weeks and call it chance; so here people are drawn instead, with all their rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.models.drift import MEASURES, Look, measure_bins
from journey.models.stability import Bins, category_bins, numeric_bins

BLOCK = 4_000_000  # numbers of a block of draws, so that memory stays bounded


def look_at_people(
    bins: Sequence[Bins], reference: Floats, later: Floats, *, draws: int = 1000, seed: int = 0
) -> Look:
    """Compare a later week with the reference, and with what drawing people anew would do.

    Parameters
    ----------
    bins
        Of v variables.
    reference, later
        (u, b) counts of the bins of all variables in each person's rows, variable after variable.

    Raises
    ------
    JourneyError
        For shapes that do not fit, or a period without rows.

    Notes
    -----
    A bootstrap over people, centred on no shift: the drawn change of every share, less the change that was
    seen, is put on top of the reference. It needs no assumption on how a person's rows depend on each other.
    """
    sizes = [each.size for each in bins]
    if reference.shape != later.shape or reference.shape[1] != sum(sizes):
        raise JourneyError(
            f"counts of people have shapes {reference.shape} and {later.shape}, expected {sum(sizes)} bins"
        )
    before, after = reference.sum(axis=0), later.sum(axis=0)
    own = np.repeat(np.add.reduceat(before, _starts(sizes)), sizes)
    rows = np.repeat(np.add.reduceat(after, _starts(sizes)), sizes)
    if not (own > 0).all() or not (rows > 0).all():
        raise JourneyError("a period has no rows: there is nothing to compare")
    p, change = before / own, after / rows - before / own
    rng = np.random.default_rng(seed)
    parts: dict[str, list[Floats]] = {measure: [] for measure in MEASURES}
    step = max(1, BLOCK // len(reference))
    for start in range(0, draws, step):
        weights = rng.poisson(1.0, size=(min(step, draws - start), len(reference))).astype(np.float64)
        drawn = _shares(weights @ later, sizes) - _shares(weights @ reference, sizes)
        counts = np.maximum(p + drawn - change, 0.0) * rows
        for measure, values in measure_bins(bins, before, counts).items():
            parts[measure].append(values)
    return Look(
        bins=tuple(bins),
        counts=before,
        reference=int(own[0]),
        rows=int(rows[0]),
        value=measure_bins(bins, before, after),
        chance={measure: np.concatenate(found) for measure, found in parts.items()},
    )


def looks_at_people(
    columns: Mapping[str, NDArray[Any]],
    people: Ints,
    weeks: Ints,
    *,
    before: int,
    draws: int = 1000,
    seed: int = 0,
    only: Sequence[int] | None = None,
) -> dict[int, Look]:
    """Look once at every week from `before` on, with all earlier weeks as the reference.

    Parameters
    ----------
    columns
        Name -> (n,) numbers or text.
    people, weeks
        (n,) person, numbered from 0, and week of each row.
    only
        Weeks to look at; all when omitted.

    Raises
    ------
    JourneyError
        When there is no later week.
    """
    later = [int(week) for week in np.unique(weeks[weeks >= before]) if only is None or week in only]
    if not later:
        raise JourneyError(f"no week from number {before} on is left to watch; use more days of data")
    inside = weeks < before
    bins = [
        (numeric_bins if np.issubdtype(values.dtype, np.number) else category_bins)(name, values[inside])
        for name, values in columns.items()
    ]
    codes = [each(columns[each.name]) for each in bins]
    count = int(people.max()) + 1

    def counted(rows: NDArray[np.bool_]) -> Floats:
        blocks = [
            np.bincount(people[rows] * each.size + code[rows], minlength=count * each.size)
            for each, code in zip(bins, codes, strict=True)
        ]
        return np.concatenate([block.reshape(count, -1) for block in blocks], axis=1, dtype=np.float64)

    reference = counted(inside)
    return {
        week: look_at_people(bins, reference, counted(weeks == week), draws=draws, seed=seed + 1000 * week)
        for week in later
    }


def _starts(sizes: Sequence[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *sizes[:-1]])


def _shares(counts: Floats, sizes: Sequence[int]) -> Floats:
    totals = np.add.reduceat(counts, _starts(sizes), axis=1)
    return counts / np.repeat(np.maximum(totals, 1e-12), sizes, axis=1)
