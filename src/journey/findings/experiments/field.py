"""Findings of chapter 09 beyond the shop: proof by simulation, and public experiments."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

#: counts of the ASOS experiments: name, of what, in words
ASOS = (
    ("experiments", None, "Experiments of ASOS"),
    ("series", None, "Series of running means of the ASOS experiments"),
    ("experiments_with_a_fooled_series", "experiments", "ASOS experiments with a fooled series"),
    ("comparisons", None, "Comparisons of two arms in the ASOS experiments"),
    ("comparisons_off_50_50", "comparisons", "ASOS comparisons whose arms are not half and half"),
    ("series_unusable", None, "ASOS series without two usable looks"),
    ("looks_without_variance", None, "ASOS looks at which a variance is missing"),
    ("experiments_without_variance", "experiments", "ASOS experiments with a missing variance"),
    ("looks_with_falling_counts", None, "ASOS looks at which a running count is lower than before"),
    ("experiments_with_falling_counts", "experiments", "ASOS experiments with falling counts"),
)


def collect(desk: Desk) -> None:
    """Register the numbers of the proof and of the field, and save their tables."""
    add_proof(desk)
    add_landing_page(desk)
    add_cookie_cats(desk)
    add_asos(desk)


def add_proof(desk: Desk) -> None:
    """Coverage and error rates of every method, failures included."""
    found = kept("experiment_simulations", desk.paths).results
    rows = pd.DataFrame(found["rows"])
    desk.save("proof", rows)
    held, n = rows[rows["expected_to_hold"]], found["simulations"]
    failing, met = (~rows["expected_to_hold"]).sum(), held["met"].sum()
    peeking = pd.DataFrame(found["peeking"])
    desk.save("peeking", peeking)
    wrong = peeking[~peeking["valid"]]
    valid = peeking[peeking["valid"] & ~peeking["rule"].str.startswith("fixed")]
    daily, planned = (float(table["type_one_error"].max()) for table in (wrong, valid))
    daily_label = "False alarms, fixed test read every day, worst metric"
    planned_label = "False alarms, sequential rules, worst rule and metric"
    numbers: tuple[Row, ...] = (
        ("simulations", n, "count", "Simulated experiments behind each check of the engine"),
        ("proof_rows", len(held), "count", "Checks of coverage and false alarms that should hold"),
        ("proof_met", met, "count", "Checks of coverage and false alarms that hold", {"n": len(held)}),
        ("proof_failing", failing, "count", "Checks of methods that are expected to fail", {"n": len(rows)}),
        ("peeking_error", daily, "share", daily_label, {"n": n}),
        ("sequential_error", planned, "share", planned_label, {"n": n}),
    )
    add_rows(desk, numbers, source="journey.studies.experiment_proof.study:run_proof", dataset="simulation")


def field_effect(id: str, effect: dict[str, float], label: str) -> tuple[Row, Row]:
    """An effect of a public test and its p value, as numbers."""
    difference = Estimate(effect["estimate"], effect["low"], effect["high"], method="Newcombe")
    p_label = f"p value: {label[0].lower()}{label[1:]}"
    return (
        (id, difference, "points", label, {"digits": 3}),
        (f"{id}_p", effect["p"], "p", p_label, {"digits": 4}),
    )


def add_landing_page(desk: Desk) -> None:
    """The landing page: no effect, read properly."""
    result = kept("landing_page", desk.paths).results
    n = {"n": result["rows"]}
    rows: tuple[Row, ...] = (
        ("landing_users", result["users"], "count", "Users of the landing-page test after cleaning"),
        (
            "landing_mismatched",
            result["mismatched"],
            "count",
            "Rows whose group and landing page disagree",
            n,
        ),
        ("landing_duplicates", result["duplicates"], "count", "Repeated users of the landing-page test", n),
    )
    for arm, page in (("control", "old"), ("treatment", "new")):
        label = f"Users who convert on the {page} landing page"
        rows += ((f"landing_{arm}", result[f"{arm}_rate"], "share", label, {"digits": 3}),)
    common = {"source": "journey.studies.public_tests:landing_page", "dataset": "landing_page"}
    add_rows(desk, rows, **common)
    label = "Users who convert, new landing page less old"
    ratio = ("landing_ratio_p", result["ratio_p"], "p", "p value: sample ratio, landing page")
    effect = field_effect("landing_effect", result["effect"], label)
    add_rows(desk, (ratio, *effect), n=result["users"], **common)


def add_cookie_cats(desk: Desk) -> None:
    """Cookie Cats: the failed sample-ratio check is the headline."""
    result = kept("cookie_cats", desk.paths).results
    n, label = result["players"], "Players back after seven days, gate at level 40 less 30"
    rows: list[Row] = [
        ("cats_players", n, "count", "Players of Cookie Cats", {"n": None}),
        ("cats_ratio_p", result["ratio_p"], "p", "p value: sample ratio, Cookie Cats", {"digits": 4}),
        *field_effect("cats_retention_7", result["effects"]["retention_7"], label),
    ]
    for level in (30, 40):
        label = f"Players of Cookie Cats with the gate at level {level}"
        rows.append((f"cats_gate_{level}", result[f"gate_{level}"], "count", label))
    add_rows(desk, rows, n=n, source="journey.studies.public_tests:cookie_cats", dataset="cookie_cats")


def add_asos(desk: Desk) -> None:
    """78 ASOS experiments replayed: how often peeking fools, and what each rule saves."""
    result = kept("asos_peeking", desk.paths).results
    rows: list[Row] = [
        (f"asos_{name}", result[name], "count", label, {"n": result[of] if of else None})
        for name, of, label in ASOS
    ]
    rules = pd.DataFrame(result["all"])
    desk.save("asos", rules)
    for row in rules.to_dict("records"):
        short = {"fixed": "fixed", "group": "group", "confi": "sequence"}[row["rule"][:5]]
        rule = row["rule"].replace("obrien-fleming", "O'Brien-Fleming").replace("pocock", "Pocock")
        short += "_pocock" if "pocock" in row["rule"].lower() else ""
        n = {"n": row["series"]}
        method = f"Wilson, series clustered in {row['experiments']} experiments"
        fooled = Estimate(row["share_fooled"], row["share_low"], row["share_high"], method=method)
        label = f"ASOS series that cross and return, {rule}"
        rows.append((f"asos_fooled_{short}", fooled, "share", label, n))
        label = f"Days saved in ASOS series, {rule}"
        rows.append((f"asos_saved_{short}", row["share_days_saved"], "share", label, n))
    add_rows(desk, rows, source="journey.studies.asos:replay_asos", dataset="asos")
