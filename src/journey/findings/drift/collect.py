"""Findings of the appendix on drift: does the model notice that its visitors changed, and does it matter?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from journey.evaluation.calendar import planted_calendar
from journey.features import FeatureFrame, load_features
from journey.findings.desk import Desk, Row, add_rows, flat
from journey.findings.drift import shops as drift_shops
from journey.findings.drift.shops import Weeks, plain
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap, losses
from journey.models.stability import detectable_share
from journey.models.watch import BEFORE, BURN_IN, DAYS, Blend, Log, fit_blend, rolling_scores, week_of
from journey.studies.drift_twins import DECISION, RULE, watch_shop
from journey.studies.registry import kept

SOURCE = "journey.findings.drift.collect"
SEED, REPLICATES = 5, 400
METHOD = "bootstrap over users, centred"
WATCH = "journey.models.watch:watch_columns"
#: The variable of the planted shift, and the one category that grows most.
CHANNEL, GROWN = "channel", "social"


def collect(desk: Desk) -> None:
    """Register the page's numbers and save its tables."""
    # Sums over several threads end in other last digits on other machines.
    with threadpool_limits(limits=1):
        frame = load_features(desk.warehouse, DECISION)
        weeks = week_of(frame)
        _, log, frozen = watch_shop(frame)
        calendar = add_calendar(desk, frame, log)
        add_chance(desk, log, calendar)
        add_alarms(desk, log, calendar)
        rolling = rolling_scores(frame, weeks, seed=0)
        add_quality(desk, frame, weeks, frozen, rolling, calendar)
        add_unknown(desk, frame, weeks)
        drift_shops.add_twins(desk, kept("drift_twins", desk.paths), log, calendar)


def day(moment: Any) -> str:
    """A date in words."""
    return f"{pd.Timestamp(moment):%-d %B}"


