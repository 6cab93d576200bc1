"""Other draws of the shop: what the report says, what each shop says, and which findings stay.

The page only looks up and counts; every rule is a claim of `findings.seeds`, judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journey.findings.desk import Desk
from journey.findings.seeds.claims import CLAIMS, Shop
from journey.report.markup import Bounded, html_table
from journey.report.tables import TRUTH_MARK
from journey.studies.registry import kept

#: A headline finding, by the name of its claim -> the number that it is about, and that number's truth.
FINDINGS = {
    "naive_too_high": ("causal.naive", "causal.truth"),
    "robust_holds_truth": ("causal.doubly_robust", "causal.truth"),
    "robust_says_stop": ("causal.promised_doubly_robust", "causal.true_margin"),
    "conversion_open": ("experiments.conversion", "experiments.conversion_truth"),
    "margin_open": ("experiments.rollout_value", "uplift.true_profit_everybody"),
    "ranking_better": ("uplift.profit_uplift_ranking", "uplift.true_profit_uplift_ranking"),
    "model_beats_rule": ("prediction.third_roc_auc", ""),
    "score_pays": ("prediction.third_value", ""),
    "learned_beat_popularity": ("recommend.gain_hybrid", ""),
    "hybrid_open": ("recommend.hybrid_over_als_ndcg", ""),
    "markov_worst": ("journeys.wrong_share_markov", ""),
    "last_touch_best": ("journeys.wrong_share_last_touch", ""),
    "largest_loss": ("funnel.top_overall_step", ""),
}
NOTHING = "\u2013"
HEAD = (
    "Finding",
    "This report",
    f"{TRUTH_MARK} Truth here",
    "That shop",
    f"{TRUTH_MARK} Truth there",
    "Stays?",
)


def draws(desk: Desk) -> dict[str, Any]:
    """The file of the page.

    Returns
    -------
    dict
        `seeds`, that of the report first; `findings`, a list of `says` and `shops`: seed -> `text`,
        `interval` and `truth` as texts, empty where there is none, and whether it `stays`.
    """
    results = kept("other_seeds", desk.paths).results
    shops = {seed: Shop(results[seed]) for seed in sorted(results, key=int)}
    claims = {claim.name: claim for claim in CLAIMS}
    return {
        "seeds": list(shops),
        "findings": [
            {
                "says": claims[name].says,
                "shops": {
                    seed: {
                        "text": shop.numbers[number]["text"],
                        "interval": shop.numbers[number].get("interval", ""),
                        "truth": shop.numbers[truth]["text"] if truth else "",
                        "stays": claims[name].holds(shop),
                    }
                    for seed, shop in shops.items()
                },
            }
            for name, (number, truth) in FINDINGS.items()
        ],
    }


def rows(file: dict[str, Any], seed: str) -> list[dict[str, str]]:
    """What the page shows of a shop, one row a finding, in words."""
    first, found = file["seeds"][0], []
    for finding in file["findings"]:
        report, here = finding["shops"][first], finding["shops"][seed]
        held = sum(shop["stays"] for shop in finding["shops"].values())
        found.append(
            {
                "says": finding["says"],
                "report": report["text"],
                "report_interval": report["interval"],
                "report_truth": report["truth"] or NOTHING,
                "here": here["text"],
                "here_interval": here["interval"],
                "truth": here["truth"] or NOTHING,
                "verdict": "stays" if here["stays"] else "falls",
                "holds": f"{held} of {len(finding['shops'])} shops",
            }
        )
    return found


def as_table(shown: Sequence[dict[str, str]], caption: str) -> str:
    """The rows as the page has them before its script runs."""

    def pair(above: str, below: str) -> str:
        return Bounded(above, below) if below else above

    cells = [
        (
            row["says"],
            pair(row["report"], row["report_interval"]),
            row["report_truth"],
            pair(row["here"], row["here_interval"]),
            row["truth"],
            pair(row["verdict"], row["holds"]),
        )
        for row in shown
    ]
    return html_table(
        HEAD,
        cells,
        numeric=[False, True, True, True, True, True],
        truth=[name.startswith(TRUTH_MARK) for name in HEAD],
        caption=caption,
        label=caption,
        css_class="compact stacked",
    )
