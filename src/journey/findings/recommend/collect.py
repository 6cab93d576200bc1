"""Findings of chapter 07: which items to show next, and how near the methods come to knowing tastes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from journey import recommend
from journey.evaluation.taste import next_cart_probability, taste_truth
from journey.findings.desk import Desk, Row, add_rows
from journey.findings.recommend.field import add_field
from journey.findings.recommend.names import METHOD_NAMES, METRIC_NAMES, in_sentence, mix_text
from journey.findings.recommend.pairs import add_pairs, pair_part
from journey.inference.estimate import Estimate
from journey.recommend.comparison import DIGITS, METRICS, ratio_less_one
from journey.recommend.study import LENGTH
from journey.warehouse.query import query

SOURCE = "journey.findings.recommend.collect"
KINDS = ("view", "add_to_cart", "purchase")
CHOOSING = (1, 2)
VALIDATION_DAYS, TEST_DAYS = 14, 21
GRID = recommend.Grid(
    weights=((1.0, 1.0, 1.0), (1.0, 3.0, 5.0), (1.0, 5.0, 10.0)),
    shrinkage=(0.0, 10.0, 50.0),
    als=((8, 5.0, 30.0), (16, 5.0, 10.0), (16, 5.0, 30.0), (24, 5.0, 10.0), (24, 5.0, 30.0)),
    prior=(5.0, 20.0, 50.0),
)
HISTORY = ((1, 9), (10, 29), (30, 99), (100, None))
FEW = 0.1
ITEM_SHARES = (0.1, 0.5)
#: Items by popularity, cut at those shares -> short
POPULAR = {"top tenth": "top", "next four tenths": "middle", "lower half": "tail"}
OVER = (("hybrid", "als"), ("pairs", "als"), ("hybrid", "hybrid_without"))
SEED = 7
BOOTSTRAP = "percentile bootstrap over users"
COMPARISON = "journey.recommend.comparison"


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    log, category = contact_log(desk)
    last = log.moment.max().astype("datetime64[D]") + np.timedelta64(1, "D")
    test = last - np.timedelta64(TEST_DAYS, "D")
    validation = recommend.task_at(
        log, test - np.timedelta64(VALIDATION_DAYS, "D"), test, kinds=len(KINDS), choosing=CHOOSING
    )
    task = recommend.task_at(log, test, last, kinds=len(KINDS), choosing=CHOOSING)
    part = pair_part(desk, log, validation, task)
    settings = recommend.choose_settings(validation, GRID, category, part.validation)
    scores = recommend.all_scores(task, settings, category, part.test)
    first = log.moment.min().astype("datetime64[D]")
    days = range(int((test - first).astype(int)), int((last - first).astype(int)))
    truth = taste_truth(
        desk.paths.store(desk.store),
        log.user_ids[task.rows].astype(np.int64),
        log.item_ids.astype(np.int64),
        days,
    )
    scores["oracle"] = next_cart_probability(truth)

    add_task(desk, log, task, settings)
    add_methods(desk, task, scores)
    add_pairs(desk, task, part)
    add_oracle_shares(desk, task, scores)
    add_cold(desk, task, scores)
    add_history(desk, task, scores)
    add_fewer_users(desk, task, settings)
    add_field(desk)


def bounded(row: Mapping[Any, Any], metric: str) -> tuple[float, ...]:
    """A metric of a row of a comparison, and its bounds."""
    return row[metric], row[f"{metric}_low"], row[f"{metric}_high"]


def add_bounded(
    desk: Desk,
    name: str,
    found: Sequence[float],
    unit: str,
    n: int,
    label: str,
    *,
    source: str = "compare",
    digits: int | None = None,
) -> None:
    """Register a value with its bounds over `n` users; `source` is a function of the comparison."""
    value, low, high = found
    desk.ledger.add(
        f"recommend.{name}",
        Estimate(value=value, low=low, high=high, n=n, method=BOOTSTRAP),
        unit,
        digits=digits,
        label=label,
        source=f"{COMPARISON}:{source}",
    )


def contact_log(desk: Desk) -> tuple[recommend.ContactLog, np.ndarray]:
    """Views, carts and purchases of items in order of time, and the category number of every item."""
    events = query("item_contacts", desk.warehouse)
    items = query("item_categories", desk.warehouse)
    user_ids, user = np.unique(events["user_id"].to_numpy(dtype=np.int64), return_inverse=True)
    item_ids = items["item_id"].to_numpy(dtype=np.int64)
    log = recommend.ContactLog(
        user=user.astype(np.int64),
        item=np.searchsorted(item_ids, events["item_id"].to_numpy(dtype=np.int64)),
        kind=events["event_type"].map({kind: code for code, kind in enumerate(KINDS)}).to_numpy(np.int64),
        moment=events["ts"].to_numpy(dtype="datetime64[us]"),
        user_ids=user_ids,
        item_ids=item_ids,
    )
    category = np.unique(items["category"].to_numpy(dtype=np.str_), return_inverse=True)[1]
    return log, category.astype(np.int64)


def add_task(
    desk: Desk, log: recommend.ContactLog, task: recommend.Task, settings: recommend.Settings
) -> None:
    """Sizes of the task, and the settings that the validation period chose."""
    at_cut, here, users = "journey.recommend.period:task_at", f"{SOURCE}:collect", len(task.rows)
    met = int(task.candidates.sum())
    cold, words = float((~task.warm).mean()), "Share of users of the test period without a history"
    for name, value, unit, n, label, source in (
        ("candidates", met, "count", len(log.item_ids), "Items with a contact before the cut", at_cut),
        ("warm_users", task.warm.sum(), "count", users, "Users of the test period with a history", at_cut),
        ("cold_user_share", cold, "share", users, words, at_cut),
        ("test_days", TEST_DAYS, "count", None, "Days of the test period", here),
        ("validation_days", VALIDATION_DAYS, "count", None, "Days of the validation period", here),
        ("length", LENGTH, "count", None, "Places of a list", "journey.recommend.study:lists_of"),
    ):
        add_rows(desk, [(name, value, unit, label)], n=n, source=source)
    source = "journey.recommend.study:choose_settings"
    weights = " / ".join(f"{weight:g}" for weight in settings.weights)
    rank, alpha, penalty = settings.als
    texts = (
        ("weights", weights, "text", "Weights of a view, a cart and a purchase"),
        ("als_rank", f"{rank}", "text", "Rank of the ALS factors"),
        ("als_alpha", f"{alpha:g}", "text", "Confidence weight of ALS"),
        ("als_penalty", f"{penalty:g}", "text", "Penalty of ALS"),
        ("shrinkage", f"{settings.shrinkage:g}", "text", "Shrinkage of the item-item cosine, in users"),
        ("mix", mix_text(settings.mix), "text", "Weights of the parts of the hybrid"),
    )
    add_rows(desk, texts, source=source)


def add_methods(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """Every method on users with a history: quality, coverage, novelty; recall by how popular the item is."""
    strength = np.asarray(task.strength((1.0,) * len(KINDS)).sum(axis=0)).ravel()
    groups = recommend.popularity_groups(strength, task.candidates, ITEM_SHARES)
    found = recommend.compare(
        task, scores, users=task.warm, item_groups=dict(zip(POPULAR, groups, strict=True)), seed=SEED
    )
    table = found.table.assign(name=found.table["method"].map(METHOD_NAMES))
    desk.save("methods", table)
    n = found.n_users
    for row in table.to_dict("records"):
        method = in_sentence(row["method"])
        for metric in METRICS:
            unit = "share" if metric == "recall" else "ratio"
            label = f"{METRIC_NAMES[metric]} at {LENGTH}, {method}"
            add_bounded(desk, f"{metric}_{row['method']}", bounded(row, metric), unit, n, label)
        label = f"NDCG over popularity, less one, {method}"
        add_bounded(desk, f"gain_{row['method']}", bounded(row, "gain"), "share", n, label, digits=0)
        name, label = f"coverage_{row['method']}", f"Coverage of the lists, {method}"
        covered = (name, row["coverage"], "share", label)
        add_rows(desk, [covered], digits=1, n=n, source=f"{COMPARISON}:compare")
    items = found.by_items.assign(name=found.by_items["method"].map(METHOD_NAMES))
    desk.save("items", items)
    add_items(desk, items)


def add_items(desk: Desk, items: pd.DataFrame) -> None:
    """Choices of items of each popularity, and how many of them some methods find."""
    numbers: list[Row] = []
    wanted = items.loc[items["method"].eq("popularity"), "choices"].sum()
    for group, key in POPULAR.items():
        rows = items[items["items"].eq(group)].set_index("method")
        for method in ("popularity", "als", "pairs", "hybrid", "oracle"):
            row, label = rows.loc[method], f"Choices found, {group} by popularity, {in_sentence(method)}"
            numbers.append((f"{key}_{method}", row["found"], "share", label, {"n": row["choices"]}))
        share, label = rows["choices"].iloc[0] / wanted, f"Share of choices, {group} of items by popularity"
        numbers.append((f"{key}_choices", share, "share", label, {"n": wanted}))
    add_rows(desk, numbers, source="journey.recommend.ranking:item_hits")


def add_oracle_shares(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """How much better one list is than another, and their share of the oracle's gain over popularity."""
    for metric in ("ndcg", "recall"):
        totals = recommend.ndcg_totals(task, scores, task.warm, metric=metric, seed=SEED)
        for method in ("als", "hybrid") if metric == "ndcg" else ():
            share = recommend.share_of_gain(totals, method, "popularity", "oracle")
            name, label = f"captured_ndcg_{method}", f"Oracle's gain in NDCG captured, {in_sentence(method)}"
            add_bounded(desk, name, share, "share", totals.n_users, label, source="share_of_gain", digits=0)
        for better, other in OVER:
            difference = totals.estimate(ratio_less_one(better, other))
            name = f"{better}_over_{other}_{metric}"
            label = f"{METRIC_NAMES[metric]}, {in_sentence(better)} over {in_sentence(other)}, less one"
            less_one = [round(part, DIGITS) for part in (difference.value, difference.low, difference.high)]
            add_bounded(desk, name, less_one, "share", totals.n_users, label, source="ratio_less_one")


