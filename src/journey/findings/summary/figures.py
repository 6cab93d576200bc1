"""The charts of the executive summary, static, for page and PDF."""

from __future__ import annotations

import pandas as pd

from journey.report.ledger import Chapter
from journey.report.sketch import Mark, sketch

#: What `coupon` shows.
COUPON = "Purchases that a coupon adds in 1,000 visits"


def coupon(summary: Chapter) -> str:
    """Purchases that a coupon adds in a thousand visits: as it seems, by the records, and as it is."""
    seems, found, truth = summary.coupon_seems, summary.coupon_found, summary.coupon_is
    return sketch(
        [
            Mark(
                "What the coupon seems to do",
                seems.value,
                f"+{seems}",
                "series-3",
                note="it goes to people who buy anyway",
            ),
            Mark(
                "What our analysis finds, from records alone",
                found.value,
                f"+{found}",
                "series-1",
                found.low,
                found.high,
            ),
            Mark("What it really does (only the simulation knows)", truth.value, f"+{truth}", "truth"),
        ],
        bars=True,
    )


def methods(effects: pd.DataFrame, truth: float) -> str:
    """Estimated effect of a coupon by method, with intervals, against the truth; shares, written in pp."""
    return sketch(
        [
            Mark(
                str(row.method).capitalize(),
                float(row.estimate),
                f"{100 * row.estimate:.1f}",
                "series-3" if str(row.method).startswith("naive") else "series-1",
                float(row.low),
                float(row.high),
            )
            for row in effects.itertuples()
        ],
        line=(truth, "truth"),
    )


def shipping(experiments: Chapter, uplift: Chapter) -> str:
    """Worth of free shipping by the experiment and in truth, in euros."""
    tried, truth = experiments.rollout_value, uplift.true_profit_everybody
    return sketch(
        [
            Mark("What the experiment says", tried.value, str(tried), "series-1", tried.low, tried.high),
            Mark(
                "What is true (only the simulation knows)",
                truth.value,
                str(truth),
                "truth",
                truth.low,
                truth.high,
            ),
        ]
    )


def ranking(prediction: Chapter) -> str:
    """How well buyers are ranked: a rule, the model, the same with much more data, and whoever knows all."""
    rule, model = prediction.third_bought_before_roc_auc, prediction.third_roc_auc
    more, oracle = prediction.third_attainable_auc, prediction.third_oracle_auc
    marks = [
        Mark("The rule “bought before”", rule.value, str(rule), "muted"),
        Mark("The model", model.value, str(model), "series-1", model.low, model.high),
        Mark(f"The same with {prediction.ceiling_times} times the users", more.value, str(more), "series-6"),
        Mark("Someone who knows each visitor’s mind", oracle.value, str(oracle), "truth"),
    ]
    return sketch(marks, bars=True, start=0.5)
