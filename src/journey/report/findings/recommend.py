"""Findings of chapter 07: which items to show next, and how near the methods come to knowing tastes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey import recommend
from journey.evaluation.taste import next_cart_probability, taste_truth
from journey.journeys.intervals import wilson_interval
from journey.recommend.comparison import DIGITS, METRICS, ratio_less_one
from journey.recommend.study import LENGTH
from journey.report.findings.desk import Desk
from journey.report.findings.recommend_field import add_field
from journey.report.findings.recommend_names import METHOD_NAMES, in_sentence, mix_text
from journey.report.findings.recommend_pairs import add_pairs, pair_part

SOURCE = "journey.report.findings.recommend"
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
SHARES = (0.1, 0.3, 1.0)
ITEM_SHARES = (0.1, 0.5)
#: methods whose difference is what the purchase model makes, and all whose difference is shown
PURCHASE = (("pairs", "als"), ("hybrid", "hybrid_without"))
OVER = (("hybrid", "als"), *PURCHASE)
SEED = 7
BOOTSTRAP = "percentile bootstrap over users"


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
    add_pairs(desk, task, part, settings)
    add_oracle_shares(desk, task, scores)
    add_cold(desk, task, scores)
    add_history(desk, task, scores)
    add_fewer_users(desk, task, settings)
    add_oracle_check(desk, log)
    add_field(desk)


def contact_log(desk: Desk) -> tuple[recommend.ContactLog, np.ndarray]:
    """Views, carts and purchases of items in order of time, and the category number of every item."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    events = desk.warehouse.execute(
        f"""
        select user_id, item_id, event_type, ts
        from staging.events
        where event_type in ({kinds}) and item_id is not null
        order by ts, event_id
        """
    ).df()
    items = desk.warehouse.execute("select item_id, category from staging.items order by item_id").df()
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
    source = "journey.recommend.period:task_at"
    for name, value, label in (
        ("candidates", int(task.candidates.sum()), "Items with a contact before the cut"),
        ("choices", int(task.relevant.sum()), "User-item pairs to be found in the test period"),
        ("warm_users", int(task.warm.sum()), "Users of the test period with a history"),
        ("cold_users", int((~task.warm).sum()), "Users of the test period without a history"),
        ("users", len(log.user_ids), "Users with any contact"),
        ("test_days", TEST_DAYS, "Days of the test period"),
        ("validation_days", VALIDATION_DAYS, "Days of the validation period"),
        ("length", LENGTH, "Places of a list"),
    ):
        desk.ledger.add(f"recommend.{name}", value, "count", label=label, source=source)
    desk.ledger.add(
        "recommend.cold_user_share",
        float((~task.warm).mean()),
        "share",
        n=len(task.rows),
        label="Users of the test period without a history",
        source=source,
    )
    desk.ledger.add(
        "recommend.cold_item_share",
        task.cold_choices / task.choices,
        "share",
        n=task.choices,
        label="Choices of items that nobody had met before the cut",
        source=source,
    )
    source = "journey.recommend.study:choose_settings"
    weights = " / ".join(f"{weight:g}" for weight in settings.weights)
    rank, alpha, penalty = settings.als
    for name, text in (
        ("weights", weights),
        ("als_rank", f"{rank}"),
        ("als_alpha", f"{alpha:g}"),
        ("als_penalty", f"{penalty:g}"),
        ("shrinkage", f"{settings.shrinkage:g}"),
        ("prior", f"{settings.prior:g}"),
        ("mix", mix_text(settings.mix)),
    ):
        desk.ledger.add(f"recommend.{name}", text, source=source)


