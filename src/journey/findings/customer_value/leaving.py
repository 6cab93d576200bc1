"""Findings of chapter 08 on Online Retail: who buys nothing next, what an offer is worth, and the watch."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from journey.customers.offers import Offer, Targets, profit_per_thousand
from journey.findings.customer_value.churn import NAMES
from journey.findings.customer_value.entries import add_estimate, estimate_of
from journey.findings.customer_value.watch import add_watch
from journey.findings.desk import Desk
from journey.studies.customer_value.churn import GRID
from journey.studies.evidence import Evidence
from journey.studies.registry import kept

SOURCE = "journey.studies.customer_value.churn"
COMMON: dict[str, Any] = {"dataset": "online_retail", "source": f"{SOURCE}:describe_retail_churn"}
MAIN = "90"
METHOD = "bootstrap over customers"
HALF = 0.5


def add_leaving(desk: Desk) -> None:
    """Ranking and calibration by treatment of classes, horizons, offers, easy scores, the watch."""
    evidence: Evidence = kept("online_retail_churn", desk.paths)
    found = evidence.results
    desk.save("evidence_churn", pd.DataFrame({"note": [evidence.label]}))
    main = found["horizons"][MAIN]
    add_scores(desk, main)
    add_horizons(desk, found["horizons"])
    add_offers(desk, main)
    add_easy(desk, found["easy"])
    add_watch(desk, found["watch"])


def add_scores(desk: Desk, main: dict[str, Any]) -> None:
    """Every score at the main horizon."""
    n = main["test"]
    rows = []
    for row in main["rows"]:
        kind, _, way = row["score"].partition(", ")
        label = f"{kind}, {NAMES[way]}" if way else f"{main['rule_model']}, no training"
        short = f"{kind.lower()}_{way.lower()}" if way else "quiet"
        flat = {"score": label, "accuracy": row["accuracy"], "mean": row["mean"]}
        for measure in ("roc_auc", "pr_auc", "brier", "calibration_error"):
            each = estimate_of(row[measure])
            flat |= {measure: each.value, f"{measure}_low": each.low, f"{measure}_high": each.high}
            unit = "points" if measure == "calibration_error" else "ratio"
            desk.ledger.add(
                f"customer_value.{short}_{measure}",
                each,
                unit,
                digits=0 if unit == "points" else (2 if measure.endswith("auc") else 3),
                method=METHOD,
                n=n,
                label=f"Leaving, {label}: {measure}",
                **COMMON,
            )
        desk.ledger.add(
            f"customer_value.{short}_mean",
            row["mean"],
            "share",
            digits=0,
            n=n,
            label=f"Mean prediction, {label}",
            **COMMON,
        )
        desk.ledger.add(
            f"customer_value.{short}_accuracy",
            row["accuracy"],
            "share",
            digits=0,
            n=n,
            label=f"Accuracy at one half, {label}",
            **COMMON,
        )
        rows.append(flat)
    desk.save("scores", pd.DataFrame(rows))
    add, base = desk.ledger.add, main["test_base"]
    add("customer_value.churn_test", n, "count", label="Customers at risk at the cut", **COMMON)
    add(
        "customer_value.churn_base",
        base,
        "share",
        digits=0,
        n=n,
        label="Of those at risk, share that bought nothing",
        **COMMON,
    )
    add(
        "customer_value.churn_train_base",
        main["train_base"],
        "share",
        digits=0,
        n=main["train"],
        label="The same among those learned from",
        **COMMON,
    )
    majority = max(base, 1 - base)
    add(
        "customer_value.majority",
        majority,
        "share",
        digits=0,
        n=n,
        label="Accuracy of saying the same of all",
        **COMMON,
    )
    add(
        "customer_value.silence_auc",
        main["silence_roc_auc"],
        "ratio",
        digits=2,
        n=n,
        label="ROC-AUC of days of silence",
        **COMMON,
    )
    add_estimate(
        desk,
        "auc_over_silence",
        estimate_of(main["against_silence"]),
        "ratio",
        n,
        "ROC-AUC of the model over that of silence",
        f"{SOURCE}:one_horizon",
        METHOD,
        "online_retail",
    )
    widest = max(abs(each["value"]) for each in main["ways_differ"].values())
    add(
        "customer_value.ways_auc",
        widest,
        "ratio",
        n=n,
        label="Largest change of the ROC-AUC by weights or SMOTE",
        **COMMON,
    )
    add(
        "customer_value.alive_flagged",
        main["alive_below_half"],
        "count",
        n=n,
        label="Customers with P(alive) below one half",
        **COMMON,
    )
    parts = [pd.DataFrame(values).assign(way=NAMES[way]) for way, values in main["reliability"].items()]
    desk.save("reliability", pd.concat(parts, ignore_index=True))


def add_easy(desk: Desk, easy: dict[str, Any]) -> None:
    """Scores that look better and tell less."""
    for name, label in (("everyone", "all customers ever"), ("circular", "silence predicted from silence")):
        found = easy[name]
        area = found["roc_auc"]["value"] if isinstance(found["roc_auc"], dict) else found["roc_auc"]
        n = found["customers"]
        desk.ledger.add(
            f"customer_value.{name}_auc", area, "ratio", digits=2, n=n, label=f"ROC-AUC, {label}", **COMMON
        )
        desk.ledger.add(
            f"customer_value.{name}_accuracy",
            found["accuracy"],
            "share",
            digits=0,
            n=n,
            label=f"Accuracy, {label}",
            **COMMON,
        )
        desk.ledger.add(
            f"customer_value.{name}_base",
            found["base"],
            "share",
            digits=0,
            n=n,
            label=f"Share gone, {label}",
            **COMMON,
        )


def add_horizons(desk: Desk, horizons: dict[str, Any]) -> None:
    """How much the length of the silence that counts as leaving matters."""
    rows = []
    for days, found in horizons.items():
        plain = next(row for row in found["rows"] if row["score"] == "logistic, none")
        rows.append(
            {
                "days": int(days),
                "cut": f"{pd.Timestamp(found['cut']):%-d %b}",
                "customers": found["test"],
                "base": found["test_base"],
                "roc_auc": plain["roc_auc"]["value"],
                "low": plain["roc_auc"]["low"],
                "high": plain["roc_auc"]["high"],
                "accuracy": plain["accuracy"],
                "majority": max(found["test_base"], 1 - found["test_base"]),
                "mean": plain["mean"],
            }
        )
    table = pd.DataFrame(rows)
    desk.save("horizons", table)
    for name, value in (("least", table["roc_auc"].min()), ("most", table["roc_auc"].max())):
        label = f"ROC-AUC of the logistic model over horizons, {name}"
        desk.ledger.add(
            f"customer_value.horizons_{name}", float(value), "ratio", digits=2, label=label, **COMMON
        )
    high = float((table["accuracy"] - table["majority"]).max())
    desk.ledger.add(
        "customer_value.accuracy_gain",
        high,
        "points",
        digits=0,
        label="Largest gain of accuracy over the commoner class",
        **COMMON,
    )


def add_offers(desk: Desk, main: dict[str, Any]) -> None:
    """Profit of an offer by who gets it."""
    assumed = desk.assumptions
    worth = assumed["shop.gross_margin"] * main["mean_spend_of_stayers"]
    offer = Offer(assumed["retention.offer_cost"], assumed["retention.offer_saved"], worth)
    n, reach = main["test"], main["reach"]
    at = min(ceil(round(offer.threshold * 100, 6)), len(GRID) - 1) if offer.threshold <= 1 else None
    rules = [
        ("everybody", "everyone at risk", "logistic, none", 0),
        ("threshold", "logistic, as they are, above the paying threshold", "logistic, none", at),
        ("half", "logistic, as they are, above one half", "logistic, none", 50),
        ("weights", "logistic, class weights, above one half", "logistic, weights", 50),
        ("smote", "logistic, SMOTE, above one half", "logistic, SMOTE", 50),
        ("quiet", f"{main['rule_model']}, no training, above the paying threshold", "quiet", at),
        ("gone", "1 - P(alive), above the paying threshold", "gone", at),
    ]
    source, rows = "journey.customers.offers:profit_per_thousand", []
    for name, label, score, place in rules:
        chosen, leavers = (
            (0, 0) if place is None else (reach[score]["chosen"][place], reach[score]["leavers"][place])
        )
        each = profit_per_thousand(Targets(np.array([chosen]), np.array([leavers]), n), offer)[0]
        even = offer.cost * chosen / (worth * leavers) if leavers else None
        rows.append(
            {
                "rule_id": name,
                "rule": label,
                "share": chosen / n,
                "profit": each.value,
                "low": each.low,
                "high": each.high,
                "even": even,
            }
        )
        desk.ledger.add(
            f"customer_value.offer_{name}_profit",
            each,
            "gbp",
            method="normal",
            n=n,
            label=f"Profit for 1,000 at risk: {name}",
            source=source,
            dataset="online_retail",
        )
        if name == "threshold" and even is not None:
            desk.ledger.add(
                "customer_value.offer_even",
                even,
                "share",
                digits=0,
                n=chosen,
                label="Share saved at which the offer breaks even",
                source=source,
                dataset="online_retail",
            )
    desk.save("offers", pd.DataFrame(rows))
    add_curve(desk, main, offer)
    common: dict[str, Any] = {"source": "assumptions.toml"}
    desk.ledger.add(
        "customer_value.offer_cost", offer.cost, "gbp", label="Assumed cost of an offer", **common
    )
    desk.ledger.add(
        "customer_value.offer_saved",
        offer.saved,
        "share",
        digits=0,
        label="Assumed share of leavers who stay",
        **common,
    )
    desk.ledger.add(
        "customer_value.stay_worth",
        worth,
        "gbp",
        n=n,
        label="Margin of a customer who stays, 90 days",
        **COMMON,
    )
    desk.ledger.add(
        "customer_value.offer_threshold",
        offer.threshold,
        "share",
        digits=0,
        label="Chance of leaving from which an offer pays",
        source=f"{source}",
        dataset="online_retail",
    )
    add_verdict(desk, rows)


def add_verdict(desk: Desk, rows: list[dict[str, Any]]) -> None:
    """Which rule pays most, in words, and whether the model's interval clears the rule without one."""
    best = max(rows, key=lambda row: row["profit"])
    label, source = "Rule with the highest profit", "journey.findings.customer_value.leaving:add_verdict"
    desk.ledger.add("customer_value.offer_best", best["rule"], label=label, source=source)
    model, rule = (next(row for row in rows if row["rule_id"] == name) for name in ("threshold", "quiet"))
    apart = model["low"] > rule["high"] or rule["low"] > model["high"]
    words = "and the two differ beyond chance" if apart else "and chance alone could make that difference"
    desk.ledger.add(
        "customer_value.offer_apart", words, label="Whether training pays, in words", source=source
    )


def add_curve(desk: Desk, main: dict[str, Any], offer: Offer) -> None:
    """Profit over the share of customers who get the offer, for the model and the rule without one."""
    parts = []
    for score, label in (("logistic, none", "logistic"), ("quiet", f"{main['rule_model']}, no training")):
        reached = main["reach"][score]
        counts = Targets(np.array(reached["chosen"]), np.array(reached["leavers"]), main["test"])
        found = profit_per_thousand(counts, offer)
        part = pd.DataFrame({"threshold": GRID, "share": counts.chosen / counts.customers, "score": label})
        part[["profit", "low", "high"]] = [(each.value, each.low, each.high) for each in found]
        parts.append(part.drop_duplicates("share"))
    desk.save("offer_curve", pd.concat(parts, ignore_index=True))
