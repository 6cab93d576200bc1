"""Findings of chapter 09 on the shop: plan, check, analyse, look early, read many metrics, know the truth."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey import experiments as engine
from journey.evaluation.treatment import free_shipping_by_user, true_effect
from journey.findings.desk import USERS, Desk
from journey.findings.experiments import field as experiments_field
from journey.findings.experiments import timing as experiments_timing
from journey.inference.estimate import Estimate
from journey.report.formats import format_interval, format_number
from journey.warehouse.query import query

SOURCE = "journey.findings.experiments.collect"
DIFFERENCE, PROPORTIONS = "effects:difference", "proportions:two_proportions"
ARMS = ("control", "treatment")
EXPERIMENTS = {
    "free_shipping": "free shipping",
    "checkout_aa": "A/A test of the checkout",
    "broken_banner": "banner with a broken assignment",
}


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    users = query("experiment_users", desk.warehouse)
    add_checks(desk, users)
    tested = users[users["experiment"].eq("free_shipping")].reset_index(drop=True)
    add_effects(desk, tested)
    add_segments(desk, tested)
    experiments_timing.add_looks(desk, tested)
    experiments_timing.add_plan(desk, tested)
    experiments_field.collect(desk)


def arms(users: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The users of the control and of the treatment."""
    control, treatment = (users[users["variant"].eq(arm)] for arm in ARMS)
    return control, treatment


def add_number(
    desk: Desk, name: str, value: float | str | Estimate, unit: str, label: str, source: str, **more: Any
) -> None:
    """Register a number that comes from the exposed users; `source` is a function of the engine or here."""
    place = SOURCE if source.startswith(":") else "journey.experiments."
    desk.ledger.add(
        f"experiments.{name}",
        value,
        unit,
        label=label,
        source=place + source,
        query="experiment_users",
        **more,
    )


def add_effect(
    desk: Desk,
    id: str,
    effect: engine.Effect,
    unit: str,
    n: int,
    label: str,
    *,
    digits: int | None = None,
    source: str = DIFFERENCE,
) -> None:
    """Register an effect with its interval, and its p value."""
    add_number(
        desk,
        id,
        effect.as_estimate(),
        unit,
        label,
        source,
        n=n,
        digits=digits,
    )
    p_label = f"p value: {label[0].lower()}{label[1:]}"
    add_number(desk, f"{id}_p", float(effect.p_value), "p", p_label, source, n=n)


def add_checks(desk: Desk, users: pd.DataFrame) -> None:
    """Sample ratio of each experiment, and the conversion it would have reported."""
    rows = []
    for name, title in EXPERIMENTS.items():
        control, treatment = arms(users[users["experiment"].eq(name)])
        check = engine.sample_ratio_test([len(control), len(treatment)])
        effect = engine.two_proportions(
            *(engine.Proportion.from_values(arm["converted"].to_numpy()) for arm in (control, treatment))
        )
        before = engine.difference(
            engine.means(
                *(
                    engine.Sample.from_values(arm["sessions_before"].to_numpy())
                    for arm in (control, treatment)
                )
            )
        )
        n = len(control) + len(treatment)
        rows.append(
            {
                "experiment": title,
                "control": len(control),
                "treatment": len(treatment),
                "ratio_p": check.p_value,
                "balance_p": float(before.p_value),
                "readable": "no" if check.mismatch else "yes",
                "effect": f"{format_number(float(effect.estimate), 'points')} "
                f"({format_interval(float(effect.low), float(effect.high), 'points')})",
            }
        )
        label, source = f"p value: sample ratio, {title}", "sample_ratio:sample_ratio_test"
        add_number(desk, f"{name}_ratio_p", check.p_value, "p", label, source, digits=4, n=n)
        add_number(desk, f"{name}_users", n, "count", f"Users exposed, {title}", ":add_checks")
        label = f"Effect on users who buy, {title}"
        add_effect(desk, f"{name}_conversion", effect, "points", n, label, source=PROPORTIONS)
    table = pd.DataFrame(rows)
    desk.save("checks", table)
    for name, value in (("lowest", table["balance_p"].min()), ("highest", table["balance_p"].max())):
        label = f"{name.capitalize()} p value: balance of earlier visits, all experiments"
        add_number(desk, f"balance_{name}", float(value), "p", label, ":add_checks", digits=2)
    lost = users[users["experiment"].eq("broken_banner")]
    control, treatment = arms(lost)
    gaps = {
        device: (lost["device_preference"].eq(device) & lost["variant"].eq("treatment")).sum()
        / (lost["device_preference"].eq(device) & lost["variant"].eq("control")).sum()
        for device in sorted(lost["device_preference"].unique())
    }
    worst = min(gaps, key=lambda device: gaps[device])
    label = "Device on which the broken banner lost most treatment users"
    add_number(desk, "banner_device", worst, "text", label, ":add_checks")
    label = "Treatment users for each control user on the banner's worst device"
    add_number(desk, "banner_device_ratio", float(gaps[worst]), "ratio", label, ":add_checks", digits=2)


