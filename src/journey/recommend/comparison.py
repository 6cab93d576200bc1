"""Compare recommenders on the same users: quality with intervals, and by how popular an item is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product

import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Floats
from journey.metrics.bootstrap import BootstrapTotals, Totals, bootstrap_totals
from journey.recommend.period import Task
from journey.recommend.ranking import catalogue_coverage, item_hits, novelty, ranking_metrics
from journey.recommend.study import lists_of

METRICS = ("recall", "ndcg", "reciprocal_rank")
REPLICATES = 1000
#: digits kept, so that the number of threads of a matrix product does not show
DIGITS = 12


@dataclass(frozen=True)
class Comparison:
    """Methods side by side.

    Attributes
    ----------
    table
        One row a method: mean recall, ndcg, reciprocal_rank, each with _low and _high; coverage; novelty in
        bits; and `gain`, NDCG over that of the baseline minus 1, with its interval.
    by_items
        One row a method and group of items: choices to be found, share found.
    differences
        One row a pair of methods and metric (recall, ndcg): `method`, `other`, `metric` and `change`, the
        first over the second minus 1 on the same draws of users, with `change_low` and `change_high`. Two
        intervals that overlap do not say that two methods are alike: on the same users they move together.
    n_users, n_choices
        Users, and pairs of user and item to be found.
    """

    table: pd.DataFrame
    by_items: pd.DataFrame
    differences: pd.DataFrame
    n_users: int
    n_choices: int


def compare(
    task: Task,
    scores: Mapping[str, Floats],
    *,
    users: Flags,
    baseline: str = "popularity",
    item_groups: Mapping[str, Flags] | None = None,
    seed: int = 0,
) -> Comparison:
    """Judge methods by what some users of a task chose.

    Parameters
    ----------
    scores
        Method -> (rows, items).
    users
        (rows,) users that count.
    baseline
        Method whose NDCG the others are compared with.
    item_groups
        Name -> (items,) groups of items whose recall is shown apart.
    seed
        Of the user bootstrap; every method is judged on the same draws.

    Raises
    ------
    JourneyError
        When no user counts or the baseline is not among the methods.
    """
    if not users.any() or baseline not in scores:
        raise JourneyError(f"a comparison needs users and the baseline {baseline!r}: {users.sum()} users")
    contacts = sum(part for part in task.history[1:]) + task.history[0]
    readers = np.asarray((contacts > 0).sum(axis=0), dtype=np.float64).ravel()
    known_by = readers / max(1, int((contacts.getnnz(axis=1) > 0).sum()))
    relevant = task.relevant[users]
    columns: dict[str, Floats] = {"users": np.ones(int(users.sum()))}
    spread, groups = {}, []
    for name, score in scores.items():
        lists = lists_of(score, task)[users]
        found = ranking_metrics(lists, relevant)
        for metric in METRICS:
            columns[f"{name}.{metric}"] = getattr(found, metric)
        spread[name] = (
            catalogue_coverage(lists, task.candidates),
            float(np.nanmean(novelty(lists, known_by))),
        )
        hits, wanted = item_hits(lists, relevant)
        groups += [
            {
                "method": name,
                "items": group,
                "choices": int(wanted[members].sum()),
                "found": float(hits[members].sum() / max(1, wanted[members].sum())),
            }
            for group, members in (item_groups or {}).items()
        ]
    totals = bootstrap_totals(columns, replicates=REPLICATES, seed=seed)
    rows = []
    for name in scores:
        row: dict[str, object] = {"method": name}
        for metric in METRICS:
            estimate = totals.ratio(f"{name}.{metric}", "users")
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        row |= {"coverage": spread[name][0], "novelty": spread[name][1]}
        if totals.totals[f"{baseline}.ndcg"][0] > 0:
            gain = totals.estimate(ratio_less_one(f"{name}.ndcg", f"{baseline}.ndcg"))
            row |= {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
        rows.append(row)
    return Comparison(
        table=pd.DataFrame(rows).round(DIGITS),
        by_items=pd.DataFrame(groups),
        differences=pd.DataFrame(_differences(totals, list(scores))).round(DIGITS),
        n_users=int(users.sum()),
        n_choices=int(relevant.sum()),
    )


def _differences(totals: BootstrapTotals, names: Sequence[str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for (other, method), metric in product(combinations(names, 2), ("recall", "ndcg")):
        if totals.totals[f"{other}.{metric}"][0] > 0:
            change = totals.estimate(ratio_less_one(f"{method}.{metric}", f"{other}.{metric}"))
            row: dict[str, object] = {"method": method, "other": other, "metric": metric}
            rows.append(row | {"change": change.value, "change_low": change.low, "change_high": change.high})
    return rows


def ratio_less_one(name: str, baseline: str) -> Callable[[Totals], Floats]:
    """Relative gain of one total over another, as a function of bootstrap totals."""
    return lambda totals: totals[name] / totals[baseline] - 1


def ndcg_totals(
    task: Task, scores: Mapping[str, Floats], users: Flags, *, metric: str = "ndcg", seed: int = 0
) -> BootstrapTotals:
    """Bootstrap totals of one metric for every method over the same draws of users."""
    columns = {
        name: getattr(ranking_metrics(lists_of(score, task)[users], task.relevant[users]), metric)
        for name, score in scores.items()
    }
    return bootstrap_totals(columns, replicates=REPLICATES, seed=seed)


def share_of_gain(totals: BootstrapTotals, method: str, baseline: str, oracle: str) -> tuple[float, ...]:
    """(method - baseline) / (oracle - baseline): value, low, high.

    Raises
    ------
    JourneyError
        When the oracle is not above the baseline: there is no gain to share.
    """
    observed = totals.totals
    if observed[oracle][0] <= observed[baseline][0]:
        raise JourneyError(f"{oracle} does not beat {baseline}: there is no gain to take a share of")
    found = totals.estimate(lambda t: (t[method] - t[baseline]) / (t[oracle] - t[baseline]))
    return round(found.value, DIGITS), round(found.low, DIGITS), round(found.high, DIGITS)


def popularity_groups(counts: Floats, candidates: Flags, shares: Sequence[float]) -> list[Flags]:
    """Candidates from the most popular down, cut where they make up the given shares of the catalogue.

    Parameters
    ----------
    counts
        (items,) contacts before the cut; ties go to the lower number.
    candidates
        (items,).
    shares
        Increasing, in (0, 1): `(0.1, 0.5)` gives the top tenth, the next four tenths, and the lower half.
    """
    order = np.argsort(np.where(candidates, -counts, np.inf), kind="stable")
    number = int(candidates.sum())
    edges = [0, *(round(share * number) for share in shares), number]
    groups = []
    for low, high in pairwise(edges):
        group = np.zeros(len(counts), dtype=np.bool_)
        group[order[low:high]] = True
        groups.append(group)
    return groups
