"""What headings, titles, captions and alternative texts without a number claim, and what they only name.

A text that says what is the case has a predicate over the numbers it compares: it must hold in the build, and
in every other draw of the shop that keeps these numbers. Those that only name what is shown are listed one by
one in `named_texts.txt`, so that nobody adds a claim without a predicate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

Ledger = Mapping[str, Mapping[str, Any]]
Table = Callable[[str], pd.DataFrame]

#: What a figure is, at the start of an alternative text.
FORM = (
    "Dot plot",
    "Two dot plots",
    "Heat map",
    "Line chart",
    "Lines of",
    "Lines with",
    "Three line charts",
    "Three rising curves",
    "Four line charts",
    "Curve of",
    "Curves of",
    "Scatter of",
    "Bar chart",
    "Three bars",
    "Four bars",
    "Two dots with intervals",
    "Horizontal bars of",
    "Grouped bars",
    "Strip plot",
    "Sankey diagram",
    "Two waterfall charts",
    "Estimate by day with two bands",
    "On the left the share of sessions",
)


def value(n: Ledger, id: str) -> Any:
    """The value of a number."""
    return n[id]["value"]


def low(n: Ledger, id: str) -> float:
    """The lower bound of a number."""
    return float(n[id]["low"])


def high(n: Ledger, id: str) -> float:
    """The upper bound of a number."""
    return float(n[id]["high"])


def spans(n: Ledger, id: str, at: float = 0.0) -> bool:
    """Whether the interval of a number holds a value."""
    return low(n, id) <= at <= high(n, id)


RULES = ("first_touch", "last_touch", "linear", "position_based", "time_decay", "markov")

#: text -> whether it holds for a ledger
HELD: dict[str, Callable[[Ledger], bool]] = {
    "The Kaggle set is a formula, not behaviour": lambda n: value(n, "audit.kaggle_rule_broken") == 0,
    "A popular data set predicts nothing": lambda n: spans(n, "audit.kaggle_auc_rest", 0.5),
    "Without the two cart columns, nothing predicts a purchase": lambda n: spans(
        n, "audit.kaggle_auc_rest", 0.5
    ),
    "The real outcomes score no better than shuffled ones": lambda n: (
        value(n, "audit.kaggle_permutation_p") > 0.05
    ),
    "Most sessions end before the cart; the repair should start after it": lambda n: (
        high(n, "funnel.cart_rate") < 0.5
    ),
    "One weekend does not fit, and it was planned": lambda n: (
        0 < value(n, "funnel.odd_days") == value(n, "funnel.odd_days_in_promotion")
    ),
    "SQL and Python agree": lambda n: value(n, "funnel.agreeing") == value(n, "funnel.compared"),
    "Most moves lead to another view": lambda n: low(n, "journeys.view_to_view") > 0.5,
    "Waiting visitors are not lost visitors": lambda n: (
        low(n, "journeys.ordered_60") > high(n, "journeys.ordered_7")
    ),
    "First orders go on coming for weeks after the first visit": lambda n: (
        low(n, "journeys.ordered_60") > high(n, "journeys.ordered_7")
    ),
    "No attribution rule finds what channels cause": lambda n: all(
        value(n, f"journeys.wrong_share_{rule}") > 0.1 for rule in RULES
    ),
    "The broadest stream goes from a view straight to leaving": lambda n: (
        value(n, "journeys.top_path") == "view > leave"
    ),
    "In the field: real visits are short and stay within a category": lambda n: (
        value(n, "journeys.eshop_median_clicks") <= 5 and value(n, "journeys.eshop_stay_low") > 0.5
    ),
    "Visitors stay within a category": lambda n: value(n, "journeys.eshop_stay_low") > 0.5,
    "The first click loses most; whoever stays, stays": lambda n: (
        value(n, "journeys.eshop_go_on_1")
        < value(n, "journeys.eshop_go_on_5")
        < value(n, "journeys.eshop_go_on_10")
    ),
    "Most of what is missing cannot be seen by anyone": lambda n: (
        value(n, "prediction.start_oracle_auc") - value(n, "prediction.hidden_own_auc")
        > value(n, "prediction.hidden_own_auc") - value(n, "prediction.start_roc_auc")
    ),
    # Left in a cart: at least ten times as many of the purchases as of the pairs.
    "What can be ranked is memory": lambda n: (
        value(n, "sparse.left_share") > 10 * value(n, "sparse.left_pairs") / value(n, "sparse.item_pairs")
    ),
    "In the field: what was bought before carries the ranking": lambda n: (
        value(n, "sparse.field_rule_of_model") > 0.5
    ),
    "What is lost lies off the bestseller list": lambda n: (
        value(n, "recommend.tail_oracle") - value(n, "recommend.tail_hybrid")
        > value(n, "recommend.top_oracle") - value(n, "recommend.top_hybrid")
    ),
    "Check: the broken experiment is caught before anyone reads it": lambda n: (
        value(n, "experiments.broken_banner_ratio_p") < 0.01
    ),
    "Proof: every promise holds where the answer is known": lambda n: (
        value(n, "experiments.proof_met") == value(n, "experiments.proof_rows")
    ),
    "Intervals contain the truth as often as promised; outside lie only cases without a promise": lambda n: (
        value(n, "experiments.proof_met") == value(n, "experiments.proof_rows")
    ),
    "Sessions with a coupon buy far more often.": lambda n: low(n, "causal.naive") > 0.02,
    "Most of that would have happened anyway.": lambda n: (
        value(n, "causal.truth") < value(n, "causal.naive") / 2
    ),
    "Coupons go to the keen": lambda n: low(n, "causal.naive") > value(n, "causal.truth"),
    "The bias that is left comes from what nobody records": lambda n: (
        low(n, "causal.bias_rule") > 0 and spans(n, "causal.bias_hidden")
    ),
    "A hidden cause could still explain it away": lambda n: value(n, "causal.e_value_limit") < 2,
    "As observed the two groups differ widely; after weighting they are alike": lambda n: (
        value(n, "causal.balance_worst_after") < 0.1 < value(n, "causal.balance_worst_before") - 0.1
    ),
    "Nearly every session with a coupon has sessions without one to compare with": lambda n: (
        value(n, "causal.highest_score") < 0.95
    ),
    "Step by step the bias shrinks, and once the hidden part is known it is gone": lambda n: (
        (
            steps := [
                value(n, f"causal.bias_{step}")
                for step in ("nothing", "visit", "history", "carts", "rule", "hidden")
            ]
        )
        == sorted(steps, reverse=True)
        and spans(n, "causal.bias_hidden")
    ),
    "The shift of channels is seen in its first full week, the promotion in its own": lambda n: (
        value(n, "drift.detected") == value(n, "drift.promotion_planted") == value(n, "drift.shops")
    ),
    "A quiet shop is not a still one": lambda n: value(n, "drift.quiet_any") > value(n, "drift.shops") / 2,
    "Only the shift moves the channel; score and coupon drift even where nothing is planted": lambda n: (
        value(n, "drift.channel_psi") > 10 * value(n, "drift.chance_most")
        and value(n, "drift.channel_false") == value(n, "drift.channel_quiet_rings") == 0
        and min(value(n, "drift.quiet_score"), value(n, "drift.quiet_coupon")) > 0
    ),
    "The coupon peaks in the promotion week.": lambda n: "coupon" in value(n, "drift.promotion_rang"),
    "Ranking does not suffer; purchases outrun the predictions, and one shop can hardly tell": lambda n: (
        low(n, "drift.auc_effect") > 0
        and low(n, "drift.ratio_effect") > 0
        and spans(n, "drift.ratio_shifted", 1)
    ),
    "Week by week, chance hides what the shift does to the model": lambda n: (
        value(n, "drift.weeks_off") <= value(n, "drift.looks") / 2
    ),
    "Retraining pays a little, and not because of the shift": lambda n: (
        low(n, "drift.retrain_auc_quiet") > 0
        and value(n, "drift.retrain_auc_planted") <= high(n, "drift.retrain_auc_quiet")
    ),
    "The model of leaving is watched too, and its alarms ring rightly": lambda n: (
        low(n, "customer_value.watch_false") <= value(n, "customer_value.watch_level")
    ),
    "Coupons: the plain comparison misleads in every shop, and adjusting leaves a bias": lambda n: (
        low(n, "seeds.plain_error") > 0 and low(n, "seeds.robust_error") > 0
    ),
    "Free shipping: what one experiment says is a matter of the draw": lambda n: (
        0 < value(n, "seeds.conversion_open") < value(n, "seeds.number")
    ),
    "The same experiment in each shop: the truth hardly moves, the measurement does": lambda n: (
        0 < value(n, "seeds.conversion_open") < value(n, "seeds.number")
    ),
    "Channels: the Markov rule is worst each time, the best rule changes": lambda n: (
        value(n, "seeds.markov_worst") == value(n, "seeds.number") > value(n, "seeds.last_touch_best")
    ),
    "The Markov rule misplaces more than last touch": lambda n: (
        value(n, "journeys.wrong_share_markov") > value(n, "journeys.wrong_share_last_touch")
    ),
    "The doubly robust estimate comes much nearer than the plain one, and lies above": lambda n: (
        value(n, "causal.truth")
        < value(n, "causal.doubly_robust")
        < (value(n, "causal.truth") + value(n, "causal.naive")) / 2
    ),
}


def evening(hours: pd.DataFrame) -> pd.Series:
    """For each weekday whether its busiest hour lies in the evening."""
    busiest = hours.loc[hours.groupby("weekday_number")["sessions"].idxmax()]
    return busiest["hour_of_day"].between(17, 23)


#: text -> whether it holds for a table of the build
DRAWN: dict[str, Callable[[Table], bool]] = {
    "Visitors come in the evening": lambda table: bool(evening(table("funnel/hours")).all()),
    "The evening hours are the busiest on every day.": lambda table: bool(
        evening(table("funnel/hours")).all()
    ),
    "Both rise with the number of visits.": lambda table: bool(
        table("segments/by_visits")
        .groupby("method")["rand"]
        .apply(lambda rand: rand.is_monotonic_increasing)
        .all()
    ),
    "Whenever they were won, customers buy again most in November": lambda table: bool(
        (cohorts := table("customer_value/retail_retention").groupby("cohort")["share"])
        .max()
        .eq(cohorts.last())
        .all()
    ),
    "Most lie inside; methods shown as a warning": lambda table: bool(
        (proof := table("experiments/proof")).loc[proof["measure"].eq("coverage"), "met"].mean() > 0.5
    ),
}
#: Held by a test of its own.
ELSEWHERE = {
    "The drivers multiply to the north star exactly": "tests/unit/metrics",
    "Two builds give the same ledger": "tests/unit/pipeline",
    "Most mistakes would be noticed": "tests/unit/warehouse/test_sql_mistakes.py",
    "Real data are fetched and verified, never shipped": "tests/unit/stores",
}