def add_methods(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """Every method on users with a history: quality, coverage, novelty; recall by how popular the item is."""
    strength = np.asarray(task.strength((1.0,) * len(KINDS)).sum(axis=0)).ravel()
    names = ("top tenth", "next four tenths", "lower half")
    groups = recommend.popularity_groups(strength, task.candidates, ITEM_SHARES)
    found = recommend.compare(
        task, scores, users=task.warm, item_groups=dict(zip(names, groups, strict=True)), seed=SEED
    )
    table = found.table.assign(name=found.table["method"].map(METHOD_NAMES))
    desk.save("methods", table)
    items = found.by_items.assign(name=found.by_items["method"].map(METHOD_NAMES))
    desk.save("items", items)
    source = "journey.recommend.comparison:compare"
    for row in table.to_dict("records"):
        for metric in METRICS:
            desk.ledger.add(
                f"recommend.{metric}_{row['method']}",
                row[metric],
                "share" if metric == "recall" else "ratio",
                low=row[f"{metric}_low"],
                high=row[f"{metric}_high"],
                method=BOOTSTRAP,
                n=found.n_users,
                label=f"{metric.replace('_', ' ')} at 20, {row['name']}",
                source=source,
            )
        desk.ledger.add(
            f"recommend.gain_{row['method']}",
            row["gain"],
            "share",
            digits=0,
            low=row["gain_low"],
            high=row["gain_high"],
            method=BOOTSTRAP,
            n=found.n_users,
            label=f"NDCG over that of popularity, less one, {row['name']}",
            source=source,
        )
        for measure, unit in (("coverage", "share"), ("novelty", "ratio")):
            desk.ledger.add(
                f"recommend.{measure}_{row['method']}",
                row[measure],
                unit,
                digits=1,
                n=found.n_users,
                label=f"{measure} of the lists, {row['name']}",
                source=source,
            )
    learned = table[~table["method"].isin(["oracle"])].sort_values("ndcg", kind="stable")
    desk.ledger.add("recommend.best", in_sentence(str(learned["method"].iloc[-1])), source=source)
    for group, key in zip(names, ("top", "middle", "tail"), strict=True):
        rows = items[items["items"].eq(group)].set_index("method")
        for method in ("popularity", "als", "pairs", "hybrid", "oracle"):
            desk.ledger.add(
                f"recommend.{key}_{method}",
                float(rows.loc[method, "found"]),
                "share",
                n=int(rows.loc[method, "choices"]),
                label=f"Choices found among items of the {group}, {METHOD_NAMES[method]}",
                source="journey.recommend.ranking:item_hits",
            )
        wanted = items[items["method"].eq("popularity")]
        desk.ledger.add(
            f"recommend.{key}_choices",
            float(rows["choices"].iloc[0] / wanted["choices"].sum()),
            "share",
            n=int(wanted["choices"].sum()),
            label=f"Choices among items of the {group}",
            source="journey.recommend.ranking:item_hits",
        )


def add_oracle_shares(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """Share of the oracle's gain over popularity that each method captures, in NDCG and in recall."""
    rows = []
    clear = 0
    for metric in ("ndcg", "recall"):
        totals = recommend.ndcg_totals(task, scores, task.warm, metric=metric, seed=SEED)
        for method in ("recent", "category", "item_item", "als", "pairs", "hybrid_without", "hybrid"):
            value, low, high = recommend.share_of_gain(totals, method, "popularity", "oracle")
            rows.append(
                {
                    "metric": metric,
                    "method": method,
                    "name": METHOD_NAMES[method],
                    "share": value,
                    "low": low,
                    "high": high,
                }
            )
            desk.ledger.add(
                f"recommend.captured_{metric}_{method}",
                value,
                "share",
                digits=0,
                low=low,
                high=high,
                method=BOOTSTRAP,
                n=int(task.warm.sum()),
                label=f"Share of the oracle's gain over popularity in {metric}, {METHOD_NAMES[method]}",
                source="journey.recommend.comparison:share_of_gain",
            )
        for better, other in OVER:
            difference = totals.estimate(ratio_less_one(better, other))
            clear += (better, other) in PURCHASE and (difference.low > 0 or difference.high < 0)
            desk.ledger.add(
                f"recommend.{better}_over_{other}_{metric}",
                round(difference.value, DIGITS),
                "share",
                low=round(difference.low, DIGITS),
                high=round(difference.high, DIGITS),
                method=BOOTSTRAP,
                n=difference.n_users,
                label=f"{metric}, {in_sentence(better)} over {in_sentence(other)}, less one",
                source="journey.recommend.comparison:ndcg_totals",
            )
    desk.ledger.add(
        "recommend.pairs_clear",
        int(clear),
        "count",
        label=f"Of {2 * len(PURCHASE)} differences the purchase model makes, intervals clear of zero",
        source="journey.recommend.comparison:ndcg_totals",
    )
    desk.save("captured", pd.DataFrame(rows))


def add_cold(desk: Desk, task: recommend.Task, scores: dict[str, np.ndarray]) -> None:
    """Users without a history: only popularity is left, next to what tastes would give."""
    found = recommend.compare(
        task, {name: scores[name] for name in ("popularity", "recent", "oracle")}, users=~task.warm, seed=SEED
    )
    table = found.table.assign(name=found.table["method"].map(METHOD_NAMES))
    desk.save("cold", table)
    for row in table.to_dict("records"):
        desk.ledger.add(
            f"recommend.cold_recall_{row['method']}",
            row["recall"],
            "share",
            low=row["recall_low"],
            high=row["recall_high"],
            method=BOOTSTRAP,
            n=found.n_users,
            label=f"Recall at 20 of users without a history, {row['name']}",
            source="journey.recommend.comparison:compare",
        )


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
            desk.ledger.add(
                f"recommend.history_{low}_{row['method']}",
                row["ndcg"],
                "ratio",
                low=row["ndcg_low"],
                high=row["ndcg_high"],
                method=BOOTSTRAP,
                n=found.n_users,
                label=f"NDCG at 20 of users with {label} contacts, {METHOD_NAMES[row['method']]}",
                source="journey.recommend.comparison:compare",
            )
            if row["method"] == "hybrid":
                desk.ledger.add(
                    f"recommend.history_gain_{low}",
                    row["gain"],
                    "share",
                    digits=0,
                    low=row["gain_low"],
                    high=row["gain_high"],
                    method=BOOTSTRAP,
                    n=found.n_users,
                    label=f"NDCG of the hybrid over popularity, less one, users with {label} contacts",
                    source="journey.recommend.comparison:compare",
                )
    desk.save("history", pd.DataFrame(rows))


def add_fewer_users(desk: Desk, task: recommend.Task, settings: recommend.Settings) -> None:
    """ALS when it learns from fewer of the other users; the judged users keep their own history."""
    scores = {}
    for share in SHARES:
        thin = recommend.with_fewer_users(task, share, SEED)
        scores[f"{share:.0%}"] = recommend.personal_scores(
            "als", thin, settings.weights, settings.als, None, settings.sweeps
        )
    found = recommend.compare(task, scores, users=task.warm, baseline=f"{SHARES[0]:.0%}", seed=SEED)
    table = found.table.rename(columns={"method": "others"})
    desk.save("fewer_users", table[["others", "ndcg", "ndcg_low", "ndcg_high", "recall"]])
    for share, row in zip(SHARES, found.table.to_dict("records"), strict=True):
        desk.ledger.add(
            f"recommend.als_with_{round(100 * share)}",
            row["ndcg"],
            "ratio",
            low=row["ndcg_low"],
            high=row["ndcg_high"],
            method=BOOTSTRAP,
            n=found.n_users,
            label=f"NDCG at 20 of ALS that learns from {share:.0%} of the other users",
            source="journey.recommend.period:with_fewer_users",
        )


def add_oracle_check(desk: Desk, log: recommend.ContactLog) -> None:
    """Hold the oracle's probabilities against the first cart of every user, which no earlier cart shapes."""
    carts = np.flatnonzero(log.kind == KINDS.index("add_to_cart"))
    users, first = np.unique(log.user[carts], return_index=True)
    chosen = log.item[carts[first]]
    span = log.moment.max().astype("datetime64[D]") - log.moment.min().astype("datetime64[D]")
    truth = taste_truth(
        desk.paths.store(desk.store),
        log.user_ids[users].astype(np.int64),
        log.item_ids.astype(np.int64),
        range(int(span.astype(int)) + 1),
    )
    chance = next_cart_probability(truth)
    lists = recommend.top_items(chance, LENGTH)
    hits = (lists == chosen[:, None]).any(axis=1)
    expected = float(np.take_along_axis(chance, lists, axis=1).sum(axis=1).mean())
    source = "journey.evaluation.taste:next_cart_probability"
    desk.ledger.add("recommend.oracle_expected", round(expected, DIGITS), "share", n=len(hits), source=source)
    low, high = (float(bound) for bound in wilson_interval(int(hits.sum()), len(hits)))
    desk.ledger.add(
        "recommend.oracle_observed",
        float(hits.mean()),
        "share",
        low=low,
        high=high,
        method="Wilson",
        n=len(hits),
        label="First carted items among the oracle's twenty likeliest",
        source=source,
    )
