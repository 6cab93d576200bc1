"""What follows from the other parts: what to do, on which ground, and what to record next."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd

from journey.findings.recommend.names import METHOD_NAMES
from journey.findings.store import PARTS
from journey.findings.store.data import missing
from journey.findings.store.desk import ShopDesk
from journey.report.ledger import Number, Numbers

SOURCE = "findings.store.decisions:collect"
#: Calibration gap that is taken for chance.
CHANCE = 0.05
Find = Callable[[str], Number | None]


def collect(desk: ShopDesk) -> None:
    """Save the table of decisions and what to record next."""
    known = {
        number.id: number for part in PARTS for number in Numbers(desk.paths.results / part / "numbers.json")
    }
    find: Find = known.get
    rows = [row for make in (funnel, scores, lists, customers, credit) for row in make(find)]
    if not rows:
        rows = [("Record more first", "no part of the report has enough to decide on", "the table below")]
    desk.save("decisions", pd.DataFrame(rows, columns=["decision", "ground", "settle"]))
    desk.add("decisions", float(len(rows)), "count", "Decisions that the log supports", SOURCE)
    said = "decision; it stands" if len(rows) == 1 else "decisions; they stand"
    desk.add("supported", f"{len(rows)} {said}", "text", "How many decisions the log supports", SOURCE)
    if wanted := missing(desk):
        desk.save("record", pd.DataFrame(wanted, columns=["what", "opens"]))
    else:
        desk.absent("record", "The log records everything that the report uses.")
    reasons = {
        (part, section): said
        for part in PARTS
        for section, said in json.loads(
            (desk.paths.results / part / "absent.json").read_text("utf-8")
        ).items()
    }
    desk.add("absent", float(len(reasons)), "count", "Sections that the log cannot fill", SOURCE)


def said(number: Number) -> str:
    """A number with its interval, as text."""
    return f"{number.text} ({number.interval})" if number.interval else number.text


def funnel(find: Find) -> list[tuple[str, str, str]]:
    """The step to repair first."""
    step, rate, lost = (find(f"funnel.{name}") for name in ("worst_step", "worst_rate", "worst_lost"))
    if not (step and rate and lost):
        return []
    return [
        (
            f"Test a change on the way to the {step.text}",
            f"{lost.text} visits are lost there; {rate.text} of those that could go on do",
            "a randomised experiment; the log cannot say how many can be won back",
        )
    ]


def scores(find: Find) -> list[tuple[str, str, str]]:
    """Whether scores are fit for use, and for what."""
    for short, words in (("third", "after three events"), ("start", "at the start of a visit")):
        area, rule, p = (find(f"prediction.{short}_{name}") for name in ("roc_auc", "rule", "calibration_p"))
        if not (area and area.low is not None):
            continue
        better = rule is None or (isinstance(rule.value, float) and area.low > rule.value)
        if area.low <= 0.5:
            return [
                (
                    "Do not act on scores of visits",
                    f"ROC-AUC {words} is {said(area)}: chance is within it",
                    "more days, or more that is recorded",
                )
            ]
        level = p is not None and isinstance(p.value, float) and p.value >= CHANCE
        use = "as probabilities" if level else "to rank visits, not as probabilities"
        return [
            (
                f"Scores of visits can be used {use}"
                if better
                else "Use the plain rule “bought before” in place of a model",
                f"ROC-AUC {words} {said(area)}" + (f", the rule “bought before” {rule.text}" if rule else ""),
                "an experiment: acting on a score is worth what the action changes",
            )
        ]
    return []


def lists(find: Find) -> list[tuple[str, str, str]]:
    """Whether personal lists beat the most popular items."""
    gain, best = find("recommend.gain"), find("recommend.best")
    if not (gain and best and gain.low is not None):
        return []
    personal = gain.low > 0 and "popular" not in str(best.text).lower()
    return [
        (
            f"Try lists by “{best.text}” against the most popular items"
            if personal
            else "Show the most popular items",
            "no other list ranks later choices better"
            if str(best.text) == METHOD_NAMES["popularity"]
            else f"NDCG of “{best.text}” over that of popularity: {said(gain)}",
            "an experiment on visitors: the log shows what was chosen without the list",
        )
    ]


def customers(find: Find) -> list[tuple[str, str, str]]:
    """Whom to write to first."""
    risk, share = find("value.at_risk"), find("value.at_risk_share")
    if not (risk and share):
        return []
    return [
        (
            "Ask the customers At Risk back, with a part of them left alone to compare",
            f"{risk.text} customers bought often and have not for long; they brought {share.text} of revenue",
            "the part left alone: some come back by themselves",
        )
    ]


def credit(find: Find) -> list[tuple[str, str, str]]:
    """Whether rules of credit agree enough to move a budget."""
    spread, channel = find("journeys.credit_spread"), find("journeys.credit_channel")
    if not (spread and channel):
        return []
    return [
        (
            "Move no channel's budget by a rule of credit alone",
            f"the rules differ by up to {spread.text}, on {channel.text.replace('_', ' ')}",
            "holding a channel out for some visitors or regions",
        )
    ]
