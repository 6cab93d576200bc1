"""Findings of chapter 05: from which probability is help worth its cost, and what is it worth?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.models.scores import Estimate, bootstrap
from journey.models.threshold import (
    Intervention,
    PolicyValue,
    policy_value,
    value_curve,
    value_difference,
)
from journey.report.findings.desk import Desk

if TYPE_CHECKING:
    from journey.report.findings.prediction import Decided

SOURCE = "journey.models.threshold"
SEED = 5
METHOD = "bootstrap over users, assumptions and threshold held fixed"


def add_value(desk: Desk, decided: dict[str, Decided], headline: str) -> float:
    """Value of helping the sessions above the cost threshold at every decision; the headline's threshold."""
    action = Intervention(
        cost=desk.assumptions["prediction.assist_cost"],
        lift=desk.assumptions["prediction.assist_lift"],
        margin=desk.assumptions["shop.gross_margin"],
    )
    rows, gains, kept = [], {}, 0.0
    for each in decided.values():
        known, test = each.periods.known, each.periods.test
        order_value = float(known.revenue_after[known.label].mean())
        threshold = action.threshold(order_value)
        value = policy_value(test.revenue_after, each.chosen, test.user_id, action, threshold, seed=SEED)
        # The rule a shop would use without a model: help whoever bought before.
        bought = test.column("orders_before") > 0
        rule = policy_value(test.revenue_after, bought, test.user_id, action, 0.5, seed=SEED)
        helped = each.chosen >= threshold
        more = value_difference(test.revenue_after, helped, bought, test.user_id, action, seed=SEED)
        rows.append(value_row(each.decision, value, rule, more))
        gains[each.short] = action.gains(test.revenue_after) * helped
        add_values(desk, each.short, value, rule, more, len(test))
        if each.decision == headline:
            kept = threshold
            desk.ledger.add(
                "prediction.order_value", order_value, "eur", digits=2, source=f"{SOURCE}:policy_value"
            )
            curve = value_curve(test.revenue_after, each.chosen, test.user_id, action, seed=SEED)
            desk.save("value_curve", curve)
    desk.save("values", pd.DataFrame(rows))
    add_wait(desk, decided, gains)
    for name, entry, unit, digits in (
        ("assist_cost", action.cost, "eur", 2),
        ("assist_lift", action.lift, "share", 0),
        ("margin", action.margin, "share", 0),
    ):
        desk.ledger.add(
            f"prediction.{name}", entry, unit, digits=digits, label="Assumption", source="assumptions.toml"
        )
    return kept


def add_wait(desk: Desk, decided: dict[str, Decided], gains: dict[str, NDArray[np.float64]]) -> None:
    """What waiting for the first cart is worth, against acting after the third event."""
    later, earlier = (decided[name].periods.test for name in ("first_cart", "after_3_events"))
    signed = np.r_[gains["cart"], -gains["third"]]
    users = np.r_[later.user_id, earlier.user_id]
    found, _ = bootstrap(
        lambda weights: {"difference": weights @ signed}, users, len(signed), replicates=1000, seed=SEED
    )
    add_money(desk, "cart_over_third", found["difference"], "eur", 0, len(signed))


def value_row(decision: str, value: PolicyValue, rule: PolicyValue, more: Estimate) -> dict[str, Any]:
    """One decision of the table of values."""
    row: dict[str, Any] = {"decision_id": decision, "threshold": value.threshold}
    for name in ("share", "value", "value_of_all", "over_all", "break_even_lift"):
        estimate: Estimate = getattr(value, name)
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return row | {
        "rule_value": rule.value.value,
        "over_rule": more.value,
        "over_rule_low": more.low,
        "over_rule_high": more.high,
    }


def add_values(desk: Desk, short: str, value: PolicyValue, rule: PolicyValue, more: Estimate, n: int) -> None:
    """The money of one decision."""
    desk.ledger.add(
        f"prediction.{short}_threshold",
        value.threshold,
        "share",
        label="Cost / (lift x margin x order value)",
        source=f"{SOURCE}:policy_value",
    )
    for name, estimate, unit, digits in (
        ("helped", value.share, "share", 0),
        ("value", value.value, "eur", 0),
        ("value_of_all", value.value_of_all, "eur", 0),
        ("value_over_all", value.over_all, "eur", 0),
        ("break_even_lift", value.break_even_lift, "share", 1),
        ("value_of_rule", rule.value, "eur", 0),
        ("value_over_rule", more, "eur", 0),
    ):
        add_money(desk, f"{short}_{name}", estimate, unit, digits, n)


def add_money(desk: Desk, name: str, estimate: Estimate, unit: str, digits: int, n: int) -> None:
    """Register one estimate that rests on the assumptions."""
    desk.ledger.add(
        f"prediction.{name}",
        estimate.value,
        unit,
        low=estimate.low,
        high=estimate.high,
        method=METHOD,
        n=n,
        digits=digits,
        source=f"{SOURCE}:policy_value",
    )
