"""Findings of chapter 08 on Online Retail: who buys nothing next, and what an offer to stay is worth."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from journey.customers.offers import Offer, Targets, profit_over, profit_per_thousand
from journey.findings.customer_value.churn import NAMES
from journey.findings.customer_value.entries import adder, estimate_of
from journey.findings.customer_value.watch import add_watch
from journey.findings.desk import Desk, flat
from journey.inference.estimate import Estimate
from journey.studies.customer_value.churn import GRID, MEASURES
from journey.studies.registry import kept

SOURCE, DATASET = "journey.studies.customer_value.churn:describe_retail_churn", "online_retail"
MAIN = "90"
METHOD = "bootstrap over customers"
#: A rule's place on the grid of thresholds: everyone, and one half.
ALL, HALF = 0, 50


def add_leaving(desk: Desk) -> None:
    """Ranking and calibration by treatment of classes, horizons, offers, easy scores, the watch."""
    evidence = kept("online_retail_churn", desk.paths)
    found = evidence.results
    desk.save("evidence_churn", pd.DataFrame({"note": [evidence.label]}))
    main = found["horizons"][MAIN]
    add_scores(desk, main)
    add_facts(desk, main)
    add_horizons(desk, found["horizons"])
    add_easy(desk, found["easy"])
    add_offers(desk, main)
    add_watch(desk, found["watch"])


def add_scores(desk: Desk, main: dict[str, Any]) -> None:
    """Every score at the main horizon."""
    n, rows = main["test"], []
    add = adder(desk, SOURCE, DATASET, METHOD)
    for row in main["rows"]:
        kind, _, way = row["score"].partition(", ")
        label = f"{kind}, {NAMES[way]}" if way else "model of buying, not trained"
        short = f"{kind.lower()}_{way.lower()}" if way else "quiet"
        found = {measure: estimate_of(row[measure]) for measure in MEASURES}
        plain = {key: row[key] for key in ("calibration_error", "accuracy", "mean")}
        rows.append({"score": label} | plain | flat(found))
        add(f"{short}_roc_auc", found["roc_auc"], "ratio", f"ROC-AUC of leaving, {label}", n)
        gap = row["calibration_error"]
        add(f"{short}_calibration_error", gap, "points", f"Calibration error, {label}", n)
        add(f"{short}_accuracy", row["accuracy"], "share", f"Accuracy at one half, {label}", n)
    desk.save("scores", pd.DataFrame(rows))


def add_facts(desk: Desk, main: dict[str, Any]) -> None:
    """Base rate, what needs no model, and what weights and SMOTE change."""
    n, base = main["test"], main["test_base"]
    add = adder(desk, SOURCE, DATASET, METHOD)
    add("churn_test", n, "count", "Customers at risk at the cut")
    add("churn_base", base, "share", "Of those at risk, share that bought nothing", n)
    add("majority", max(base, 1 - base), "share", "Accuracy of saying the same of all", n)
    widest = max(abs(each["value"]) for each in main["ways_differ"].values())
    add("ways_auc", widest, "ratio", "Largest change of the ROC-AUC by weights or SMOTE", n, digits=3)


def add_horizons(desk: Desk, horizons: dict[str, Any]) -> None:
    """How much the length of the silence that counts as leaving matters."""
    areas = [
        row["roc_auc"]["value"]
        for found in horizons.values()
        for row in found["rows"]
        if row["score"] == "logistic, none"
    ]
    add = adder(desk, SOURCE, DATASET)
    add("horizons_least", min(areas), "ratio", "ROC-AUC of the logistic model over horizons, least")
    add("horizons_most", max(areas), "ratio", "ROC-AUC of the logistic model over horizons, most")


def add_easy(desk: Desk, easy: dict[str, Any]) -> None:
    """Scores that look better and tell less."""
    add, circular = adder(desk, SOURCE, DATASET), easy["circular"]
    n = circular["customers"]
    add("circular_auc", circular["roc_auc"], "ratio", "ROC-AUC, silence predicted from silence", n)
    add("circular_accuracy", circular["accuracy"], "share", "Accuracy, silence predicted from silence", n)


def add_offers(desk: Desk, main: dict[str, Any]) -> None:
    """Profit of an offer by who gets it."""
    assumed = desk.assumptions
    worth = assumed["shop.gross_margin"] * main["mean_spend_of_stayers"]
    offer = Offer(assumed["retention.offer_cost"], assumed["retention.offer_saved"], worth)
    pays = min(ceil(round(offer.threshold * 100, 6)), len(GRID) - 1) if offer.threshold <= 1 else None
    rules = {
        "everybody": ("everyone at risk", "logistic, none", ALL),
        "threshold": ("the trained model, above the paying threshold", "logistic, none", pays),
        "half": ("the trained model, above one half", "logistic, none", HALF),
        "weights": ("the model with class weights, above one half", "logistic, weights", HALF),
        "smote": ("the model with SMOTE, above one half", "logistic, SMOTE", HALF),
        "quiet": ("the model of buying, above the paying threshold", "quiet", pays),
        "gone": ("1 - P(alive), above the paying threshold", "gone", pays),
    }
    n, found = main["test"], {}
    add = adder(desk, "journey.customers.offers:profit_per_thousand", DATASET, "normal")
    for name, (label, score, place) in rules.items():
        reached = {
            key: 0 if place is None else main["reach"][score][key][place] for key in ("chosen", "leavers")
        }
        counts = Targets(np.array([reached["chosen"]]), np.array([reached["leavers"]]), n)
        found[name] = profit_per_thousand(counts, offer)[0]
        add(f"offer_{name}_profit", found[name], "gbp", f"Profit per 1,000: {label}", n)
        add(f"offer_{name}_share", reached["chosen"] / n, "share", f"Who gets it: {label}", n)
        if name == "threshold":
            even = offer.cost * reached["chosen"] / (worth * max(reached["leavers"], 1))
            add("offer_even", even, "share", "Share saved at which the offer breaks even", reached["chosen"])
    add("stay_worth", worth, "gbp", "Margin of a customer who stays, 90 days", n)
    add("offer_threshold", offer.threshold, "share", "Chance of leaving from which an offer pays", n)
    add_curve(desk, main, offer)
    add_verdict(desk, main, offer, pays)
    chosen = adder(desk, "journey.assumptions:load_assumptions")
    chosen("offer_cost", offer.cost, "gbp", "Assumed cost of an offer")
    chosen("offer_saved", offer.saved, "share", "Assumed share of leavers who stay")


def add_verdict(desk: Desk, main: dict[str, Any], offer: Offer, pays: int | None) -> None:
    """How much more the model brings than the rule that learns nothing, and whether by chance."""
    n = main["test"]
    model, quiet = (
        Targets(np.array(only["chosen"]), np.array(only["leavers"]), n)
        for only in (main["only"][name] for name in ("model", "quiet"))
    )
    over = Estimate(0.0, 0.0, 0.0) if pays is None else profit_over(model, quiet, offer)[pays]
    add = adder(desk, "journey.customers.offers:profit_over", DATASET, "normal, same customers")
    add("offer_over_quiet", over, "gbp", "Profit per 1,000: trained model less model of buying", n)
    words = "which chance alone could make" if over.low <= 0 <= over.high else "beyond chance"
    add = adder(desk, "journey.findings.customer_value.leaving:add_verdict", DATASET)
    add("offer_apart", words, "text", "Whether training pays, in words")


def add_curve(desk: Desk, main: dict[str, Any], offer: Offer) -> None:
    """Profit over the share of customers who get the offer, for the model and the rule without one."""
    parts = []
    for score, label in (("logistic, none", "trained model"), ("quiet", "model of buying")):
        reached = main["reach"][score]
        counts = Targets(np.array(reached["chosen"]), np.array(reached["leavers"]), main["test"])
        found = profit_per_thousand(counts, offer)
        part = pd.DataFrame({"threshold": GRID, "share": counts.chosen / counts.customers, "score": label})
        part[["profit", "low", "high"]] = [(each.value, each.low, each.high) for each in found]
        parts.append(part.drop_duplicates("share"))
    desk.save("offer_curve", pd.concat(parts, ignore_index=True))
