"""Findings of chapter 08 on Online Retail: spend foretold, retention, and what a new customer may cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.customers.bgnbd import BetaGeometric
from journey.customers.gamma_gamma import GammaGamma
from journey.customers.likelihood import Fit
from journey.customers.nbd import NBD
from journey.customers.value import Lifetime, Terms, lifetime_of_new
from journey.findings.customer_value.entries import add_estimate, estimate_of
from journey.findings.desk import Desk
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

SOURCE = "journey.studies.customer_value.retail"
COMMON: dict[str, Any] = {"dataset": "online_retail", "source": f"{SOURCE}:describe_retail_value"}
MODELS: dict[str, Any] = {"BG/NBD": BetaGeometric, "NBD": NBD}
METHOD = "bootstrap over customers"
DRAWS = 400


def add_retail(desk: Desk) -> None:
    """Forecasts, retention and worth."""
    evidence = kept("online_retail_value", desk.paths)
    found = evidence.results
    desk.save("evidence_retail", pd.DataFrame({"note": [evidence.label]}))
    for name, label in (
        ("first", "First day of the invoices"),
        ("cut", "Last day that is known"),
        ("last", "Last day"),
    ):
        moment = pd.Timestamp(found[name])
        desk.ledger.add(f"customer_value.retail_{name}", f"{moment:%-d %B %Y}", label=label, **COMMON)
    add_forecasts(desk, found["forecasts"])
    desk.save("retail_retention", pd.DataFrame(found["retention"]))
    add_worth(desk, found["whole"])


def add_forecasts(desk: Desk, found: dict[str, Any]) -> None:
    """How well each way foretells the spend of the last 90 days."""
    n = found["customers"]
    words = {
        "model": f"{found['model']} and Gamma-Gamma",
        "trees": "boosted trees",
        "again": "the same weeks a year ago" if found["again_a_year_ago"] else "the last 90 days again",
    }
    rows = []
    for way, measures in found["measures"].items():
        row: dict[str, Any] = {"way_id": way, "way": words[way]}
        for measure, values in measures.items():
            each = estimate_of(values)
            row |= {measure: each.value, f"{measure}_low": each.low, f"{measure}_high": each.high}
            unit = {"mae": "gbp", "bias": "share", "top_found": "share"}.get(measure, "ratio")
            add_estimate(
                desk,
                f"retail_{way}_{measure}",
                each,
                unit,
                n,
                f"Online Retail, {words[way]}: {measure}",
                f"{SOURCE}:forecasts",
                METHOD,
                "online_retail",
            )
        row |= {"captured": found["captured"][way], "without_largest": found["without_largest"][way]}
        rows.append(row)
        desk.ledger.add(
            f"customer_value.retail_{way}_captured",
            found["captured"][way],
            "share",
            digits=0,
            n=n,
            label=f"Spend of the tenth forecast highest, {words[way]}",
            **COMMON,
        )
        desk.ledger.add(
            f"customer_value.retail_{way}_rest",
            found["without_largest"][way],
            "ratio",
            digits=2,
            n=n,
            label=f"R2 without the ten largest customers, {words[way]}",
            **COMMON,
        )
    desk.save("retail_forecasts", pd.DataFrame(rows))
    parts = [pd.DataFrame(values).assign(way=words[way]) for way, values in found["deciles"].items()]
    desk.save("retail_deciles", pd.concat(parts, ignore_index=True))
    add_facts(desk, found, n)
    best = {name: max(rows, key=lambda row: row[name]) for name in ("r2", "rank")}
    for name, row in best.items():
        desk.ledger.add(
            f"customer_value.retail_best_{name}_by",
            row["way"],
            n=n,
            label=f"Way with the best {name}",
            **COMMON,
        )
        add_estimate(
            desk,
            f"retail_best_{name}",
            Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"]),
            "ratio",
            n,
            f"Best {name} reached on Online Retail",
            f"{SOURCE}:forecasts",
            METHOD,
            "online_retail",
        )


def add_facts(desk: Desk, found: dict[str, Any], n: int) -> None:
    """Counts behind the forecasts, and which model the customers allow."""
    add = desk.ledger.add
    add(
        "customer_value.retail_customers",
        n,
        "count",
        label="Customers of Online Retail known at the cut",
        **COMMON,
    )
    add(
        "customer_value.retail_returned",
        found["returned"] / n,
        "share",
        digits=0,
        n=n,
        label="Those who bought in the next 90 days",
        **COMMON,
    )
    add(
        "customer_value.retail_model",
        found["model"],
        n=n,
        label="Model of buying that Online Retail allows",
        **COMMON,
    )
    more = found["orders"] / found["expected_orders"] - 1
    add(
        "customer_value.retail_more_orders",
        more,
        "share",
        digits=0,
        n=n,
        label="Orders seen over orders expected, less 1",
        **COMMON,
    )
    for name, label in (("top_share", "next 90 days"), ("top_share_before", "days before")):
        values = found[name]
        add_estimate(
            desk,
            f"retail_{name}",
            estimate_of(values),
            "share",
            n,
            f"Share of spend that the best tenth brings, {label}",
            "journey.customers.concentration:top_share",
            "studentised bootstrap",
            "online_retail",
        )
    add(
        "customer_value.retail_link",
        found["independence"],
        "ratio",
        digits=2,
        n=n,
        label="Correlation of orders and money an order",
        **COMMON,
    )


def add_worth(desk: Desk, whole: dict[str, Any]) -> None:
    """What a new customer is worth within the horizon, in both shops: the most that winning one may cost."""
    assumed = desk.assumptions
    terms = Terms(
        assumed["shop.gross_margin"],
        assumed["customer_value.interest"],
        assumed["customer_value.horizon_days"],
    )
    for name, unit, digits in (
        ("gross_margin", "share", 0),
        ("interest", "share", 0),
        ("horizon_days", "count", 0),
    ):
        key = f"shop.{name}" if name == "gross_margin" else f"customer_value.{name}"
        desk.ledger.add(
            f"customer_value.{name}",
            assumed[key],
            unit,
            digits=digits,
            label=f"Assumed: {name}",
            source="assumptions.toml",
        )
    cdnow = kept("cdnow_value", desk.paths).results
    rows = []
    for shop, values, fits, model, unit in (
        ("Online Retail", whole, whole["fits"], whole["model"], "gbp"),
        (
            "CDNOW",
            cdnow,
            {"buying": cdnow["fits"]["BG/NBD"], "money": cdnow["fits"]["Gamma-Gamma"]},
            "BG/NBD",
            "usd",
        ),
    ):
        found = lifetime_of_new(
            MODELS[model](Fit.of(fits["buying"])),
            GammaGamma(Fit.of(fits["money"])),
            (values["first"]["mean"], values["first"]["error"]),
            terms,
            draws=DRAWS,
        )
        rows.append(worth_row(desk, shop, found, unit, values["customers"], model))
    desk.save("worth", pd.DataFrame(rows))


def worth_row(desk: Desk, shop: str, found: Lifetime, unit: str, n: int, model: str) -> dict[str, Any]:
    """Register the worth of a new customer of one shop; gives its row of the table."""
    short = shop.lower().replace(" ", "_")
    row: dict[str, Any] = {"shop": shop, "model": model, "customers": n}
    for part in ("first", "later", "total", "purchases"):
        each: Estimate = getattr(found, part)
        digits = 1 if part == "purchases" else (0 if each.value >= 100 else 2)
        number = desk.ledger.add(
            f"customer_value.{short}_{part}",
            each,
            "count" if part == "purchases" else unit,
            digits=digits,
            method="draws of the fits",
            n=n,
            label=f"Worth of a new customer of {shop}: {part}",
            source="journey.customers.value:lifetime_of_new",
            dataset="online_retail" if unit == "gbp" else "cdnow_sample",
        )
        row |= {part: number.text, f"{part}_interval": number.interval}
    return row
