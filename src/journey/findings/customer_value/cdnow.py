"""Findings of chapter 08 on CDNOW: the published parameters, the forecast they give, and the traps."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.customers.likelihood import Fit
from journey.findings.customer_value.entries import add_estimate, estimate_of
from journey.findings.desk import Desk
from journey.studies.registry import kept

SOURCE = "journey.studies.customer_value.cdnow"
COMMON: dict[str, Any] = {"dataset": "cdnow_sample", "source": f"{SOURCE}:describe_cdnow"}
#: model -> how its numbers are named
SHORT = {"BG/NBD": "bg", "MBG/NBD": "mbg", "Pareto/NBD": "pareto"}
#: Digits that are printed for the parameters, and what is printed.
PUBLISHED = {
    "BG/NBD": ("Fader, Hardie & Lee (2005)", {"r": "0.243", "alpha": "4.414", "a": "0.793", "b": "2.426"}),
    "Gamma-Gamma": ("Fader & Hardie (2013)", {"p": "6.25", "q": "3.74", "v": "15.44"}),
}


def add_cdnow(desk: Desk) -> None:
    """Parameters, holdout, tracking, and what other ways of counting give."""
    kept_ = kept("cdnow_value", desk.paths)
    found = kept_.results
    recovery = kept("customer_value_recovery", desk.paths)
    desk.save("evidence_cdnow", pd.DataFrame({"note": [kept_.label, recovery.label]}))
    add = desk.ledger.add
    n = found["customers"]
    add("customer_value.cdnow_customers", n, "count", label="Customers of the CDNOW sample", **COMMON)
    add(
        "customer_value.cdnow_repeaters",
        found["repeaters"],
        "count",
        n=n,
        label="CDNOW customers who bought again",
        **COMMON,
    )
    add(
        "customer_value.cdnow_once",
        found["one_time"],
        "share",
        digits=0,
        n=n,
        label="CDNOW customers who bought once",
        **COMMON,
    )
    add_parameters(desk, found)
    add_holdout(desk, found)
    add_silent(desk, found)
    add_traps(desk, found)
    add_recovery(desk, recovery.results)


def add_parameters(desk: Desk, found: dict[str, Any]) -> None:
    """Fitted parameters beside the published ones."""
    rows = []
    for model, values in found["fits"].items():
        fit = Fit.of(values)
        source, printed = PUBLISHED.get(model, ("", {}))
        for name in fit.names:
            each = fit.estimate(name)
            rows.append(
                {
                    "model": model,
                    "parameter": name,
                    "value": each.value,
                    "low": each.low,
                    "high": each.high,
                    "published": printed.get(name, ""),
                    "source": source,
                }
            )
    table = pd.DataFrame(rows)
    desk.save("parameters", table)
    shown = table[table["published"].ne("")]
    agree = sum(
        f"{row.value:.{len(row.published.partition('.')[2])}f}" == row.published for row in shown.itertuples()
    )
    desk.ledger.add(
        "customer_value.digits_met",
        f"{agree} of {len(shown)}",
        label="Published parameters of CDNOW that are met to the last digit",
        **COMMON,
    )
    desk.ledger.add(
        "customer_value.bg_loglik",
        found["fits"]["BG/NBD"]["log_likelihood"],
        "ratio",
        digits=2,
        n=found["customers"],
        label="Log-likelihood of the BG/NBD on CDNOW",
        **COMMON,
    )


def add_holdout(desk: Desk, found: dict[str, Any]) -> None:
    """Purchases of the 39 weeks after: seen, expected, and week by week."""
    holdout, n = found["holdout"], found["customers"]
    add = desk.ledger.add
    add(
        "customer_value.cdnow_bought",
        holdout["purchases"],
        "count",
        n=n,
        label="CDNOW purchases in the holdout",
        **COMMON,
    )
    for model, short in SHORT.items():
        expected = holdout["expected"][model]
        add(
            f"customer_value.{short}_expected",
            expected,
            "count",
            n=n,
            label=f"Purchases expected by {model}",
            **COMMON,
        )
        add(
            f"customer_value.{short}_miss",
            expected / holdout["purchases"] - 1,
            "share",
            n=n,
            label=f"Purchases expected by {model} over those seen, less 1",
            **COMMON,
        )
    for measure, unit in (("r2", "ratio"), ("rank", "ratio"), ("top_found", "share")):
        add_estimate(
            desk,
            f"cdnow_{measure}",
            estimate_of(holdout["forecasts"]["BG/NBD"][measure]),
            unit,
            n,
            f"CDNOW spend, BG/NBD and Gamma-Gamma: {measure}",
            f"{SOURCE}:describe_cdnow",
            "bootstrap over customers",
            "cdnow_sample",
        )
    desk.save("tracking", pd.DataFrame(found["tracking"]))
    desk.save("by_repeats", pd.DataFrame(holdout["by_repeats"]))


def add_silent(desk: Desk, found: dict[str, Any]) -> None:
    """P(alive) of someone who bought once, by model and silence."""
    table = pd.DataFrame(found["silent"])
    desk.save("silent", table)
    for row, when in zip(table.to_dict("records"), ("short", "middle", "long"), strict=True):
        for model, short in SHORT.items():
            desk.ledger.add(
                f"customer_value.{short}_alive_{when}",
                row[model],
                "share",
                digits=0,
                label=f"P(alive), one purchase {row['weeks']:.0f} weeks ago, {model}",
                **COMMON,
            )
    for name, weeks in zip(("short", "middle", "long"), table["weeks"], strict=True):
        desk.ledger.add(
            f"customer_value.silent_{name}", weeks, "count", label=f"Weeks of silence, {name}", **COMMON
        )


def add_traps(desk: Desk, found: dict[str, Any]) -> None:
    """What other ways of counting the same purchases give."""
    traps, n = found["traps"], found["customers"]
    add = desk.ledger.add
    for name in ("r", "alpha"):
        add(
            f"customer_value.calendar_{name}",
            traps["calendar_weeks"][name],
            "ratio",
            n=n,
            label=f"BG/NBD on CDNOW counted in calendar weeks: {name}",
            **COMMON,
        )
        value = found["fits"]["BG/NBD"]["values"][found["fits"]["BG/NBD"]["names"].index(name)]
        add(f"customer_value.bg_{name}", value, "ratio", n=n, label=f"BG/NBD on CDNOW: {name}", **COMMON)
    add(
        "customer_value.repeaters_by_rows",
        traps["repeaters_by_rows"],
        "count",
        n=n,
        label="CDNOW customers with two rows or more",
        **COMMON,
    )
    add(
        "customer_value.mean_spend",
        found["mean_spend"],
        "usd",
        digits=2,
        n=n,
        label="Mean spend by Gamma-Gamma",
        **COMMON,
    )
    add(
        "customer_value.mean_by_row",
        traps["mean_by_row"],
        "usd",
        digits=2,
        n=n,
        label="The same from rows, not days",
        **COMMON,
    )


def add_recovery(desk: Desk, found: dict[str, Any]) -> None:
    """Coverage of the intervals over simulated customers."""
    common: dict[str, Any] = {"source": "journey.studies.customer_value.recovery:recover"}
    rows = [
        {
            "model": model,
            "parameter": name,
            "truth": values["truth"][place],
            "ratio": values["median_ratio"][place],
            "coverage": values["coverage"][place],
            "low": values["coverage_low"][place],
            "high": values["coverage_high"][place],
            "runs": values["runs"],
        }
        for model, values in found.items()
        for place, name in enumerate(values["names"])
    ]
    table = pd.DataFrame(rows)
    desk.save("recovery", table)
    lowest, highest = table["coverage"].min(), table["coverage"].max()
    for name, value in (("lowest", lowest), ("highest", highest)):
        label = f"Coverage of the 95% intervals of parameters: {name}"
        desk.ledger.add(f"customer_value.coverage_{name}", float(value), "share", label=label, **common)
    desk.ledger.add(
        "customer_value.recovery_runs",
        int(table["runs"].max()),
        "count",
        label="Simulated sets of customers",
        **common,
    )
    desk.ledger.add(
        "customer_value.recovery_customers",
        next(iter(found.values()))["customers"],
        "count",
        label="Customers of a simulated set",
        **common,
    )