def add_cold(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """Users without a history: only popularity is left."""
    found = recommend.compare(task, {"popularity": scores["popularity"]}, users=~task.warm, seed=SEED)
    (row,) = found.table.to_dict("records")
    label = f"Recall at {LENGTH} of users without a history, {in_sentence('popularity')}"
    add_bounded(desk, "cold_recall_popularity", bounded(row, "recall"), "share", found.n_users, label)


def add_history(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """NDCG by the number of contacts before the cut."""
    contacts = np.asarray(task.strength((1.0,) * len(KINDS)).sum(axis=1)).ravel()[task.rows]
    rows = []
    for low, high in HISTORY:
        users = (contacts >= low) & (contacts <= (high or np.inf))
        label = f"{low} to {high}" if high else f"{low} or more"
        if not users.any():
            continue
        chosen = {name: scores[name] for name in ("popularity", "als", "hybrid", "oracle")}
        found = recommend.compare(task, chosen, users=users, seed=SEED)
        for row in found.table.to_dict("records"):
            rows.append(
                {
                    "contacts": label,
                    "method": row["method"],
                    "name": METHOD_NAMES[row["method"]],
                    "users": found.n_users,
                    "ndcg": row["ndcg"],
                    "low": row["ndcg_low"],
                    "high": row["ndcg_high"],
                }
            )
            name, n = f"history_{low}_{row['method']}", found.n_users
            what = f"NDCG at {LENGTH} of users with {label} contacts, {in_sentence(row['method'])}"
            add_bounded(desk, name, bounded(row, "ndcg"), "ratio", n, what)
            if row["method"] == "als":
                name, what = f"history_gain_{low}", f"NDCG of ALS over popularity, less one, {label} contacts"
                add_bounded(desk, name, bounded(row, "gain"), "share", n, what, digits=0)
    desk.save("history", pd.DataFrame(rows))


def add_fewer_users(desk: Desk, task: recommend.Task, settings: recommend.Settings) -> None:
    """ALS when it learns from fewer of the other users; the judged users keep their own history."""
    scores = {}
    for share in (FEW, 1.0):
        thin = recommend.with_fewer_users(task, share, SEED)
        scores[f"{share:.0%}"] = recommend.personal_scores(
            "als", thin, settings.weights, settings.als, None, settings.sweeps
        )
    found = recommend.compare(task, scores, users=task.warm, baseline=f"{FEW:.0%}", seed=SEED)
    row = found.table.to_dict("records")[-1]
    label = f"NDCG of ALS with 100% of the other users over that with {FEW:.0%}, less one"
    add_bounded(desk, "als_gain_100", bounded(row, "gain"), "share", found.n_users, label, digits=1)
