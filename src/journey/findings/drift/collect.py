"""Findings of the appendix on drift: does the model notice that its visitors changed, and does it matter?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from journey.evaluation.calendar import planted_calendar
from journey.features import FeatureFrame, load_features
from journey.findings.desk import Desk
from journey.findings.drift import shops as drift_shops
from journey.findings.drift.shops import Weeks, plain
from journey.inference.estimate import Estimate
from journey.models.drift import Look
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap, losses
from journey.models.stability import Floats, detectable_share
from journey.models.watch import (
    BEFORE,
    BURN_IN,
    DAYS,
    Blend,
    Log,
    fit_blend,
    rolling_scores,
    week_of,
)
from journey.studies.drift_twins import (
    DECISION,
    RULE,
    watch_shop,
)
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


def any_look(log: Log) -> Look:
    """One of the looks: they share the reference and the number of draws."""
    return next(iter(log.looks.values()))


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
    weeks = Weeks(since // DAYS, -(-since // DAYS), promotion, last, first)
    truth = "journey.evaluation.calendar:planted_calendar"
    add = desk.ledger.add
    add("drift.shift_from", day(planted.drift_from), label="First day of the planted shift", source=truth)
    add("drift.promotion_from", day(planted.promotion[0]), label="First day of the promotion", source=truth)
    add(
        "drift.shift_channels",
        " and ".join(name.replace("_", " ") for name in planted.raised),
        label="Channels that the planted shift makes likelier",
        source=truth,
    )
    odds = float(np.expm1(planted.intent))
    add("drift.planted_odds", odds, "share", label="Planted rise of the odds of a purchase", source=truth)
    common: dict[str, Any] = {"source": WATCH}
    add("drift.watch_from", day(weeks.starts(BEFORE)), label="First day of the watch", **common)
    add("drift.reference_weeks", BEFORE - BURN_IN, "count", label="Weeks of the reference", **common)
    add("drift.looks", len(log.looks), "count", label="Weeks that are watched", **common)
    add("drift.variables", len(log.names), "count", label="Variables that are watched", **common)
    add("drift.reference_rows", any_look(log).reference, "count", label="Sessions of the reference", **common)
    add(
        "drift.level",
        log.alpha,
        "share",
        digits=0,
        label="Accepted chance of a false alarm",
        **common,
    )
    add("drift.draws", len(any_look(log).chance["psi"]), "count", label="Draws without a calendar", **common)
    add("drift.rule", RULE, "ratio", digits=1, label="Rule of thumb for the stability index", **common)
    known = frame.label[week_of(frame) < BEFORE]
    add(
        "drift.frozen_buyers",
        int(known.sum()),
        "count",
        n=len(known),
        label="Purchases that the frozen model learned from",
        source="journey.models.watch:frozen_scores",
    )
    return weeks


def add_chance(desk: Desk, log: Log, calendar: Weeks) -> None:
    """What chance alone does to the index in one week, and which change of a channel would ring."""
    # The last week before the shift: draws that mix shifted weeks in would not be chance alone.
    week = calendar.partly - 1
    table, seen = log.table, log.looks[week]
    now = table[table["week"] == week].set_index("variable")
    # A constant has no chance to speak of.
    moving = now[now["psi_chance"] > 0]
    common: dict[str, Any] = {"n": int(now["rows"].iloc[0]), "source": WATCH}
    for name, values in (("chance", moving["psi_chance"]), ("limit", moving["psi_limit"])):
        words = "5% of single looks exceed" if name == "chance" else "the alarm starts from"
        for end, value in (("least", values.min()), ("most", values.max())):
            desk.ledger.add(
                f"drift.{name}_{end}",
                float(value),
                "ratio",
                label=f"Stability index that {words}: {end} of all variables",
                **common,
            )
    place = seen.names.index(CHANNEL)
    edges = np.cumsum([0, *(each.size for each in seen.bins)])
    counts = seen.counts[edges[place] : edges[place + 1]]
    grown = seen.bins[place].categories.index(GROWN)
    limit, rows = float(now.loc[CHANNEL, "psi_limit"]), int(now["rows"].iloc[0])
    add = desk.ledger.add
    exact: dict[str, Any] = {"n": rows, "source": "journey.models.stability:detectable_share"}
    before = float(counts[grown] / counts.sum())
    add("drift.social_before", before, "share", digits=0, label="Share of social, reference", **exact)
    for name, threshold in (("social_rings", limit), ("social_rule", RULE)):
        words = "the alarm" if name == "social_rings" else "the rule of thumb"
        share = detectable_share(counts, grown, rows, threshold)
        add(f"drift.{name}", share, "share", digits=0, label=f"Share of social that reaches {words}", **exact)


def add_alarms(desk: Desk, log: Log, calendar: Weeks) -> None:
    """What rang in this shop, when, by which measure."""
    table = log.table
    desk.save("watched", table.assign(starts=[f"{calendar.starts(week):%-d %b}" for week in table["week"]]))
    add = desk.ledger.add
    common: dict[str, Any] = {"source": WATCH}
    channel = table[table["variable"] == CHANNEL].set_index("week")
    first = int(channel.index[channel["psi_rings"]].min())
    add(
        "drift.channel_psi",
        float(channel.loc[first, "psi"]),
        label="Index of the channel, first alarm",
        **common,
    )
    add(
        "drift.channel_rang",
        day(calendar.starts(first)),
        label="First week in which the channel rang",
        **common,
    )
    before = channel[channel.index < calendar.partly]
    add(
        "drift.channel_quiet",
        float(before["psi"].max()),
        label="Largest index of the channel before",
        **common,
    )
    for name, week in (("promotion", calendar.promotion), ("shift", calendar.shifted)):
        rang = table[(table["week"] == week) & table["psi_rings"] & (table["variable"] != CHANNEL)]
        words = ", ".join(map(plain, rang["variable"])) or "none"
        add(
            f"drift.{name}_rang",
            words,
            label=f"Other variables than the channel that rang in the {name} week",
            **common,
        )
    score = table[table["variable"] == "score"].set_index("week")
    add("drift.score_psi", float(score["psi"].max()), label="Largest index of the score", **common)
    device = table[table["variable"] == "device"]
    add("drift.device_psi", float(device["psi"].max()), label="Largest index of the device", **common)
    both = (table["psi_rings"] & table["gap_rings"]).sum()
    for measure, words in (("psi", "by the index"), ("gap", "by the largest gap")):
        rang = int(table[f"{measure}_rings"].sum())
        add(f"drift.rings_{measure}", rang, "count", n=len(table), label=f"Alarms {words}", **common)
    add("drift.rings_both", int(both), "count", n=len(table), label="Alarms by both measures", **common)


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
            rows.append(
                {"starts": f"{calendar.starts(int(number)):%-d %b}", "week": int(number), "model": name}
                | counts
                | {
                    f"{metric}{end}": getattr(each, part)
                    for metric, each in quality(y[inside], p[inside], users[inside]).items()
                    for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
                }
            )
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
    common: dict[str, Any] = {"n": len(rows), "source": f"{SOURCE}:add_unknown"}
    for name, matrix in (("known", rows.matrix), ("unknown", blank)):
        value = float(model.predict(matrix).mean())
        label = f"Mean prediction for social visits, channel {name}"
        desk.ledger.add(f"drift.channel_{name}", value, "share", label=label, **common)


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
