"""Findings of chapter 09 on the shop: plan, check, analyse, look early, read many metrics, know the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from journey import experiments as engine
from journey.evaluation.treatment import free_shipping_by_user, true_effect, true_session_rate
from journey.evaluation.uplift_truth import order_worth, true_revenue
from journey.findings.desk import USERS, Desk, Row, add_rows
from journey.findings.experiments import field as experiments_field
from journey.findings.experiments import timing as experiments_timing
from journey.inference.estimate import Estimate
from journey.report.ledger import Number
from journey.warehouse.query import query

SOURCE = "journey.findings.experiments.collect"
DIFFERENCE, PROPORTIONS = "effects:difference", "proportions:two_proportions"
ARMS = ("control", "treatment")
EXPERIMENTS = {
    "free_shipping": "free shipping",
    "checkout_aa": "A/A test of the checkout",
    "broken_banner": "banner with a broken assignment",
}
#: metric -> its name, unit and digits
EFFECTS = {
    "conversion": ("Users who buy", "points", None),
    "orders": ("Purchases a user", "ratio", 4),
    "revenue": ("Net revenue a user", "eur", 2),
    "revenue_cuped": ("Net revenue a user, CUPED", "eur", 2),
    "session_rate": ("Sessions that buy", "points", None),
}
#: metric -> whose true effect it shares, and the function that knows it
TRUE = {
    "conversion": ("conversion", "treatment:true_effect"),
    "orders": ("orders", "treatment:true_effect"),
    "revenue": ("revenue", "uplift_truth:true_revenue"),
    "revenue_cuped": ("revenue", "uplift_truth:true_revenue"),
    "session_rate": ("session_rate", "treatment:true_session_rate"),
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
) -> Number:
    """Register a number that comes from the exposed users; `source` is a function of the engine or here."""
    place = SOURCE if source.startswith(":") else "journey.experiments."
    return desk.ledger.add(
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
) -> Number:
    """Register an effect with its interval, and its p value; gives the first."""
    number = add_number(desk, id, effect.as_estimate(), unit, label, source, n=n, digits=digits)
    p_label = f"p value: {label[0].lower()}{label[1:]}"
    add_number(desk, f"{id}_p", float(effect.p_value), "p", p_label, source, n=n)
    return number


def add_checks(desk: Desk, users: pd.DataFrame) -> None:
    """Sample ratio of each experiment, and the conversion it would have reported."""
    parts = {name: arms(users[users["experiment"].eq(name)]) for name in EXPERIMENTS}
    table = pd.DataFrame([add_check(desk, name, both) for name, both in parts.items()])
    desk.save("checks", table)
    for name, value in (("lowest", table["balance_p"].min()), ("highest", table["balance_p"].max())):
        label = f"{name.capitalize()} p value: balance of earlier visits, all experiments"
        add_number(desk, f"balance_{name}", float(value), "p", label, ":add_checks", digits=2)
    add_banner(desk, *parts["broken_banner"])


def add_check(desk: Desk, name: str, both: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, Any]:
    """Register the split of one experiment and its effect on users who buy; its row of the table."""
    title, (control, treatment) = EXPERIMENTS[name], map(len, both)
    n = control + treatment
    check = engine.sample_ratio_test([control, treatment])
    before = mean_effect(arm["sessions_before"] for arm in both)
    label, source = f"p value: sample ratio, {title}", "sample_ratio:sample_ratio_test"
    add_number(desk, f"{name}_ratio_p", check.p_value, "p", label, source, digits=4, n=n)
    add_number(desk, f"{name}_users", n, "count", f"Users exposed, {title}", ":add_check")
    effect, label = engine.two_proportions(*proportions(both)), f"Effect on users who buy, {title}"
    number = add_effect(desk, f"{name}_conversion", effect, "points", n, label, source=PROPORTIONS)
    return {
        "experiment": title,
        "control": control,
        "treatment": treatment,
        "ratio_p": check.p_value,
        "balance_p": float(before.p_value),
        "readable": "no" if check.mismatch else "yes",
        # What is not to be read is not shown.
        "effect": "not read" if check.mismatch else f"{number.text} ({number.interval})",
    }


def add_banner(desk: Desk, control: pd.DataFrame, treatment: pd.DataFrame) -> None:
    """Where the broken banner lost most of its treatment."""
    treated, others = (arm["device_preference"].value_counts().sort_index() for arm in (treatment, control))
    left = treated.reindex(others.index, fill_value=0) / others
    label = "Device on which the broken banner lost most treatment users"
    add_number(desk, "banner_device", str(left.idxmin()), "text", label, ":add_banner")
    label = "Treatment users for each control user on the banner's worst device"
    add_number(desk, "banner_device_ratio", float(left.min()), "ratio", label, ":add_banner", digits=2)


def mean_effect(both: Iterable[pd.Series]) -> engine.Effect:
    """The difference of the means of two arms."""
    return engine.difference(engine.means(*(engine.Sample.from_values(arm.to_numpy()) for arm in both)))


def effects_of(both: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[dict[str, engine.Effect], float]:
    """Free shipping on the metrics of `EFFECTS`, and the variance that CUPED takes off that on revenue."""

    def pairs(y: str, x: str) -> Iterator[engine.PairedSample]:
        return (engine.PairedSample.from_values(arm[y].to_numpy(), arm[x].to_numpy()) for arm in both)

    adjusted = engine.cuped(*pairs("revenue", "revenue_before"))
    effects = {
        "conversion": engine.two_proportions(*proportions(both)),
        "orders": mean_effect(arm["orders"] for arm in both),
        "revenue": mean_effect(arm["revenue"] for arm in both),
        "revenue_cuped": engine.difference(adjusted),
        "session_rate": engine.difference(engine.ratios(*pairs("orders", "sessions"))),
    }
    return effects, float(adjusted.variance_reduction)


def proportions(both: Iterable[pd.DataFrame]) -> list[engine.Proportion]:
    """Users who buy in each arm."""
    return [engine.Proportion.from_values(arm["converted"].to_numpy()) for arm in both]


def add_effects(desk: Desk, users: pd.DataFrame) -> None:
    """Free shipping on several metrics, with and without a covariate, against the truth."""
    both, n = arms(users), len(users)
    effects, saved = effects_of(both)
    adjusted = engine.holm([float(effect.p_value) for effect in effects.values()]).adjusted
    known = true_effects(desk, users)
    rows = []
    for (name, effect), holm_p in zip(effects.items(), adjusted, strict=True):
        label, unit, digits = EFFECTS[name]
        source = PROPORTIONS if name == "conversion" else DIFFERENCE
        told = f"{label}, effect of free shipping"
        number = add_effect(desk, name, effect, unit, n, told, digits=digits, source=source)
        row: dict[str, Any] = {"metric": label, "effect": number.text, "interval": number.interval}
        row |= {"p": float(effect.p_value), "holm_p": float(holm_p)}
        of, source = TRUE[name]
        if of == name:
            known[of] = desk.ledger.add(
                f"experiments.{name}_truth",
                known[of],
                unit,
                n=n,
                digits=digits,
                label=f"{label}, true effect of free shipping",
                source=f"journey.evaluation.{source}",
            )
        row |= {"truth": known[of].text, "truth_interval": known[of].interval}
        rows.append(row)
    desk.save("effects", pd.DataFrame(rows))
    label = "Variance of the effect on revenue that CUPED removes"
    add_number(desk, "cuped_saving", saved, "share", label, "cuped:cuped", n=n)
    add_conversion(desk, both)
    add_margin(desk, *both)


def true_effects(desk: Desk, users: pd.DataFrame) -> dict[str, Any]:
    """What free shipping truly does, by the metrics of `EFFECTS`."""
    store = desk.paths.store(desk.store)
    by_user = free_shipping_by_user(store, users[["user_id", "exposed_at"]])
    mean, orders = true_effect(by_user), by_user["orders"].to_numpy(dtype=float)
    return {
        "conversion": mean.conversion,
        "orders": mean.orders,
        "revenue": true_revenue(order_worth(desk.warehouse, store, by_user["persona"]), orders),
        "session_rate": true_session_rate(orders, users["sessions"]),
    }


def add_conversion(desk: Desk, both: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Users who buy: the relative lift, and the two probabilities of a Bayesian reading."""
    counted, n = proportions(both), sum(map(len, both))
    label, source = "Users who buy, relative lift of free shipping", "relative:relative_lift"
    lift = engine.relative_lift(engine.proportions(*counted))
    add_effect(desk, "conversion_lift", lift, "share", n, label, source=source)
    posterior = engine.beta_binomial(dict(zip(ARMS, counted, strict=True)))
    better, loss = float(posterior.probability_better[1]), float(posterior.expected_loss[1])
    label, source = "Probability that free shipping converts better, flat prior", "bayes:beta_binomial"
    add_number(desk, "probability_better", better, "share", label, source, n=n)
    label = "Expected loss of conversion when free shipping is chosen"
    add_number(desk, "expected_loss", loss, "points", label, source, digits=3, n=n)
    share, label = float(both[0]["converted"].mean()), "Users who buy without free shipping (control)"
    add_number(desk, "control_rate", share, "share", label, ":add_conversion", n=len(both[0]))


