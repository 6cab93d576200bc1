"""Findings of chapter 08 on CDNOW: the published parameters, the forecast they give, and the traps."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.customers.likelihood import Fit
from journey.findings.customer_value.entries import adder, estimate_of
from journey.findings.desk import Desk
from journey.published import published
from journey.report.wording import how_many
from journey.studies.registry import kept

SOURCE, DATASET = "journey.studies.customer_value.cdnow:describe_cdnow", "cdnow_sample"
#: model -> how its numbers are named
SHORT = {"BG/NBD": "bg", "MBG/NBD": "mbg", "Pareto/NBD": "pareto"}
#: model -> its parameters as printed, in order
PUBLISHED = {
    "BG/NBD": published("cdnow_bgnbd").printed,
    "Gamma-Gamma": published("cdnow_gamma_gamma").printed,
    "Pareto/NBD": ("",) * 4,
}


def add_cdnow(desk: Desk) -> None:
    """Parameters, holdout, tracking, and what other ways of counting give."""
    evidence, recovery = (kept(name, desk.paths) for name in ("cdnow_value", "customer_value_recovery"))
    found = evidence.results
    desk.save("evidence_cdnow", pd.DataFrame({"note": [evidence.label, recovery.label]}))
    n = found["customers"]
    add = adder(desk, SOURCE, DATASET)
    add("cdnow_customers", n, "count", "Customers of the CDNOW sample")
    add("cdnow_repeaters", found["repeaters"], "count", "CDNOW customers who bought again", n)
    add("cdnow_once", found["one_time"], "share", "CDNOW customers who bought once", n)
    add_parameters(desk, found)
    add_holdout(desk, found)
    add_silent(desk, found)
    add_traps(desk, found)
    add_recovery(desk, recovery.results)


def add_parameters(desk: Desk, found: dict[str, Any]) -> None:
    """Fitted parameters beside the published ones."""
    rows = []
    for model, printed in PUBLISHED.items():
        fit = Fit.of(found["fits"][model])
        for name, text in zip(fit.names, printed, strict=True):
            each = fit.estimate(name)
            rows.append((model, name, each.value, each.low, each.high, text))
    columns = ["model", "parameter", "value", "low", "high", "published"]
    desk.save("parameters", pd.DataFrame(rows, columns=columns))
    shown = [(value, text) for _, _, value, _, _, text in rows if text]
    agree = [f"{value:.{len(text.partition('.')[2])}f}" == text for value, text in shown]
    add = adder(desk, SOURCE, DATASET)
    label = "Published parameters of CDNOW that are met to the last digit"
    add("digits_met", str(how_many(agree)), "text", label)


def add_holdout(desk: Desk, found: dict[str, Any]) -> None:
    """Purchases of the 39 weeks after: seen, expected, and week by week."""
    holdout, n = found["holdout"], found["customers"]
    add = adder(desk, SOURCE, DATASET, "bootstrap over customers")
    add("cdnow_bought", holdout["purchases"], "count", "CDNOW purchases in the holdout", n)
    for model in ("BG/NBD", "Pareto/NBD"):
        expected = holdout["expected"][model]
        add(f"{SHORT[model]}_expected", expected, "count", f"Purchases expected by {model}", n)
    forecast = holdout["forecasts"]["BG/NBD"]
    add("cdnow_r2", estimate_of(forecast["r2"]), "ratio", "R2 of CDNOW spend", n)
    add("cdnow_rank", estimate_of(forecast["rank"]), "ratio", "Rank correlation of CDNOW spend", n)
    tracking = pd.DataFrame(found["tracking"])
    desk.save("tracking", tracking)
    course = tracking.set_index("week")["BG/NBD"]
    add("bg_line", course.iloc[-1] - course[0], "count", "Purchases that the line of BG/NBD adds", n)
    for name, row in (("once", holdout["by_repeats"][0]), ("often", holdout["by_repeats"][-1])):
        which = "no repeat purchase" if name == "once" else "seven or more"
        for key, column in (("seen", "actual"), ("bg", "BG/NBD"), ("pareto", "Pareto/NBD")):
            add(f"{name}_{key}", row[column], "ratio", f"Purchases after {which}: {column}", row["customers"])


def add_silent(desk: Desk, found: dict[str, Any]) -> None:
    """P(alive) of someone who bought once, by model and silence."""
    add = adder(desk, SOURCE, DATASET)
    for row, when in zip(found["silent"], ("short", "middle", "long"), strict=True):
        add(f"silent_{when}", row["weeks"], "count", f"Weeks of silence, {when}")
        for model, short in SHORT.items():
            label = f"P(alive), one purchase {row['weeks']:.0f} weeks ago, {model}"
            add(f"{short}_alive_{when}", row[model], "share", label)


def add_traps(desk: Desk, found: dict[str, Any]) -> None:
    """What other ways of counting the same purchases give."""
    traps, n, fit = found["traps"], found["customers"], Fit.of(found["fits"]["BG/NBD"])
    add = adder(desk, SOURCE, DATASET)
    for name in ("r", "alpha"):
        add(f"bg_{name}", fit[name], "ratio", f"BG/NBD on CDNOW: {name}", n, 3)
        value = traps["calendar_weeks"][name]
        add(f"calendar_{name}", value, "ratio", f"The same counted in calendar weeks: {name}", n, 3)
    add("repeaters_by_rows", traps["repeaters_by_rows"], "count", "CDNOW customers with two rows or more", n)
    add("mean_spend", found["mean_spend"], "usd", "Mean spend by Gamma-Gamma", n, 2)
    add("mean_by_row", traps["mean_by_row"], "usd", "The same from rows, not days", n, 2)


def add_recovery(desk: Desk, found: dict[str, Any]) -> None:
    """Coverage of the intervals over simulated customers."""
    covered = {
        (model, name): share
        for model, values in found.items()
        for name, share in zip(values["names"], values["coverage"], strict=True)
    }
    worst = min(covered, key=lambda key: covered[key])
    others = [share for key, share in covered.items() if key != worst]
    add = adder(desk, "journey.studies.customer_value.recovery:recover")
    add("coverage_worst", covered[worst], "share", "Least coverage of a parameter's 95% interval")
    add("coverage_worst_name", f"{worst[1]} of the {worst[0]}", "text", "Parameter with the least coverage")
    add("coverage_least", min(others), "share", "Least coverage among the other parameters")
    add("coverage_most", max(others), "share", "Most coverage among the other parameters")
    add("recovery_runs", max(values["runs"] for values in found.values()), "count", "Simulated sets, at most")
    customers = next(iter(found.values()))["customers"]
    add("recovery_customers", customers, "count", "Customers of a simulated set")
