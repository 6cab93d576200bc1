"""Findings of the appendix on drift: other shops, with and without what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from journey.features import FEATURES
from journey.findings.desk import Desk
from journey.findings.seeds.collect import mean_interval
from journey.inference.intervals import wilson_estimate
from journey.models.watch import BEFORE, DAYS, SCORE, Log, user_features
from journey.studies.drift_twins import TWINS, alarm_table
from journey.studies.evidence import Evidence

SOURCE = "journey.studies.drift_twins:drift_twins"
CHANNEL = "channel"
#: A coupon is likelier for visitors with a longer history, and the model reads that history: both move in a
#: young shop though nothing is planted.
GROWING = (SCORE, "coupon_pct")
MEAN = "Student, over shops"
POWER = 0.8


class Weeks:
    """Weeks of the watch that something planted falls into.

    `partly` holds the first day of the shift, `shifted` is the first week after it, `promotion` holds the
    promotion weekend; weeks are counted from the first of the data.
    """

    def __init__(self, partly: int, shifted: int, promotion: int, last: int, first_day: pd.Timestamp) -> None:
        self.partly, self.shifted, self.promotion, self.last = partly, shifted, promotion, last
        self.first_day = first_day

    def starts(self, week: int) -> pd.Timestamp:
        """First day of a week."""
        return self.first_day + pd.Timedelta(days=DAYS * week)


def plain(name: str) -> str:
    """A variable in words."""
    for ending, words in (("_1d", " in a day"), ("_7d", " in a week"), ("_pct", "")):
        name = name.replace(ending, words)
    return name.replace("_", " ")


def add_twins(desk: Desk, found: Evidence, log: Log, calendar: Weeks) -> None:
    """Alarms with the shift and without, by variable; and what the shift does to the scores."""
    shops = found.results["shops"]
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    alarms = alarm_table(shops, "users", "psi")
    desk.save("alarms", alarm_rows(alarms, log, calendar))
    desk.save("shown", shown_rows(shops, log, calendar))
    desk.ledger.add("drift.shops", len(shops), "count", label="Shops drawn, each twice", source=SOURCE)
    add_detection(desk, shops, alarms, calendar)
    add_false_alarms(desk, found.results, alarms)
    add_effects(desk, shops)


def phases(calendar: Weeks) -> dict[str, list[int]]:
    """Weeks of the watch by what is planted in them."""
    special = {calendar.promotion, calendar.partly, *range(calendar.shifted, calendar.last + 1)}
    return {
        "promotion": [calendar.promotion],
        "between": [week for week in range(BEFORE, calendar.last + 1) if week not in special],
        "shifted": list(range(calendar.shifted, calendar.last + 1)),
    }


def alarm_rows(alarms: pd.DataFrame, log: Log, calendar: Weeks) -> pd.DataFrame:
    """One row a variable that rings: its index here, and in how many shops it rings, with and without."""
    here = log.table.assign(ratio=log.table["psi"] / log.table["psi_limit"].replace(0, np.nan))
    rows = []
    for name in log.names:
        mine = alarms[alarms["variable"] == name]
        seen = here[here["variable"] == name]
        peak = seen.loc[seen["psi"].idxmax()]
        rang = seen.loc[seen["psi_rings"], "week"]
        row: dict[str, Any] = {
            "variable": plain(name),
            "psi": peak["psi"],
            "chance": peak["psi_chance"],
            "limit": peak["psi_limit"],
            "first": f"{calendar.starts(int(rang.min())):%-d %b}" if len(rang) else "never",
        }
        for phase, weeks in phases(calendar).items():
            counts = [
                mine[mine["week"].isin(weeks) & (mine["twin"] == twin)]["seed"].nunique() for twin in TWINS
            ]
            row |= {f"{phase}_{twin}": count for twin, count in zip(TWINS, counts, strict=True)}
            row[phase] = "/".join(map(str, counts))
        rows.append(row)
    table = pd.DataFrame(rows).sort_values(["shifted_planted", "psi"], ascending=False, kind="stable")
    counted = [f"{phase}_{twin}" for phase in phases(calendar) for twin in TWINS]
    return table[(table[counted] > 0).any(axis=1)].reset_index(drop=True)


def shown_rows(shops: dict[str, Any], log: Log, calendar: Weeks) -> pd.DataFrame:
    """Index of some variables by week, in this shop and in its quiet twin, with the height of the alarm."""
    seed = next(iter(shops)) if "7" not in shops else "7"
    quiet = shops[seed]["quiet"]["shown"]
    weeks = range(BEFORE, calendar.last + 1)
    tables = []
    for name, values in quiet.items():
        own = log.table[log.table["variable"] == name].set_index("week").loc[list(weeks)]
        tables.append(
            pd.DataFrame(
                {
                    "variable": plain(name),
                    "week": list(weeks),
                    "starts": [f"{calendar.starts(week):%-d %b}" for week in weeks],
                    "psi": own["psi"].to_numpy(),
                    "quiet": [float(value) for value in values.split()],
                    "chance": own["psi_chance"].to_numpy(),
                    "limit": own["psi_limit"].to_numpy(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def shops_with(alarms: pd.DataFrame, twin: str, weeks: list[int] | None = None) -> int:
    """Shops of a kind with any of the alarms, in the given weeks."""
    rows = alarms[alarms["twin"] == twin]
    return int((rows if weeks is None else rows[rows["week"].isin(weeks)])["seed"].nunique())


def add_detection(desk: Desk, shops: dict[str, Any], alarms: pd.DataFrame, calendar: Weeks) -> None:
    """In how many shops the shift and the promotion are seen at once."""
    add = desk.ledger.add
    common: dict[str, Any] = {"n": len(shops), "source": SOURCE}
    channel = alarms[alarms["variable"] == CHANNEL]
    at_once = shops_with(channel, "planted", [calendar.shifted])
    add(
        "drift.detected",
        at_once,
        "count",
        label="Shops in which the channel rings in the first week",
        **common,
    )
    early = shops_with(channel, "planted", [calendar.partly])
    add("drift.detected_early", early, "count", label="Shops in which it rings on the first day", **common)
    before = list(range(BEFORE, calendar.partly))
    wrong = shops_with(channel, "planted", before)
    add("drift.channel_false", wrong, "count", label="Shops in which it rings before the shift", **common)
    quiet = shops_with(channel, "quiet")
    add("drift.channel_quiet_rings", quiet, "count", label="Quiet shops in which the channel rings", **common)
    known = alarms[~alarms["variable"].isin([SCORE])]
    for twin in TWINS:
        count = shops_with(known, twin, [calendar.promotion])
        label = f"Shops, {twin}, in which an input rings in the promotion week"
        add(f"drift.promotion_{twin}", count, "count", label=label, **common)
    rule = alarm_table(shops, "users", "rule")
    count = shops_with(rule[rule["variable"] == CHANNEL], "planted", [calendar.shifted])
    add("drift.rule_detected", count, "count", label="Shops whose channel passes the rule of thumb", **common)
    count = shops_with(rule, "quiet")
    add("drift.rule_quiet", count, "count", label="Quiet shops with anything beyond the rule", **common)
    count = shops_with(rule, "planted", [calendar.promotion])
    add("drift.rule_promotion", count, "count", label="Promotions seen by the rule of thumb", **common)


def add_false_alarms(desk: Desk, results: dict[str, Any], alarms: pd.DataFrame) -> None:
    """How often it rings where nothing is planted, and where there is no calendar at all."""
    shops, rotated = results["shops"], results["rotated"]
    add = desk.ledger.add
    common: dict[str, Any] = {"n": len(shops), "source": SOURCE}
    items = {each.name for each in FEATURES} - set(user_features())
    everything = alarm_table(shops, "all", "psi")
    for name, rows, words in (
        ("any", alarms, "anything"),
        ("score", alarms[alarms["variable"] == SCORE], "the score"),
        ("coupon", alarms[alarms["variable"] == "coupon_pct"], "the coupon"),
        ("still", alarms[~alarms["variable"].isin(GROWING)], "anything but score and coupon"),
        ("items", everything[everything["variable"].isin(items)], "a feature of the item"),
    ):
        count = shops_with(rows, "quiet")
        add(f"drift.quiet_{name}", count, "count", label=f"Quiet shops in which {words} rings", **common)
    runs, rang = int(rotated["runs"]), int(rotated["psi"])
    add(
        "drift.rotated",
        wilson_estimate(rang, runs),
        "share",
        label="Shops without a calendar in which anything rings",
        source="journey.studies.drift_twins:false_alarms",
    )
    single = alarm_table(shops, "users", "single")
    single = single[(single["twin"] == "quiet") & ~single["variable"].isin(GROWING)]
    add(
        "drift.single",
        len(single) / len(shops),
        "count",
        n=len(shops),
        label="Single looks beyond their chance limit in a quiet shop, mean",
        source=SOURCE,
    )


def add_patience(desk: Desk, effect: float, weekly: float) -> None:
    """Purchases, and weeks, after which a change of observed over expected can be told from chance.

    Purchases count as independent, so their logarithm has a standard error of one over their root; a test at
    5% then sees the change in four of five cases.
    """
    wanted = (norm.ppf(0.975) + norm.ppf(POWER)) / np.log1p(effect)
    common: dict[str, Any] = {"source": f"{__name__}:add_patience"}
    add = desk.ledger.add
    add("drift.power", POWER, "share", digits=0, label="Chance to see the change", **common)
    add("drift.purchases_needed", wanted**2, "count", label="Purchases to see the change", **common)
    add("drift.weeks_needed", wanted**2 / weekly, "count", label="Weeks with as many purchases", **common)


def add_effects(desk: Desk, shops: dict[str, Any]) -> None:
    """What the shift does to ranking and calibration, and what retraining brings, over all shops."""
    planted, quiet = (pd.DataFrame([shops[seed][twin]["performance"] for seed in shops]) for twin in TWINS)
    ratio = {
        name: each["observed"] / each["expected_frozen"]
        for name, each in (("planted", planted), ("quiet", quiet))
    }
    values = {
        "auc_effect": (planted["auc_frozen"] - quiet["auc_frozen"], "Effect of the shift on the ROC-AUC"),
        "ratio_planted": (ratio["planted"], "Observed over expected after the shift"),
        "ratio_quiet": (ratio["quiet"], "Observed over expected, no shift"),
        "ratio_effect": (ratio["planted"] - ratio["quiet"], "Effect of the shift on observed over expected"),
    }
    for twin, each in (("planted", planted), ("quiet", quiet)):
        words = "after the shift" if twin == "planted" else "without a shift"
        kept, renewed = (
            each["observed_late"] / each[f"expected_{kind}_late"] for kind in ("before", "weekly")
        )
        values |= {
            f"retrain_auc_{twin}": (
                each["auc_weekly_late"] - each["auc_before_late"],
                f"Gain of retraining {words}, ROC-AUC",
            ),
            f"retrain_loss_{twin}": (
                each["loss_before_late"] - each["loss_weekly_late"],
                f"Gain of retraining {words}, log loss",
            ),
            f"ratio_kept_{twin}": (kept, f"Observed over expected {words}, not retrained"),
            f"ratio_retrained_{twin}": (
                renewed,
                f"Observed over expected {words}, retrained",
            ),
        }
    weekly = float(planted["observed"].mean()) / 3
    add_patience(desk, float(values["ratio_effect"][0].mean()), weekly)
    for name, (each, label) in values.items():
        mean, low, high = mean_interval(each.tolist())
        desk.ledger.add(
            f"drift.{name}",
            mean,
            "ratio",
            low=low,
            high=high,
            method=MEAN,
            n=len(each),
            digits=2 if name.startswith("ratio") else 4 if name.startswith("retrain") else 3,
            label=f"{label}, mean of shops",
            source="journey.studies.drift_twins:performance",
        )