def add_calendar(desk: Desk, frame: FeatureFrame, log: Log) -> Weeks:
    """Which weeks are compared with which, and what is planted in them."""
    first = pd.Timestamp(frame.decided_at.min()).normalize()
    planted = planted_calendar(desk.paths.store("simulated"))
    since = (pd.Timestamp(planted.drift_from) - first).days
    promotion = (pd.Timestamp(planted.promotion[0]) - first).days // DAYS
    last = int(log.table["week"].max())
    channels = " and ".join(name.replace("_", " ") for name in planted.raised)
    odds = float(np.expm1(planted.intent))
    rows = (
        ("shift_from", day(planted.drift_from), "text", "First day of the planted shift"),
        ("promotion_from", day(planted.promotion[0]), "text", "First day of the promotion"),
        ("shift_channels", channels, "text", "Channels that the planted shift makes likelier"),
        ("planted_odds", odds, "share", "Planted rise of the odds of a purchase"),
    )
    add_rows(desk, rows, source="journey.evaluation.calendar:planted_calendar")
    weeks = Weeks(since // DAYS, -(-since // DAYS), promotion, last, first)
    add_watch(desk, frame, log, weeks)
    return weeks


def add_watch(desk: Desk, frame: FeatureFrame, log: Log, weeks: Weeks) -> None:
    """What the watch compares: its reference, its variables, its error rate."""
    # The looks share the reference and the number of draws.
    look = next(iter(log.looks.values()))
    rows: tuple[Row, ...] = (
        ("watch_from", day(weeks.starts(BEFORE)), "text", "First day of the watch"),
        ("reference_weeks", BEFORE - BURN_IN, "count", "Weeks of the reference"),
        ("looks", len(log.looks), "count", "Weeks that are watched"),
        ("variables", len(log.names), "count", "Variables that are watched"),
        ("reference_rows", look.reference, "count", "Sessions of the reference"),
        ("alpha", log.alpha, "share", "Accepted chance of a false alarm", {"digits": 0}),
        ("draws", len(look.chance["psi"]), "count", "Draws without a calendar"),
        ("rule", RULE, "ratio", "Rule of thumb for the stability index", {"digits": 1}),
    )
    add_rows(desk, rows, source=WATCH)
    known = frame.label[week_of(frame) < BEFORE]
    buyers = ("frozen_buyers", known.sum(), "count", "Purchases that the frozen model learned from")
    add_rows(desk, [buyers], n=len(known), source="journey.models.watch:frozen_scores")


def add_chance(desk: Desk, log: Log, calendar: Weeks) -> None:
    """What chance alone does to the index in one week, and which change of a channel would ring."""
    # The last week before the shift: draws that mix shifted weeks in would not be chance alone.
    week = calendar.partly - 1
    table, seen = log.table, log.looks[week]
    now = table[table["week"] == week].set_index("variable")
    # A constant has no chance to speak of.
    moving, n = now[now["psi_chance"] > 0], int(now["rows"].iloc[0])
    rows: list[Row] = []
    for name, words in (("chance", "5% of single looks exceed"), ("limit", "the alarm starts from")):
        values = moving[f"psi_{name}"]
        for end, value in (("least", values.min()), ("most", values.max())):
            label = f"Stability index that {words}: {end} of all variables"
            rows.append((f"{name}_{end}", value, "ratio", label))
    add_rows(desk, rows, n=n, source=WATCH)
    place = seen.names.index(CHANNEL)
    edges = np.cumsum([0, *(each.size for each in seen.bins)])
    counts = seen.counts[edges[place] : edges[place + 1]]
    grown = seen.bins[place].categories.index(GROWN)
    limit = float(now.loc[CHANNEL, "psi_limit"])
    alarm, rule = (detectable_share(counts, grown, n, threshold) for threshold in (limit, RULE))
    shares = (
        ("social_before", counts[grown] / counts.sum(), "share", "Share of social, reference"),
        ("social_rings", alarm, "share", "Share of social that reaches the alarm"),
        ("social_rule", rule, "share", "Share of social that reaches the rule of thumb"),
    )
    add_rows(desk, shares, digits=0, n=n, source="journey.models.stability:detectable_share")


def add_alarms(desk: Desk, log: Log, calendar: Weeks) -> None:
    """What rang in this shop, when, by which measure."""
    table = log.table
    desk.save("watched", table.assign(starts=[f"{calendar.starts(week):%-d %b}" for week in table["week"]]))
    channel = table[table["variable"] == CHANNEL].set_index("week")
    first = int(channel.index[channel["psi_rings"]].min())
    quiet = channel.loc[channel.index < calendar.partly, "psi"].max()
    largest = table.groupby("variable")["psi"].max()
    rows: list[Row] = [
        ("channel_psi", channel.loc[first, "psi"], "ratio", "Index of the channel, first alarm"),
        ("channel_rang", day(calendar.starts(first)), "text", "First week in which the channel rang"),
        ("channel_quiet", quiet, "ratio", "Largest index of the channel before"),
        ("score_psi", largest["score"], "ratio", "Largest index of the score"),
        ("device_psi", largest["device"], "ratio", "Largest index of the device"),
    ]
    for name, week in (("promotion", calendar.promotion), ("shift", calendar.shifted)):
        rang = table[(table["week"] == week) & table["psi_rings"] & (table["variable"] != CHANNEL)]
        words = ", ".join(map(plain, rang["variable"])) or "none"
        label = f"Other variables than the channel that rang in the {name} week"
        rows.append((f"{name}_rang", words, "text", label))
    index, gap = table["psi_rings"], table["gap_rings"]
    for measure, alarms, words in (
        ("psi", index, "by the index"),
        ("gap", gap, "by the largest gap"),
        ("both", index & gap, "by both measures"),
    ):
        rows.append((f"rings_{measure}", alarms.sum(), "count", f"Alarms {words}", {"n": len(table)}))
    add_rows(desk, rows, source=WATCH)


def quality(y: NDArray[np.bool_], p: Floats, users: NDArray[np.int64]) -> dict[str, Estimate]:
    """Area under the curve, and observed over expected purchases, with intervals."""
    ranked, outcome = rank_outcomes(y, p), y.astype(float)

    def metrics(weights: Floats) -> dict[str, Floats]:
        return {
            "roc_auc": ranked.profile(weights)["roc_auc"],
            "ratio": (weights @ outcome) / (weights @ p),
        }

    return bootstrap(metrics, users, len(y), replicates=REPLICATES, seed=SEED)[0]


def change(y: NDArray[np.bool_], p: Floats, later: NDArray[np.bool_], users: NDArray[np.int64]) -> Estimate:
    """Area under the curve of the later rows less that of the others; users may be in both."""
    sides = [(rows, rank_outcomes(y[rows], p[rows])) for rows in (later, ~later)]

    def metrics(weights: Floats) -> dict[str, Floats]:
        after, before = (ranked.profile(weights[:, rows])["roc_auc"] for rows, ranked in sides)
        return {"change": after - before}

    return bootstrap(metrics, users, len(y), replicates=REPLICATES, seed=SEED)[0]["change"]


def gain(y: NDArray[np.bool_], new: Floats, old: Floats, users: NDArray[np.int64]) -> dict[str, Estimate]:
    """What a new score brings: area under the curve, and log loss saved per session."""
    one, two = rank_outcomes(y, new), rank_outcomes(y, old)
    saved = losses(y.astype(float), old) - losses(y.astype(float), new)

    def metrics(weights: Floats) -> dict[str, Floats]:
        return {
            "roc_auc": one.profile(weights)["roc_auc"] - two.profile(weights)["roc_auc"],
            "loss": weights @ saved / weights.sum(axis=1),
        }

    return bootstrap(metrics, users, len(y), replicates=REPLICATES, seed=SEED)[0]


def add_quality(
    desk: Desk,
    frame: FeatureFrame,
    weeks: NDArray[np.int64],
    frozen: Floats,
    rolling: pd.DataFrame,
    calendar: Weeks,
) -> None:
    """Ranking and calibration week by week, before and after the shift, and what retraining brings."""
    watched = weeks >= BEFORE
    y, users, week, fixed = frame.label[watched], frame.user_id[watched], weeks[watched], frozen[watched]
    weekly = rolling.to_numpy()[np.arange(len(rolling)), week - BEFORE]
    rows = []
    for number in np.unique(week):
        inside = week == number
        counts = {"sessions": int(inside.sum()), "buyers": int(y[inside].sum())}
        for name, p in (("frozen", fixed), ("retrained every week", weekly)):
            row = {"starts": f"{calendar.starts(int(number)):%-d %b}", "week": int(number), "model": name}
            rows.append(row | counts | flat(quality(y[inside], p[inside], users[inside])))
    table = pd.DataFrame(rows)
    table["shifted"] = table["week"] >= calendar.shifted
    desk.save("quality", table)
    add_frozen(desk, table, y, fixed, week >= calendar.shifted, users)
    # In the first week after the shift nobody has any shifted week to learn from.
    late = week > calendar.shifted
    old = rolling[calendar.shifted].to_numpy()
    for metric, saved in gain(y[late], weekly[late], old[late], users[late]).items():
        label = f"Gain of retraining, {'ROC-AUC' if metric == 'roc_auc' else 'log loss'}"
        add_estimate(desk, f"retrain_{metric}", saved, int(late.sum()), label, f"{SOURCE}:gain", 4)


def add_frozen(
    desk: Desk,
    table: pd.DataFrame,
    y: NDArray[np.bool_],
    p: Floats,
    shifted: NDArray[np.bool_],
    users: NDArray[np.int64],
) -> None:
    """Ranking and calibration of the frozen model before and after the shift, and its weeks that are off."""
    source = f"{SOURCE}:add_frozen"
    for name, part in (("before", ~shifted), ("shifted", shifted)):
        found = quality(y[part], p[part], users[part])
        for metric, words in (("roc_auc", "ROC-AUC"), ("ratio", "observed over expected")):
            add_estimate(desk, f"{metric}_{name}", found[metric], int(part.sum()), f"{words}, {name}", source)
    moved = change(y, p, shifted, users)
    add_estimate(desk, "roc_auc_change", moved, len(y), "Change of the ROC-AUC with the shift", source)
    alone = table[table["model"] == "frozen"]
    off = alone[(alone["ratio_low"] > 1) | (alone["ratio_high"] < 1)]
    label = "Weeks whose interval of observed over expected excludes one"
    desk.ledger.add("drift.weeks_off", len(off), "count", n=len(alone), label=label, source=source)


def add_unknown(desk: Desk, frame: FeatureFrame, weeks: NDArray[np.int64]) -> None:
    """What a model says of visitors whose channel it does not know: no flag is set, as for direct ones."""
    last = int(weeks.max())
    model: Blend = fit_blend(frame.take(weeks < last), 0)
    now = frame.take(weeks == last)
    rows = now.take((now.slices["channel"] == GROWN).to_numpy())
    blank = rows.matrix.copy()
    blank[:, [name.startswith("from_") for name in rows.names]] = 0.0
    said = "Mean prediction for social visits, channel"
    numbers = [
        (f"channel_{name}", float(model.predict(matrix).mean()), "share", f"{said} {name}")
        for name, matrix in (("known", rows.matrix), ("unknown", blank))
    ]
    add_rows(desk, numbers, n=len(rows), source=f"{SOURCE}:add_unknown")


def add_estimate(
    desk: Desk, name: str, estimate: Estimate, n: int, label: str, source: str, digits: int | None = None
) -> None:
    """Register a value with its interval."""
    desk.ledger.add(
        f"drift.{name}",
        estimate,
        "ratio",
        method=METHOD,
        n=n,
        digits=2 if "ratio" in name else digits,
        label=label,
        source=source,
    )
