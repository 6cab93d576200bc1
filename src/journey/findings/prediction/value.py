"""Findings of chapter 05: from which probability is help worth its cost, and what is it worth?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.findings.desk import Desk, flat
from journey.findings.prediction.decided import Decided
from journey.inference.estimate import Estimate
from journey.models.scores import bootstrap
from journey.models.threshold import Intervention, PolicyValue, policy_value, value_difference

SOURCE = "journey.models.threshold"
HERE = "journey.findings.prediction.value"
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
        add_values(desk, each, value, rule, more, len(test))
        if each.decision == headline:
            kept = threshold
            label, source = "Mean revenue of a buying session before the test period", f"{HERE}:add_value"
            desk.ledger.add(
                "prediction.order_value", order_value, "eur", digits=2, label=label, source=source
            )
    desk.save("values", pd.DataFrame(rows))
    add_wait(desk, decided, gains)
    for name, entry, unit, digits, what in (
        ("assist_cost", action.cost, "eur", 2, "Cost of helping a session"),
        ("assist_lift", action.lift, "share", 0, "Rise of purchases among those helped"),
        ("margin", action.margin, "share", 0, "Gross margin, share of net revenue"),
    ):
        label, source = f"{what} (assumption)", "journey.assumptions:load_assumptions"
        desk.ledger.add(f"prediction.{name}", entry, unit, digits=digits, label=label, source=source)
    return kept


def add_wait(desk: Desk, decided: dict[str, Decided], gains: dict[str, NDArray[np.float64]]) -> None:
    """What waiting for the first cart is worth, against acting after the third event."""
    later, earlier = (decided[name].periods.test for name in ("first_cart", "after_3_events"))
    signed = np.r_[gains["cart"], -gains["third"]]
    users = np.r_[later.user_id, earlier.user_id]
    found, _ = bootstrap(
        lambda weights: {"difference": weights @ signed}, users, len(signed), replicates=1000, seed=SEED
    )
    label = "Gain from waiting for the first cart over acting after three events"
    source = f"{HERE}:add_wait"
    add_money(desk, "cart_over_third", found["difference"], "eur", 0, len(signed), label, source)


def value_row(decision: str, value: PolicyValue, rule: PolicyValue, more: Estimate) -> dict[str, Any]:
    """One decision of the table of values."""
    names = ("share", "value", "value_of_all", "over_all", "break_even_lift")
    row: dict[str, Any] = {"decision_id": decision, "threshold": value.threshold}
    row |= flat({name: getattr(value, name) for name in names})
    return row | {"rule_value": rule.value.value} | flat({"over_rule": more})


def add_values(
    desk: Desk, each: Decided, value: PolicyValue, rule: PolicyValue, more: Estimate, n: int
) -> None:
    """The money of one decision."""
    desk.ledger.add(
        f"prediction.{each.short}_threshold",
        value.threshold,
        "share",
        label=f"Probability from which help pays {each.when}",
        source=f"{SOURCE}:Intervention.threshold",
    )
    for name, estimate, unit, digits, label in (
        ("value", value.value, "eur", 0, "Gain from helping by the score"),
        ("value_of_all", value.value_of_all, "eur", 0, "Gain from helping everybody"),
        ("value_over_all", value.over_all, "eur", 0, "Gain of the score over helping everybody"),
        ("value_of_rule", rule.value, "eur", 0, "Gain from helping who bought before"),
        ("value_over_rule", more, "eur", 0, "Gain of the score over helping who bought before"),
    ):
        source = f"{SOURCE}:{'value_difference' if name == 'value_over_rule' else 'policy_value'}"
        add_money(desk, f"{each.short}_{name}", estimate, unit, digits, n, f"{label} {each.when}", source)


def add_money(
    desk: Desk, name: str, estimate: Estimate, unit: str, digits: int, n: int, label: str, source: str
) -> None:
    """Register one estimate that rests on the assumptions."""
    desk.ledger.add(
        f"prediction.{name}",
        estimate,
        unit,
        method=METHOD,
        n=n,
        digits=digits,
        label=label,
        source=source,
    )
