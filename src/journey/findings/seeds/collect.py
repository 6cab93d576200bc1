"""Findings of the appendix "Do the findings hold for other seeds?": shop by shop, claim by claim."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from journey.findings.desk import Desk, add_rows
from journey.findings.seeds.claims import CLAIMS, Claim, Shop
from journey.inference.intervals import student_interval
from journey.studies.registry import kept

SOURCE = "journey.findings.seeds.collect"
DATASET = "simulated, several seeds"
MISSING = "\u2013"
#: topic, number, in words
HEADLINES = (
    ("Funnel", "funnel.sessions", "Sessions"),
    ("Funnel", "funnel.conversion_rate", "Sessions that buy"),
    ("Funnel", "funnel.abandonment_rate", "Carts abandoned"),
    ("Coupons", "causal.truth", "True effect of a coupon"),
    ("Coupons", "causal.naive", "Plain comparison"),
    ("Coupons", "causal.doubly_robust", "Doubly robust estimate"),
    ("Coupons", "causal.covering", "Adjusting methods that hold the truth"),
    ("Coupons", "causal.true_margin", "True change of margin"),
    ("Free shipping", "experiments.conversion_truth", "True effect on buyers"),
    ("Free shipping", "experiments.conversion", "Measured effect on buyers"),
    ("Free shipping", "experiments.margin", "Measured effect on margin, a user"),
    ("Free shipping", "uplift.true_profit_everybody", "True profit, everyone"),
    ("Free shipping", "uplift.qini", "Qini of the uplift ranking"),
    ("Free shipping", "uplift.captured", "Of the oracle's gain, by the ranking"),
    ("Channels", "journeys.wrong_share_last_touch", "Misplaced by last touch"),
    ("Channels", "journeys.wrong_share_markov", "Misplaced by the Markov rule"),
    ("Prediction", "prediction.third_roc_auc", "ROC-AUC after three events"),
    ("Prediction", "prediction.third_oracle_auc", "ROC-AUC of the oracle"),
    ("Prediction", "prediction.third_bought_before_roc_auc", "ROC-AUC of \u201cbought before\u201d"),
    ("Prediction", "prediction.third_pr_auc", "PR-AUC after three events"),
    ("Prediction", "prediction.third_value", "Worth of helping after three events"),
    ("Prediction", "prediction.cart_value", "Worth of helping at the cart"),
    ("Recommendations", "recommend.recall_popularity", "Recall of popularity"),
    ("Recommendations", "recommend.recall_als", "Recall of ALS"),
    ("Recommendations", "recommend.recall_hybrid", "Recall of the hybrid"),
    ("Recommendations", "recommend.recall_oracle", "Recall of the oracle"),
)
#: figure -> series and their numbers
FIGURES = {
    "coupons": {
        "plain comparison": "causal.naive",
        "doubly robust": "causal.doubly_robust",
        "truth": "causal.truth",
    },
    "shipping": {"measured": "experiments.conversion", "truth": "experiments.conversion_truth"},
    "channels": {
        "last touch": "journeys.wrong_share_last_touch",
        "Markov removal effect": "journeys.wrong_share_markov",
    },
}
#: what is estimated, in words -> estimate and truth
ERRORS = {
    "plain": ("Plain comparison of coupons", "causal.naive", "causal.truth"),
    "robust": ("Doubly robust estimate of coupons", "causal.doubly_robust", "causal.truth"),
    "experiment": (
        "Experiment on free shipping",
        "experiments.conversion",
        "experiments.conversion_truth",
    ),
}


def collect(desk: Desk) -> None:
    """Register how often each claim holds, and save headlines and claims side by side."""
    found = kept("other_seeds", desk.paths)
    # JSON keeps its keys in the order of the alphabet.
    shops = {seed: Shop(found.results[seed]) for seed in sorted(found.results, key=int)}
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    desk.save("headlines", headlines(shops, "text"))
    intervals = headlines(shops, "interval")
    desk.save("intervals", intervals[intervals[columns(shops)[0]].ne(MISSING)])
    desk.save("rules", nearest_rules(shops))
    for name, series in FIGURES.items():
        desk.save(name, estimates(shops, series))
    claims = claim_table(shops)
    desk.save("claims", claims)
    add_counts(desk, shops, claims)
    add_errors(desk, shops)


def columns(shops: dict[str, Shop]) -> list[str]:
    """Names of the columns that hold the shops."""
    return [f"seed_{seed}" for seed in shops]


def headlines(shops: dict[str, Shop], field: str) -> pd.DataFrame:
    """One row a headline, one column a shop, holding the text or the interval."""
    return pd.DataFrame(
        [
            {"topic": topic, "number": words, "id": id}
            | {f"seed_{seed}": shop.numbers[id].get(field, MISSING) for seed, shop in shops.items()}
            for topic, id, words in HEADLINES
        ]
    )


def estimates(shops: dict[str, Shop], series: dict[str, str]) -> pd.DataFrame:
    """One row a shop and series: value, and interval where there is one."""
    return pd.DataFrame(
        [
            {"shop": f"seed {seed}", "series": name}
            | {field: shop.numbers[id].get(field) for field in ("value", "low", "high")}
            for seed, shop in shops.items()
            for name, id in series.items()
        ]
    )


def nearest_rules(shops: dict[str, Shop]) -> pd.DataFrame:
    """One row a shop: the attribution rules nearest to the truth and furthest from it."""
    return pd.DataFrame(
        [
            {"seed": seed, "best": shop.word("journeys.best_rule"), "worst": shop.word("journeys.worst_rule")}
            for seed, shop in shops.items()
        ]
    )


def claim_table(shops: dict[str, Shop], claims: tuple[Claim, ...] = CLAIMS) -> pd.DataFrame:
    """One row a claim: in which shops it holds, and in how many; those that fail most first."""
    frame = pd.DataFrame(
        [
            {"name": claim.name, "page": claim.page, "claim": claim.says}
            | {f"seed_{seed}": claim.holds(shop) for seed, shop in shops.items()}
            for claim in claims
        ]
    )
    frame["holds"] = frame[columns(shops)].sum(axis=1)
    frame["fails"] = [
        ", ".join(seed for seed in shops if not row[f"seed_{seed}"]) or MISSING for _, row in frame.iterrows()
    ]
    frame["of"] = [f"{holds} of {len(shops)}" for holds in frame["holds"]]
    return frame.sort_values("holds", kind="stable", ignore_index=True)


def add_counts(desk: Desk, shops: dict[str, Shop], claims: pd.DataFrame) -> None:
    """How many claims hold in every shop, in most, in fewer; and each claim's count."""
    number, holds = len(shops), claims["holds"]
    mostly, default = holds.between(number // 2 + 1, number - 1), claims[columns(shops)[0]]
    counts = (
        ("number", number, "count", "shops, one a seed"),
        ("claims", len(claims), "count", "claims of the pages"),
        ("claims_always", holds.eq(number).sum(), "count", "claims that hold in every shop"),
        ("claims_mostly", mostly.sum(), "count", "claims that hold in most shops, not in all"),
        (
            "claims_seldom",
            holds.le(number // 2).sum(),
            "count",
            "claims that hold in fewer than half of the shops",
        ),
        ("claims_default", default.sum(), "count", "claims that hold in the default shop"),
        ("first", int(next(iter(shops))), "count", "seed of the default shop"),
    )
    add_rows(desk, counts, source=f"{SOURCE}:add_counts", dataset=DATASET)
    each = [
        (row.name, row.holds, "count", f"Shops in which it holds: {row.claim}") for row in claims.itertuples()
    ]
    add_rows(desk, each, n=number, source=f"{SOURCE}:claim_table", dataset=DATASET)


def add_errors(desk: Desk, shops: dict[str, Shop]) -> None:
    """Mean error of an estimate over the shops: what is left is bias, as far as so few shops can say."""
    rows = []
    for name, (words, estimate, truth) in ERRORS.items():
        each = [shop.value(estimate) - shop.value(truth) for shop in shops.values()]
        mean = replace(student_interval(each), method="Student interval over shops")
        rows.append((f"{name}_error", mean, "points", f"{words}: mean of estimate less truth"))
    add_rows(desk, rows, source="journey.inference.intervals:student_interval", dataset=DATASET)