def add_effects(desk: Desk, users: pd.DataFrame) -> None:
    """Free shipping on several metrics, with and without a covariate, against the truth."""
    control, treatment = arms(users)
    n = len(users)
    both = (control, treatment)

    def paired(y: str, x: str) -> engine.ArmEstimates:
        return engine.cuped(
            *(engine.PairedSample.from_values(arm[y].to_numpy(), arm[x].to_numpy()) for arm in both)
        )

    sums = {
        metric: tuple(engine.Sample.from_values(arm[metric].to_numpy()) for arm in both)
        for metric in ("orders", "revenue")
    }
    conversion = engine.two_proportions(
        *(engine.Proportion.from_values(arm["converted"].to_numpy()) for arm in both)
    )
    rate = engine.ratios(
        *(
            engine.PairedSample.from_values(arm["orders"].to_numpy(), arm["sessions"].to_numpy())
            for arm in both
        )
    )
    effects = {
        "conversion": ("Users who buy", "points", conversion),
        "orders": ("Purchases a user", "ratio", engine.difference(engine.means(*sums["orders"]))),
        "revenue": ("Net revenue a user", "eur", engine.difference(engine.means(*sums["revenue"]))),
        "revenue_cuped": (
            "Net revenue a user, CUPED",
            "eur",
            engine.difference(paired("revenue", "revenue_before")),
        ),
        "session_rate": ("Sessions that buy", "points", engine.difference(rate)),
    }
    adjusted = engine.holm([float(effect.p_value) for _, _, effect in effects.values()])
    truth = true_effect(free_shipping_by_user(desk.paths.store(desk.store), users[["user_id", "exposed_at"]]))
    known = {"conversion": truth.conversion, "orders": truth.orders}
    rows = []
    for (name, (label, unit, effect)), holm_p in zip(effects.items(), adjusted.adjusted, strict=True):
        digits = {"eur": 2, "ratio": 4}.get(unit)
        source = PROPORTIONS if name == "conversion" else DIFFERENCE
        effect_label = f"{label}, effect of free shipping"
        add_effect(desk, name, effect, unit, n, effect_label, digits=digits, source=source)
        number = next(item for item in desk.ledger if item.id == f"experiments.{name}")
        true_text = ""
        if name in known:
            true_number = desk.ledger.add(
                f"experiments.{name}_truth",
                known[name],
                unit,
                n=n,
                digits=digits,
                label=f"{label}, true effect of free shipping",
                source="journey.evaluation.treatment:true_effect",
            )
            true_text = true_number.text
        rows.append(
            {
                "metric": label,
                "effect": number.text,
                "interval": number.interval,
                "p": float(effect.p_value),
                "holm_p": float(holm_p),
                "truth": true_text or None,
            }
        )
    desk.save("effects", pd.DataFrame(rows))
    lift = engine.relative_lift(
        engine.proportions(*(engine.Proportion.from_values(a["converted"].to_numpy()) for a in both))
    )
    label, source = "Users who buy, relative lift of free shipping", "relative:relative_lift"
    add_effect(desk, "conversion_lift", lift, "share", n, label, source=source)
    saved = (
        1
        - float(effects["revenue_cuped"][2].standard_error) ** 2
        / float(effects["revenue"][2].standard_error) ** 2
    )
    label = "Variance of the effect on revenue that CUPED removes"
    add_number(desk, "cuped_saving", saved, "share", label, "cuped:cuped", n=n)
    posterior = engine.beta_binomial(
        {
            arm: engine.Proportion.from_values(rows_["converted"].to_numpy())
            for arm, rows_ in zip(ARMS, both, strict=True)
        }
    )
    better, loss = float(posterior.probability_better[1]), float(posterior.expected_loss[1])
    label, source = "Probability that free shipping converts better, flat prior", "bayes:beta_binomial"
    add_number(desk, "probability_better", better, "share", label, source, n=n)
    label = "Expected loss of conversion when free shipping is chosen"
    add_number(desk, "expected_loss", loss, "points", label, source, digits=3, n=n)
    label, share = "Users who buy without free shipping (control)", float(control["converted"].mean())
    add_number(desk, "control_rate", share, "share", label, ":add_effects", n=len(control))
    add_margin(desk, control, treatment)


