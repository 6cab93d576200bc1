"""What to show next: popularity, neighbours, factors and their blend, judged on later choices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey import recommend
from journey.findings.recommend.names import METHOD_NAMES
from journey.findings.store.desk import ShopDesk
from journey.inference.estimate import Estimate
from journey.inference.resampling import sampled_rows
from journey.recommend.study import LENGTH

SOURCE = "findings.store.recommend"
KINDS = ("view", "add_to_cart", "purchase")
LEAST_DAYS, LEAST_USERS, LEAST_ITEMS = 14, 100, 40
#: Items beyond the most met are left out, users beyond so many drawn at random: matrices must fit in memory.
MOST_ITEMS, MOST_USERS, MOST_HISTORIES, SEED = 2_000, 2_000, 30_000, 7
GRID = recommend.Grid(
    weights=((1.0, 1.0, 1.0), (1.0, 5.0, 10.0)),
    shrinkage=(0.0, 20.0),
    als=((16, 5.0, 10.0),),
    prior=(20.0,),
    sweeps=6,
)
METRICS = {"recall": "share of later choices in the list", "ndcg": "NDCG"}


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the recommendations and save their tables."""
    if desk.days < LEAST_DAYS:
        desk.absent(
            "methods",
            f"Recommendations need {LEAST_DAYS} days, to be judged on later ones; the log has {desk.days}.",
        )
        return
    if desk.lacks("events.item_id"):
        desk.absent("methods", "The log does not say which item; record the item of each view and purchase.")
        return
    with threadpool_limits(limits=1):
        desk.attempt("methods", lambda: add_methods(desk))


def add_methods(desk: ShopDesk) -> None:
    """Fit on the first days, choose settings on the next, judge on the last."""
    log, category, choosing = contact_log(desk)
    if log is None:
        return
    test_days = max(3, min(21, desk.days // 5))
    validation, task = tasks(log, test_days, choosing)
    warm = int(task.warm.sum())
    if warm < LEAST_USERS:
        desk.absent(
            "methods",
            f"Recommendations need {LEAST_USERS} users with a history who choose something new in the"
            f" last {test_days} days; the log has {warm}.",
        )
        return
    task = fewer(task)
    settings = recommend.choose_settings(fewer(validation), GRID, category)
    scores = recommend.all_scores(task, settings, category)
    found = recommend.compare(task, scores, users=task.warm, seed=SEED)
    table = found.table.assign(name=[METHOD_NAMES.get(method, method) for method in found.table["method"]])
    desk.save("methods", table)
    add_best(desk, table, found.n_users)
    source = "recommend.comparison:compare"
    label = "Users with a history who choose something new in the test days"
    desk.add("users", float(found.n_users), "count", label, source)
    here, candidates = f"{SOURCE}:add_methods", float(task.candidates.sum())
    desk.add("test_days", float(test_days), "count", "Days of the test period", here)
    desk.add("candidates", candidates, "count", "Items that may stand in a list", here)
    desk.add("length", float(LENGTH), "count", "Places of a list", here)
    met = found.n_choices / max(task.choices, 1)
    label = "Choices of the test days that such a list could hold"
    desk.add("reachable", min(met, 1.0), "share", label, here, n=task.choices)


def tasks(
    log: recommend.ContactLog, days: int, choosing: tuple[int, ...]
) -> tuple[recommend.Task, recommend.Task]:
    """The task of the last `days`, on which methods are judged, after that of the days before."""
    last = log.moment.max().astype("datetime64[D]") + np.timedelta64(1, "D")
    test, before = (last - np.timedelta64(times * days, "D") for times in (1, 2))
    validation = recommend.task_at(log, before, test, kinds=len(KINDS), choosing=choosing)
    return validation, recommend.task_at(log, test, last, kinds=len(KINDS), choosing=choosing)


def add_best(desk: ShopDesk, table: pd.DataFrame, n: int) -> None:
    """The method that ranks best, what it and popularity reach, and what it gains over popularity."""
    best = table.loc[table["ndcg"].idxmax()]
    popular = table[table["method"] == "popularity"].iloc[0]
    source, drawn = "recommend.comparison:compare", "percentile bootstrap over users"
    desk.add("best", str(best["name"]), "text", "Method that ranks best", source, n=n)
    for name, row in (("best", best), ("popular", popular)):
        recall = Estimate(row["recall"], row["recall_low"], row["recall_high"], n=n, method=drawn)
        label = f"{row['name']}: {METRICS['recall']} of {LENGTH}"
        desk.add(f"{name}_recall", recall, "share", label, source)
    if pd.notna(best.get("gain")):
        gain = Estimate(best["gain"], best["gain_low"], best["gain_high"], n=n, method=drawn)
        label = "NDCG of the best method over that of popularity, less 1"
        desk.add("gain", gain, "share", label, source, digits=0)


def contact_log(desk: ShopDesk) -> tuple[recommend.ContactLog | None, np.ndarray | None, tuple[int, ...]]:
    """Contacts with the items most met, the category of each, and the kinds of contact that are a choice."""
    events = desk.query("item_contacts")
    counts = events["item_id"].value_counts()
    if len(counts) < LEAST_ITEMS:
        desk.absent("methods", f"Recommendations need {LEAST_ITEMS} items; the log has {len(counts)}.")
        return None, None, ()
    kept = np.sort(counts.index[:MOST_ITEMS].to_numpy(dtype=np.int64))
    events = events[events["item_id"].isin(kept)]
    users = choosers(events)
    events = events[events["user_id"].isin(users)]
    kinds = [kind for kind in ("add_to_cart", "purchase") if events["event_type"].eq(kind).any()]
    choosing = tuple(KINDS.index(kind) for kind in kinds) or (0,)
    items = desk.query("item_categories").set_index("item_id")["category"].reindex(kept).fillna("unknown")
    user_ids, user = np.unique(events["user_id"].to_numpy(dtype=np.int64), return_inverse=True)
    log = recommend.ContactLog(
        user=user.astype(np.int64),
        item=np.searchsorted(kept, events["item_id"].to_numpy(dtype=np.int64)),
        kind=events["event_type"].map({kind: code for code, kind in enumerate(KINDS)}).to_numpy(np.int64),
        moment=events["ts"].to_numpy(dtype="datetime64[us]"),
        user_ids=user_ids,
        item_ids=kept,
    )
    codes = np.unique(items.to_numpy(dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    return log, codes if len(np.unique(codes)) > 1 else None, choosing


def choosers(events: pd.DataFrame) -> np.ndarray:
    """Users with the longest histories, all where they are not too many."""
    counts = events["user_id"].value_counts()
    return counts.index[:MOST_HISTORIES].to_numpy()


def fewer(task: recommend.Task) -> recommend.Task:
    """A task of at most `MOST_USERS` users, drawn at random."""
    if len(task.rows) <= MOST_USERS:
        return task
    chosen = sampled_rows(len(task.rows), MOST_USERS, SEED)
    return replace(
        task,
        rows=task.rows[chosen],
        relevant=task.relevant[chosen],
        allowed=task.allowed[chosen],
        warm=task.warm[chosen],
    )
