"""Findings of chapter 09 beyond the shop: proof by simulation, and public experiments."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey import experiments as engine
from journey.experiments import public
from journey.experiments.proof import proof_evidence
from journey.experiments.replay import asos_evidence
from journey.report.findings.desk import Desk
from journey.stores.datasets import load_cookie_cats, load_landing_page
from journey.stores.evidence import evidence


def collect(desk: Desk) -> None:
    """Register the numbers of the proof and of the field, and save their tables."""
    add_proof(desk)
    add_landing_page(desk)
    add_cookie_cats(desk)
    add_asos(desk)


def add_proof(desk: Desk) -> None:
    """Coverage and error rates of every method, failures included."""
    found = proof_evidence().results
    rows = pd.DataFrame(found["rows"])
    desk.save("proof", rows)
    common: dict[str, Any] = {"source": "journey.experiments.proof:run_proof", "dataset": "simulation"}
    held = rows[rows["expected_to_hold"]]
    for name, value in (
        ("simulations", found["simulations"]),
        ("proof_rows", len(held)),
        ("proof_met", int(held["met"].sum())),
        ("proof_failing", int((~rows["expected_to_hold"]).sum())),
    ):
        desk.ledger.add(f"experiments.{name}", value, "count", **common)
    peeking = pd.DataFrame(found["peeking"])
    desk.save("peeking", peeking)
    wrong = peeking[~peeking["valid"]]
    valid = peeking[peeking["valid"] & ~peeking["rule"].str.startswith("fixed")]
    for name, value in (
        ("peeking_error", wrong["type_one_error"].max()),
        ("sequential_error", valid["type_one_error"].max()),
    ):
        desk.ledger.add(f"experiments.{name}", float(value), "share", n=found["simulations"], **common)


def add_field_effect(desk: Desk, id: str, effect: dict[str, float], n: int, common: dict[str, Any]) -> None:
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
        **common,
    )
    desk.ledger.add(f"experiments.{id}_p", effect["p"], "p", digits=4, n=n, **common)


def add_landing_page(desk: Desk) -> None:
    """The landing page: no effect, read properly."""
    result = evidence(
        "landing_page", "landing_page", lambda: public.landing_page(load_landing_page()), sources=(engine,)
    ).results
    common: dict[str, Any] = {"source": "journey.experiments.public:landing_page", "dataset": "landing_page"}
    for name in ("users", "mismatched", "duplicates"):
        desk.ledger.add(f"experiments.landing_{name}", result[name], "count", **common)
    for arm in ("control", "treatment"):
        desk.ledger.add(f"experiments.landing_{arm}", result[f"{arm}_rate"], "share", digits=3, **common)
    desk.ledger.add("experiments.landing_ratio_p", result["ratio_p"], "p", n=result["users"], **common)
    add_field_effect(desk, "landing_effect", result["effect"], result["users"], common)


def add_cookie_cats(desk: Desk) -> None:
    """Cookie Cats: the failed sample-ratio check is the headline."""
    result = evidence(
        "cookie_cats", "cookie_cats", lambda: public.cookie_cats(load_cookie_cats()), sources=(engine,)
    ).results
    common: dict[str, Any] = {"source": "journey.experiments.public:cookie_cats", "dataset": "cookie_cats"}
    for name in ("players", "gate_30", "gate_40"):
        desk.ledger.add(f"experiments.cats_{name}", result[name], "count", **common)
    desk.ledger.add(
        "experiments.cats_ratio_p", result["ratio_p"], "p", digits=4, n=result["players"], **common
    )
    add_field_effect(desk, "cats_retention_7", result["effects"]["retention_7"], result["players"], common)


def add_asos(desk: Desk) -> None:
    """78 ASOS experiments replayed: how often peeking fools, and what each rule saves."""
    result = asos_evidence().results
    common: dict[str, Any] = {"source": "journey.experiments.replay:replay_asos", "dataset": "asos"}
    for name in (
        "experiments",
        "series",
        "experiments_with_a_fooled_series",
        "comparisons",
        "comparisons_off_50_50",
    ):
        desk.ledger.add(f"experiments.asos_{name}", result[name], "count", **common)
    rules = pd.DataFrame(result["all"])
    desk.save("asos", rules)
    for row in rules.to_dict("records"):
        short = {"fixed": "fixed", "group": "group", "confi": "sequence"}[row["rule"][:5]]
        short += "_pocock" if "pocock" in row["rule"].lower() else ""
        desk.ledger.add(
            f"experiments.asos_fooled_{short}",
            row["share_fooled"],
            "share",
            low=row["share_lower"],
            high=row["share_upper"],
            method="Wilson",
            n=row["series"],
            **common,
        )
        desk.ledger.add(
            f"experiments.asos_saved_{short}", row["share_days_saved"], "share", n=row["series"], **common
        )