def add_margin(desk: Desk, control: pd.DataFrame, treatment: pd.DataFrame) -> None:
    """Margin a user after paying for shipping: what the decision is worth."""
    margin = desk.assumptions["shop.gross_margin"]
    cost = desk.assumptions["free_shipping.cost_per_order"]
    values = (margin * control["revenue"], margin * treatment["revenue"] - cost * treatment["orders"])
    effect = engine.difference(engine.means(*(engine.Sample.from_values(arm.to_numpy()) for arm in values)))
    n = len(control) + len(treatment)
    label = "Margin a user after shipping costs, effect of free shipping"
    add_effect(desk, "margin", effect, "eur", n, label, digits=2)
    add_number(
        desk,
        "rollout_value",
        USERS * float(effect.estimate),
        "eur",
        f"Margin of free shipping for everyone, for {USERS:,} users",
        ":add_margin",
        low=USERS * float(effect.low),
        high=USERS * float(effect.high),
        method="Welch, after shipping cost",
        n=n,
    )
    desk.ledger.add(
        "experiments.rollout_users",
        USERS,
        "count",
        label="Users for which money is stated",
        source=f"{SOURCE}:add_margin",
    )
    worth = desk.assumptions["free_shipping.margin_worth_seeing"]
    spread = [float(arm.var(ddof=1)) for arm in values]
    plan = engine.mean_sample_size(
        worth, spread[0], variance_treatment=spread[1], power=experiments_timing.POWER
    )
    label = f"Users needed to see the smallest margin worth seeing, power {experiments_timing.POWER:.0%}"
    add_number(desk, "margin_users", plan.total, "count", label, "sample_size:mean_sample_size", n=n)
    for name, value, unit, label in (
        ("gross_margin", margin, "share", "Gross margin, share of net revenue"),
        ("shipping_cost", cost, "eur", "Cost of free shipping an order"),
        ("margin_worth_seeing", worth, "eur", "Smallest change of margin a user worth seeing"),
    ):
        desk.ledger.add(
            f"experiments.{name}",
            value,
            unit,
            digits=0 if unit == "share" else 2,
            label=f"{label} (assumption)",
            source="journey.assumptions:load_assumptions",
        )


def add_segments(desk: Desk, users: pd.DataFrame) -> None:
    """Effect by observable segment, corrected for looking at several; and by persona, the truth."""
    control, treatment = arms(users)
    estimates = {
        str(segment).replace("_", " "): engine.proportions(
            *(
                engine.Proportion.from_values(
                    arm.loc[arm["acquisition_channel"].eq(segment), "converted"].to_numpy()
                )
                for arm in (control, treatment)
            )
        )
        for segment in sorted(users["acquisition_channel"].unique())
    }
    found = engine.heterogeneity(estimates)
    label, source = "p value: effect of free shipping differs by channel", "heterogeneity:heterogeneity"
    add_number(desk, "heterogeneity_p", found.p_value, "p", label, source, digits=2, n=len(users))
    n, label = len(estimates), "Acquisition channels taken as segments"
    add_number(desk, "segments", n, "count", label, ":add_segments")
    label = "Segments whose effect is significant, corrected for several"
    significant = sum(segment.significant for segment in found.segments)
    add_number(desk, "segments_significant", significant, "count", label, source, n=n)
    desk.save(
        "segments",
        pd.DataFrame(
            [
                {
                    "segment": segment.name,
                    "effect": float(segment.effect.estimate),
                    "low": float(segment.effect.low),
                    "high": float(segment.effect.high),
                    "adjusted_p": float(segment.adjusted_p),
                }
                for segment in found.segments
            ]
        ),
    )
    truth = free_shipping_by_user(desk.paths.store(desk.store), users[["user_id", "exposed_at"]])
    personas = (
        truth.groupby("persona").agg(users=("user_id", "size"), effect=("conversion", "mean")).reset_index()
    )
    desk.save("personas", personas)
    for row in personas.to_dict("records"):
        desk.ledger.add(
            f"experiments.truth_{row['persona'].lower().replace(' ', '_')}",
            row["effect"],
            "points",
            n=row["users"],
            label=f"True effect of free shipping on users who buy, {row['persona']}",
            source="journey.evaluation.treatment:free_shipping_by_user",
        )