def add_margin(desk: Desk, control: pd.DataFrame, treatment: pd.DataFrame) -> None:
    """Margin a user after paying for shipping: what the decision is worth."""
    assumed, here = desk.assumptions, ":add_margin"
    margin, cost = assumed["shop.gross_margin"], assumed["free_shipping.cost_per_order"]
    worth = assumed["free_shipping.margin_worth_seeing"]
    values = (margin * control["revenue"], margin * treatment["revenue"] - cost * treatment["orders"])
    effect, n = mean_effect(values), len(control) + len(treatment)
    label = "Margin a user after shipping costs, effect of free shipping"
    add_effect(desk, "margin", effect, "eur", n, label, digits=2)
    value, low, high = (USERS * float(each) for each in (effect.estimate, effect.low, effect.high))
    everyone = Estimate(value, low, high, n=n, method="Welch, after shipping cost")
    label = f"Margin of free shipping for everyone, for {USERS:,} users"
    add_number(desk, "rollout_value", everyone, "eur", label, here)
    spread, power = [float(arm.var(ddof=1)) for arm in values], experiments_timing.POWER
    plan = engine.mean_sample_size(worth, spread[0], variance_treatment=spread[1], power=power)
    label = f"Users needed to see the smallest margin worth seeing, power {power:.0%}"
    add_number(desk, "margin_users", plan.total, "count", label, "sample_size:mean_sample_size", n=n)
    stated = ("rollout_users", USERS, "count", "Users for which money is stated")
    add_rows(desk, [stated], source=SOURCE + here)
    chosen: tuple[Row, ...] = (
        ("gross_margin", margin, "share", "Gross margin, share of net revenue (assumption)", {"digits": 0}),
        ("shipping_cost", cost, "eur", "Cost of free shipping an order (assumption)"),
        ("margin_worth_seeing", worth, "eur", "Smallest change of margin a user worth seeing (assumption)"),
    )
    add_rows(desk, chosen, digits=2, source="journey.assumptions:load_assumptions")


def add_segments(desk: Desk, users: pd.DataFrame) -> None:
    """Effect by observable segment, corrected for looking at several; and by persona, the truth."""
    of_channel = users.groupby("acquisition_channel", sort=True)
    estimates = {
        str(segment).replace("_", " "): engine.proportions(*proportions(arms(rows)))
        for segment, rows in of_channel
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
    for persona, effects in truth.groupby("persona")["conversion"]:
        desk.ledger.add(
            f"experiments.truth_{str(persona).lower().replace(' ', '_')}",
            effects.mean(),
            "points",
            n=len(effects),
            label=f"True effect of free shipping on users who buy, {persona}",
            source="journey.evaluation.treatment:free_shipping_by_user",
        )
