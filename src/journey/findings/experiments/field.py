"""Findings of chapter 09 beyond the shop: proof by simulation, and public experiments."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.studies.registry import kept


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
    common: dict[str, Any] = {
        "source": "journey.studies.experiment_proof.study:run_proof",
        "dataset": "simulation",
    }
    held = rows[rows["expected_to_hold"]]
    for name, value, n, label in (
        ("simulations", found["simulations"], None, "Simulated experiments behind each check of the engine"),
        ("proof_rows", len(held), None, "Checks of coverage and false alarms that should hold"),
        ("proof_met", int(held["met"].sum()), len(held), "Checks of coverage and false alarms that hold"),
        (
            "proof_failing",
            int((~rows["expected_to_hold"]).sum()),
            len(rows),
            "Checks of methods that are expected to fail",
        ),
    ):
        desk.ledger.add(f"experiments.{name}", value, "count", n=n, label=label, **common)
    peeking = pd.DataFrame(found["peeking"])
    desk.save("peeking", peeking)
    wrong = peeking[~peeking["valid"]]
    valid = peeking[peeking["valid"] & ~peeking["rule"].str.startswith("fixed")]
    for name, table, label in (
        ("peeking_error", wrong, "False alarms, fixed test read every day, worst metric"),
        ("sequential_error", valid, "False alarms, sequential rules, worst rule and metric"),
    ):
        value = float(table["type_one_error"].max())
        desk.ledger.add(f"experiments.{name}", value, "share", n=found["simulations"], label=label, **common)


def add_field_effect(
    desk: Desk, id: str, effect: dict[str, float], n: int, label: str, common: dict[str, Any]
) -> None:
    """Register an effect of a public test with its p value."""
    desk.ledger.add(
        f"experiments.{id}",
        effect["estimate"],
        "points",
        digits=3,
        low=effect["low"],
        high=effect["high"],
        method="Newcombe",
        n=n,
        label=label,
        **common,
    )
    p_label = f"p value: {label[0].lower()}{label[1:]}"
    desk.ledger.add(f"experiments.{id}_p", effect["p"], "p", digits=4, n=n, label=p_label, **common)


def add_landing_page(desk: Desk) -> None:
    """The landing page: no effect, read properly."""
    result = kept("landing_page", desk.paths).results
    common: dict[str, Any] = {
        "source": "journey.studies.public_tests:landing_page",
        "dataset": "landing_page",
    }
    for name, label in (
        ("users", "Users of the landing-page test after cleaning"),
        ("mismatched", "Rows whose group and landing page disagree"),
        ("duplicates", "Repeated users of the landing-page test"),
    ):
        rows = None if name == "users" else result["rows"]
        desk.ledger.add(f"experiments.landing_{name}", result[name], "count", n=rows, label=label, **common)
    for arm, page in (("control", "old"), ("treatment", "new")):
        label = f"Users who convert on the {page} landing page"
        rate = result[f"{arm}_rate"]
        desk.ledger.add(f"experiments.landing_{arm}", rate, "share", digits=3, label=label, **common)
    users, label = result["users"], "p value: sample ratio, landing page"
    desk.ledger.add("experiments.landing_ratio_p", result["ratio_p"], "p", n=users, label=label, **common)
    label = "Users who convert, new landing page less old"
    add_field_effect(desk, "landing_effect", result["effect"], users, label, common)


def add_cookie_cats(desk: Desk) -> None:
    """Cookie Cats: the failed sample-ratio check is the headline."""
    result = kept("cookie_cats", desk.paths).results
    common: dict[str, Any] = {"source": "journey.studies.public_tests:cookie_cats", "dataset": "cookie_cats"}
    n = result["players"]
    desk.ledger.add("experiments.cats_players", n, "count", label="Players of Cookie Cats", **common)
    for level in (30, 40):
        label = f"Players of Cookie Cats with the gate at level {level}"
        desk.ledger.add(
            f"experiments.cats_gate_{level}", result[f"gate_{level}"], "count", n=n, label=label, **common
        )
    label = "p value: sample ratio, Cookie Cats"
    desk.ledger.add("experiments.cats_ratio_p", result["ratio_p"], "p", digits=4, n=n, label=label, **common)
    label = "Players back after seven days, gate at level 40 less 30"
    add_field_effect(desk, "cats_retention_7", result["effects"]["retention_7"], n, label, common)


def add_asos(desk: Desk) -> None:
    """78 ASOS experiments replayed: how often peeking fools, and what each rule saves."""
    result = kept("asos_peeking", desk.paths).results
    common: dict[str, Any] = {"source": "journey.studies.asos:replay_asos", "dataset": "asos"}
    for name, of, label in (
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
    ):
        n = result[of] if of else None
        desk.ledger.add(f"experiments.asos_{name}", result[name], "count", n=n, label=label, **common)
    rules = pd.DataFrame(result["all"])
    desk.save("asos", rules)
    for row in rules.to_dict("records"):
        short = {"fixed": "fixed", "group": "group", "confi": "sequence"}[row["rule"][:5]]
        rule = row["rule"].replace("obrien-fleming", "O'Brien-Fleming").replace("pocock", "Pocock")
        short += "_pocock" if "pocock" in row["rule"].lower() else ""
        desk.ledger.add(
            f"experiments.asos_fooled_{short}",
            row["share_fooled"],
            "share",
            low=row["share_low"],
            high=row["share_high"],
            method=f"Wilson, series clustered in {row['experiments']} experiments",
            n=row["series"],
            label=f"ASOS series that cross and return, {rule}",
            **common,
        )
        desk.ledger.add(
            f"experiments.asos_saved_{short}",
            row["share_days_saved"],
            "share",
            n=row["series"],
            label=f"Days saved in ASOS series, {rule}",
            **common,
        )
