"""A recommendation task at a moment: what was known before it and what was chosen after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Ints

RECENT_DAYS = 7


@dataclass(frozen=True)
class ContactLog:
    """Contacts of users with items, one entry each, (contacts,) arrays.

    Attributes
    ----------
    user, item
        Numbers from 0, places in `user_ids` and `item_ids`.
    kind
        Number of the kind of contact, from 0, such as view, cart, purchase.
    moment
        When, datetime64.
    user_ids, item_ids
        Labels of the numbers.
    """

    user: Ints
    item: Ints
    kind: Ints
    moment: NDArray[np.datetime64]
    user_ids: NDArray[np.generic]
    item_ids: NDArray[np.generic]

    def counts(self, chosen: Flags, kind: int) -> csr_matrix:
        """Number of chosen contacts of one kind, (users, items)."""
        rows = chosen & (self.kind == kind)
        shape = (len(self.user_ids), len(self.item_ids))
        return csr_matrix((np.ones(rows.sum()), (self.user[rows], self.item[rows])), shape=shape)


@dataclass(frozen=True)
class Task:
    """Recommend at `cut`; be judged by what is chosen until `end`.

    Attributes
    ----------
    history
        One (users, items) count matrix a kind of contact, before the cut.
    recent
        The same, of the last seven days before the cut.
    rows
        Users with something to find, as numbers.
    relevant
        (rows, items) items they chose after the cut, among candidates and, unless repeats count, new to them.
    allowed
        (rows, items) items that may stand in the user's list.
    warm
        (rows,) whether the user had any contact before the cut.
    candidates
        (items,) whether the item had any contact before the cut.
    cold_choices, choices
        Choices after the cut of items nobody had met before it, and all choices: user-item pairs.
    """

    cut: np.datetime64
    end: np.datetime64
    history: tuple[csr_matrix, ...]
    recent: tuple[csr_matrix, ...]
    rows: Ints
    relevant: Flags
    allowed: Flags
    warm: Flags
    candidates: Flags
    cold_choices: int
    choices: int

    def strength(self, weights: tuple[float, ...], *, recent: bool = False) -> csr_matrix:
        """Weighted sum of contacts over the kinds, (users, items)."""
        parts = self.recent if recent else self.history
        total = csr_matrix(parts[0].shape)
        for weight, part in zip(weights, parts, strict=True):
            total = total + weight * part
        total = csr_matrix(total)
        total.eliminate_zeros()
        total.sort_indices()
        return total


def task_at(
    log: ContactLog,
    cut: np.datetime64,
    end: np.datetime64,
    *,
    kinds: int,
    choosing: tuple[int, ...],
    repeats: bool = False,
) -> Task:
    """Split a log at a moment.

    Parameters
    ----------
    cut, end
        History is before `cut`; choices are from `cut` on and before `end`.
    kinds, choosing
        Number of kinds of contact, and those that are a choice, such as cart and purchase.
    repeats
        Whether an item the user chose before the cut may be listed and counts as found. When not, it is
        neither listed nor to be found.

    Raises
    ------
    JourneyError
        When nothing lies before the cut or nothing can be found after it.
    """
    before = log.moment < cut
    after = (log.moment >= cut) & (log.moment < end)
    latest = before & (log.moment >= cut - np.timedelta64(RECENT_DAYS, "D"))
    history = tuple(log.counts(before, kind) for kind in range(kinds))
    candidates = np.zeros(len(log.item_ids), dtype=np.bool_)
    candidates[log.item[before]] = True
    known_users = np.zeros(len(log.user_ids), dtype=np.bool_)
    known_users[log.user[before]] = True

    choice = after & np.isin(log.kind, choosing)
    buyers = np.unique(log.user[choice])
    if not before.any() or not len(buyers):
        raise JourneyError(f"no contact before {cut} or no choice before {end}: move the cut")
    chosen = np.zeros((len(buyers), len(log.item_ids)), dtype=np.bool_)
    chosen[np.searchsorted(buyers, log.user[choice]), log.item[choice]] = True
    allowed = np.tile(candidates, (len(buyers), 1))
    if not repeats:
        for kind in choosing:
            own = history[kind][buyers].tocoo()
            allowed[own.row, own.col] = False
    relevant = chosen & allowed
    some = relevant.any(axis=1)
    if not some.any():
        raise JourneyError(f"nobody chose a known item between {cut} and {end}: move the cut")
    return Task(
        cut=cut,
        end=end,
        history=history,
        recent=tuple(log.counts(latest, kind) for kind in range(kinds)),
        rows=buyers[some],
        relevant=relevant[some],
        allowed=allowed[some],
        warm=known_users[buyers[some]],
        candidates=candidates,
        cold_choices=int(chosen[:, ~candidates].sum()),
        choices=int(chosen.sum()),
    )


def with_fewer_users(task: Task, share: float, seed: int) -> Task:
    """The same task when only a share of the other users' history is known.

    Parameters
    ----------
    share
        Share, in (0, 1], of the users outside `task.rows` whose history is kept; they are drawn at random.

    Raises
    ------
    JourneyError
        For a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise JourneyError(f"the share of users to keep must be above 0 and at most 1, got {share}")
    kept = np.random.default_rng(seed).random(task.history[0].shape[0]) < share
    kept[task.rows] = True
    mask = diags(kept.astype(np.float64))
    return replace(task, history=tuple(csr_matrix(mask @ part) for part in task.history))
