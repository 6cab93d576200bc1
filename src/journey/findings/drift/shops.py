"""Findings of the appendix on drift: other shops, with and without what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.experiments.duration import wait_for_change
from journey.features import FEATURES
from journey.findings.desk import Desk, Row, add_rows
from journey.inference.intervals import student_interval, wilson_estimate
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
    channel = alarms[alarms["variable"] == CHANNEL]
    known = alarms[~alarms["variable"].isin([SCORE])]
    rule = alarm_table(shops, "users", "rule")
    of_channel = rule[rule["variable"] == CHANNEL]
    shifted, partly, promotion = [calendar.shifted], [calendar.partly], [calendar.promotion]
    before = list(range(BEFORE, calendar.partly))
    input_rings = "in which an input rings in the promotion week"
    rows = []
    for name, rang, twin, weeks, label in (
        ("detected", channel, "planted", shifted, "Shops in which the channel rings in the first week"),
        ("detected_early", channel, "planted", partly, "Shops in which it rings on the first day"),
        ("channel_false", channel, "planted", before, "Shops in which it rings before the shift"),
        ("channel_quiet_rings", channel, "quiet", None, "Quiet shops in which the channel rings"),
        ("promotion_planted", known, "planted", promotion, f"Shops, planted, {input_rings}"),
        ("promotion_quiet", known, "quiet", promotion, f"Shops, quiet, {input_rings}"),
        ("rule_detected", of_channel, "planted", shifted, "Shops whose channel passes the rule of thumb"),
        ("rule_quiet", rule, "quiet", None, "Quiet shops with anything beyond the rule"),
        ("rule_promotion", rule, "planted", promotion, "Promotions seen by the rule of thumb"),
    ):
        rows.append((name, shops_with(rang, twin, weeks), "count", label))
    add_rows(desk, rows, n=len(shops), source=SOURCE)


def add_false_alarms(desk: Desk, results: dict[str, Any], alarms: pd.DataFrame) -> None:
    """How often it rings where nothing is planted, and where there is no calendar at all."""
    shops, rotated = results["shops"], results["rotated"]
    items = {each.name for each in FEATURES} - set(user_features())
    everything = alarm_table(shops, "all", "psi")
    single = alarm_table(shops, "users", "single")
    single = single[(single["twin"] == "quiet") & ~single["variable"].isin(GROWING)]
    label = "Single looks beyond their chance limit in a quiet shop, mean"
    numbers = [("single", len(single) / len(shops), "count", label)]
    for name, rows, words in (
        ("any", alarms, "anything"),
        ("score", alarms[alarms["variable"] == SCORE], "the score"),
        ("coupon", alarms[alarms["variable"] == "coupon_pct"], "the coupon"),
        ("still", alarms[~alarms["variable"].isin(GROWING)], "anything but score and coupon"),
        ("items", everything[everything["variable"].isin(items)], "a feature of the item"),
    ):
        label = f"Quiet shops in which {words} rings"
        numbers.append((f"quiet_{name}", shops_with(rows, "quiet"), "count", label))
    add_rows(desk, numbers, n=len(shops), source=SOURCE)
    rang = wilson_estimate(int(rotated["psi"]), int(rotated["runs"]))
    row = ("rotated", rang, "share", "Shops without a calendar in which anything rings")
    add_rows(desk, [row], source="journey.studies.drift_twins:false_alarms")


def add_patience(desk: Desk, effect: float, weekly: float) -> None:
    """Purchases, and weeks, after which a change of observed over expected can be told from chance."""
    wait = wait_for_change(effect, weekly, power=POWER)
    rows: tuple[Row, ...] = (
        ("power", POWER, "share", "Chance to see the change", {"digits": 0}),
        ("purchases_needed", wait.events, "count", "Purchases to see the change"),
        ("weeks_needed", wait.periods, "count", "Weeks with as many purchases"),
    )
    add_rows(desk, rows, source="journey.experiments.duration:wait_for_change")


def add_effects(desk: Desk, shops: dict[str, Any]) -> None:
    """What the shift does to ranking and calibration, and what retraining brings, over all shops."""
    planted, quiet = (pd.DataFrame([shops[seed][twin]["performance"] for seed in shops]) for twin in TWINS)
    after, before = (each["observed"] / each["expected_frozen"] for each in (planted, quiet))
    values = {
        "auc_effect": (planted["auc_frozen"] - quiet["auc_frozen"], "Effect of the shift on the ROC-AUC"),
        "ratio_planted": (after, "Observed over expected after the shift"),
        "ratio_quiet": (before, "Observed over expected, no shift"),
        "ratio_effect": (after - before, "Effect of the shift on observed over expected"),
        **retrained(planted, "planted", "after the shift"),
        **retrained(quiet, "quiet", "without a shift"),
    }
    add_patience(desk, float((after - before).mean()), float(planted["observed"].mean()) / 3)
    rows = []
    for name, (each, label) in values.items():
        digits = 2 if name.startswith("ratio") else 4 if name.startswith("retrain") else 3
        rows.append((name, student_interval(each), "ratio", f"{label}, mean of shops", {"digits": digits}))
    add_rows(desk, rows, method=MEAN, source="journey.studies.drift_twins:performance")


def retrained(shops: pd.DataFrame, twin: str, words: str) -> dict[str, tuple[pd.Series, str]]:
    """What retraining brings in each shop of a kind, with a label; `words` say which kind."""
    gain, ratio = f"Gain of retraining {words}", f"Observed over expected {words}"
    kept, renewed = (shops["observed_late"] / shops[f"expected_{kind}_late"] for kind in ("before", "weekly"))
    area = shops["auc_weekly_late"] - shops["auc_before_late"]
    loss = shops["loss_before_late"] - shops["loss_weekly_late"]
    return {
        f"retrain_auc_{twin}": (area, f"{gain}, ROC-AUC"),
        f"retrain_loss_{twin}": (loss, f"{gain}, log loss"),
        f"ratio_kept_{twin}": (kept, f"{ratio}, not retrained"),
        f"ratio_retrained_{twin}": (renewed, f"{ratio}, retrained"),
    }
