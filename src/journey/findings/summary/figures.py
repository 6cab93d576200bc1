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
    return sketch(
        [
            Mark(
                "The rule “bought before”",
                prediction.third_bought_before_roc_auc.value,
                str(prediction.third_bought_before_roc_auc),
                "muted",
            ),
            Mark(
                "The model",
                prediction.third_roc_auc.value,
                str(prediction.third_roc_auc),
                "series-1",
                prediction.third_roc_auc.low,
                prediction.third_roc_auc.high,
            ),
            Mark(
                f"The same with {prediction.ceiling_times} times the users",
                prediction.third_attainable_auc.value,
                str(prediction.third_attainable_auc),
                "series-6",
            ),
            Mark(
                "Someone who knows each visitor’s mind",
                prediction.third_oracle_auc.value,
                str(prediction.third_oracle_auc),
                "truth",
            ),
        ],
        bars=True,
        start=0.5,
    )
