"""Link table of a Sankey diagram: the commonest paths, the rest grouped, no visitor lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.journeys.paths import IntArray, Paths

OTHER = "other"
CONTINUES = "continues"


@dataclass(frozen=True)
class SankeyLinks:
    """Nodes and weighted links; what flows into a node inside the diagram also flows out of it.

    Attributes
    ----------
    node_label, node_step
        Name of each node and its step: 1 for the first step, `depth` + 1 for the outcomes.
    source, target, value
        Links as node indices and the number of paths that take them, shape (links,).
    total
        Paths that enter at step 1; equals the paths that reach the outcomes.
    top_paths, top_counts
        The paths kept apart as tuples of labels with their outcome, and how many visitors take each.
    other_count
        Paths grouped as `other`.
    """

    node_label: tuple[str, ...]
    node_step: IntArray
    source: IntArray
    target: IntArray
    value: IntArray
    total: int
    top_paths: tuple[tuple[str, ...], ...]
    top_counts: IntArray
    other_count: int

    @property
    def top_share(self) -> float:
        """Share of all paths that are shown apart."""
        return float(self.top_counts.sum() / self.total)


def sankey_links(
    paths: Paths, outcome: ArrayLike, outcome_labels: Sequence[str], *, depth: int = 5, top: int = 12
) -> SankeyLinks:
    """Build the link table from real paths.

    Parameters
    ----------
    paths
        Sequences of states; pass `collapse_repeats(paths)` to merge runs first.
    outcome
        Code of what each path ends in, shape (n,), e.g. 0 leave, 1 purchase.
    outcome_labels
        Name of each outcome code.
    depth
        Steps shown. A longer path flows to the node `continues`, whatever its outcome.
    top
        Distinct paths (cut at `depth`, with outcome) shown by their states. All others pass through nodes
        `other`, one per step, so that totals are conserved and their outcomes stay visible.

    Raises
    ------
    JourneyError
        When there is not one code of `outcome_labels` per path, `depth` is below 1 or `top` below 0.
    """
    ends = np.asarray(outcome, dtype=np.int64)
    if ends.shape != (paths.n,) or ends.min() < 0 or ends.max() >= len(outcome_labels):
        raise JourneyError(
            f"Outcomes must be {paths.n} codes, one per path, from 0 to {len(outcome_labels) - 1}."
        )
    if depth < 1 or top < 0:
        raise JourneyError(f"Depth {depth} must be at least 1 and top {top} at least 0.")
    names = (*paths.labels, OTHER, *outcome_labels, CONTINUES)
    other = len(paths.labels)
    table = _padded(paths, ends, depth, first_outcome=other + 1, continues=len(names) - 1)
    code, count, example = _group(table)
    # Commonest first; equal counts in order of their states, so that the choice never depends on row order.
    ranked = np.lexsort((np.arange(len(count)), -count))
    kept = ranked[:top]
    table = np.where((~np.isin(code, kept))[:, None] & (table >= 0) & (table < other), np.int64(other), table)
    moves, weight = _moves(table, len(names))
    nodes, index = np.unique(moves, return_inverse=True)
    source, target = index.reshape(moves.shape)
    top_rows = _padded(paths, ends, depth, first_outcome=other + 1, continues=len(names) - 1)[example[kept]]
    return SankeyLinks(
        node_label=tuple(names[state] for state in nodes % len(names)),
        node_step=nodes // len(names) + 1,
        source=source,
        target=target,
        value=weight,
        total=paths.n,
        top_paths=tuple(tuple(names[s] for s in row if s >= 0) for row in top_rows),
        top_counts=count[kept],
        other_count=int(paths.n - count[kept].sum()),
    )


def _padded(paths: Paths, ends: IntArray, depth: int, *, first_outcome: int, continues: int) -> IntArray:
    """One row per path: its first `depth` states, then its outcome; -1 where nothing follows."""
    table = np.full((paths.n, depth + 1), -1, dtype=np.int64)
    position = paths.position_of_step
    shown = position < depth
    table[paths.path_of_step[shown], position[shown]] = paths.states[shown]
    lengths = paths.lengths
    place = np.minimum(lengths, depth)
    table[np.arange(paths.n), place] = np.where(lengths > depth, continues, first_outcome + ends)
    return table


def _group(table: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Number identical rows: group of each row, size of each group, one row of each group."""
    code = np.zeros(len(table), dtype=np.int64)
    # Column by column keeps every intermediate code below rows * states, where one big key would overflow.
    for column in table.T:
        code = np.unique(code * (table.max() + 2) + column + 1, return_inverse=True)[1]
    _, example, count = np.unique(code, return_index=True, return_counts=True)
    return code, count, example


def _moves(table: IntArray, n_names: int) -> tuple[IntArray, IntArray]:
    """Distinct moves as (2, links) node keys `step * n_names + state`, and how many paths take each.

    An outcome is drawn in the last column whatever the length of the path.
    """
    depth = table.shape[1] - 1
    row, step = np.nonzero(table[:, 1:] >= 0)
    left, right = table[row, step], table[row, step + 1]
    followed = np.zeros(len(row), dtype=bool)
    followed[:-1] = row[1:] == row[:-1]
    right_step = np.where(followed, step + 1, depth)
    keys = np.stack([step * n_names + left, right_step * n_names + right])
    distinct, weight = np.unique(keys, axis=1, return_counts=True)
    return distinct, weight
