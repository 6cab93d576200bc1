"""Findings of chapter 08 on Online Retail: spend foretold, retention, and what a new customer may cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.customers.bgnbd import BetaGeometric
from journey.customers.gamma_gamma import GammaGamma
from journey.customers.likelihood import Fit
from journey.customers.nbd import NBD
from journey.customers.value import Terms, lifetime_of_new, value_of_new
from journey.findings.customer_value.entries import adder, estimate_of
from journey.findings.desk import Desk, flat
from journey.inference.estimate import Estimate, scaled
from journey.inference.intervals import normal_interval
from journey.studies.registry import kept

SOURCE, DATASET = "journey.studies.customer_value.retail:describe_retail_value", "online_retail"
MODELS: dict[str, Any] = {"BG/NBD": BetaGeometric, "NBD": NBD}
UNITS = {"mae": "gbp", "bias": "share", "top_found": "share"}
METHOD = "bootstrap over customers"
DRAWS = 400


def add_retail(desk: Desk) -> None:
    """Forecasts, retention and worth."""
    evidence = kept("online_retail_value", desk.paths)
    found = evidence.results
    desk.save("evidence_retail", pd.DataFrame({"note": [evidence.label]}))
    add = adder(desk, SOURCE, DATASET)
    for name, label in (("cut", "Last day that is known"), ("last", "Last day of the invoices")):
        add(f"retail_{name}", f"{pd.Timestamp(found[name]):%-d %B %Y}", "text", label)
    add_forecasts(desk, found["forecasts"])
    add_facts(desk, found["forecasts"])
    desk.save("retail_retention", pd.DataFrame(found["retention"]))
    add_worth(desk, found["whole"])


def add_forecasts(desk: Desk, found: dict[str, Any]) -> None:
    """How well each way foretells the spend of the last 90 days."""
    n, rows = found["customers"], []
    words = {
        "model": "model of buying, with money",
        "trees": "boosted trees",
        "again": "the same weeks a year ago" if found["again_a_year_ago"] else "the last 90 days again",
    }
    add = adder(desk, SOURCE, DATASET, METHOD)
    for way, what in words.items():
        measures = {name: estimate_of(values) for name, values in found["measures"][way].items()}
        captured, rest = found["captured"][way], found["without_largest"][way]
        extra = {"captured": captured, "without_largest": rest}
        rows.append({"way": what} | flat(measures) | extra)
        for name, each in measures.items():
            unit = UNITS.get(name, "ratio")
            add(f"retail_{way}_{name}", each, unit, f"Online Retail, {what}: {name}", n)
        add(f"retail_{way}_captured", captured, "share", f"Spend of the tenth named by {what}", n)
        add(f"retail_{way}_rest", rest, "ratio", f"R2 without the top ten, {what}", n)
    desk.save("retail_forecasts", pd.DataFrame(rows))
    parts = [pd.DataFrame(found["deciles"][way]).assign(way=words[way]) for way in ("model", "trees")]
    desk.save("retail_deciles", pd.concat(parts, ignore_index=True))
    best = max(rows, key=lambda row: row["r2"])
    top = Estimate(best["r2"], best["r2_low"], best["r2_high"])
    add("retail_best_r2", top, "ratio", f"Best R2 on Online Retail: {best['way']}", n)


def add_facts(desk: Desk, found: dict[str, Any]) -> None:
    """Counts behind the forecasts, and which model the customers allow."""
    n = found["customers"]
    add = adder(desk, SOURCE, DATASET, "studentised bootstrap")
    add("retail_customers", n, "count", "Customers of Online Retail known at the cut")
    add("retail_model", found["model"], "text", "Model of buying that Online Retail allows", n)
    more = found["orders"] / found["expected_orders"] - 1
    add("retail_more_orders", more, "share", "Orders seen over orders expected, less 1", n)
    top = estimate_of(found["top_share"])
    add("retail_top_share", top, "share", "Share of spend that the best tenth brings, next 90 days", n)
    add("retail_link", found["independence"], "ratio", "Correlation of orders and money an order", n)


def add_worth(desk: Desk, whole: dict[str, Any]) -> None:
    """What a new customer is worth within the horizon, in both shops: the most that winning one may cost."""
    assumed = desk.assumptions
    names = ("shop.gross_margin", "customer_value.interest", "customer_value.horizon_days")
    margin, interest, days = (assumed[name] for name in names)
    chosen = adder(desk, "journey.assumptions:load_assumptions")
    chosen("gross_margin", margin, "share", "Assumed gross margin")
    chosen("interest", interest, "share", "Assumed interest a year")
    chosen("horizon_days", days, "count", "Days for which a new customer counts")
    terms = Terms(margin, interest, days)
    cdnow = kept("cdnow_value", desk.paths).results
    known = {"buying": cdnow["fits"]["BG/NBD"], "money": cdnow["fits"]["Gamma-Gamma"]}
    add_new(desk, "retail", whole, whole["fits"], whole["model"], terms, "gbp")
    add_new(desk, "cdnow", cdnow, known, "BG/NBD", terms, "usd")
    add_seen(desk, whole, margin)


def add_new(
    desk: Desk, shop: str, values: dict[str, Any], fits: dict[str, Any], model: str, terms: Terms, unit: str
) -> None:
    """Register the worth of a new customer of one shop."""
    found = lifetime_of_new(
        MODELS[model](Fit.of(fits["buying"])),
        GammaGamma(Fit.of(fits["money"])),
        (values["first"]["mean"], values["first"]["error"]),
        terms,
        draws=DRAWS,
    )
    dataset = DATASET if shop == "retail" else "cdnow_sample"
    add = adder(desk, "journey.customers.value:lifetime_of_new", dataset, "draws of the fits")
    digits, n = 0 if found.total.value >= 100 else 2, values["customers"]
    add(f"{shop}_first", found.first, unit, f"Margin of the first purchase, {shop}", n, digits)
    add(f"{shop}_total", found.total, unit, f"Worth of a new customer, {shop}", n, digits)
    label = f"Further purchases, discounted, {shop}"
    add(f"{shop}_purchases", found.purchases, "count", label, n, 1)


def add_seen(desk: Desk, whole: dict[str, Any], margin: float) -> None:
    """What new customers did spend in their first half year, against what the model expects."""
    seen = whole["seen"]
    terms = Terms(1.0, 0.0, seen["days"])
    model = MODELS[whole["model"]](Fit.of(whole["fits"]["buying"]))
    one, more, _ = value_of_new(model, GammaGamma(Fit.of(whole["fits"]["money"])).mean, seen["first"], terms)
    spent, n = normal_interval(seen["mean"], seen["error"], decimals=2), seen["customers"]
    add = adder(desk, SOURCE, DATASET, "normal")
    add("half_year_seen", spent, "gbp", "Spend of new customers in their first half year", n)
    add("half_year_margin", scaled(spent, margin), "gbp", "Margin that they brought in that time", n)
    add("half_year_days", seen["days"], "count", "Days of that half year")
    add("half_year_model", one + more, "gbp", "The same by the model of buying", whole["customers"])
    add("half_year_ratio", (one + more) / seen["mean"] - 1, "share", "Model over what was seen, less 1")
