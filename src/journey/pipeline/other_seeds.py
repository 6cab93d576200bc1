"""The headline numbers of other shops: same rules, other seeds. Simulated and computed on request.

Every shop is simulated into a temporary folder, gets its own warehouse, and goes through the findings of the
chapters as the default shop does. What stays are the numbers of `KEPT`. Numbers that need the shop with 30
times the users are left out: that shop belongs to the default seed.
"""

from __future__ import annotations

import importlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from journey.features import DECISIONS
from journey.findings.desk import Desk, lay_out
from journey.findings.prediction import ceilings as prediction_ceilings
from journey.findings.prediction import collect as prediction
from journey.findings.prediction import differences as prediction_differences
from journey.findings.prediction import value as prediction_value
from journey.findings.prediction.decided import SHORT as MOMENTS
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.evidence import VARIABLE
from journey.warehouse.build import build_warehouse

#: The default shop first.
SEEDS = (7, 8, 9, 10, 11)
SHORT = tuple(short for short, _ in MOMENTS.values())
RULES = ("first_touch", "last_touch", "linear", "position_based", "time_decay", "markov")
LISTS = ("popularity", "recent", "category", "item_item", "als", "pairs", "hybrid", "hybrid_without")
OVER = ("hybrid_over_als", "pairs_over_als", "hybrid_over_hybrid_without")
#: chapter -> numbers of its ledger that are kept
KEPT: dict[str, tuple[str, ...]] = {
    "funnel": (
        "sessions",
        "conversion_rate",
        "abandonment_rate",
        "top_overall_step",
        "top_overall_value",
        "worst_device",
        "worst_device_rate",
        "best_device",
        "best_device_rate",
        "late_change",
        "late_mix",
        "late_rate",
    ),
    "causal": (
        "naive",
        "naive_factor",
        "truth",
        "regression",
        "matching",
        "weighting",
        "doubly_robust",
        "adjusted",
        "covering",
        *(f"promised_{way}" for way in ("naive", "regression", "matching", "weighting", "doubly_robust")),
        *(f"placebo_{way}" for way in ("naive", "line", "adjusted")),
        "true_margin",
    ),
    "experiments": (
        "conversion",
        "conversion_p",
        "conversion_truth",
        "margin",
        "rollout_value",
        "free_shipping_ratio_p",
        "checkout_aa_conversion_p",
        "broken_banner_ratio_p",
        "segments_significant",
        "revenue",
        "conversion_lift",
        "heterogeneity_p",
        "balance_lowest",
        "checkout_aa_ratio_p",
        "checkout_aa_conversion",
    ),
    "journeys": (
        *(f"wrong_share_{rule}" for rule in RULES),
        "best_rule",
        "worst_rule",
        "overpaid_channel",
        "starved_channel",
        "wrong_money_last_touch",
        "logrank_p",
    ),
    "uplift": (
        "qini",
        "qini_unclear",
        "learners",
        "top",
        "captured",
        "best_model",
        "best_captured",
        "slope",
        "average",
        "best_share",
        *(
            f"{kind}profit_{policy}"
            for kind in ("", "true_")
            for policy in ("everybody", "likeliest_buyers", "random_share", "uplift_ranking")
        ),
        "oracle_profit",
    ),
    "prediction": (
        *(f"{short}_roc_auc" for short in SHORT),
        *(f"{short}_oracle_auc" for short in SHORT),
        *(f"{short}_oracle_share" for short in SHORT),
        *(f"{short}_bought_before_roc_auc" for short in SHORT),
        "third_chosen_over_rule_roc_auc",
        *(f"{short}_model" for short in SHORT),
        *(f"{short}_value" for short in SHORT),
        "third_pr_auc",
        "third_bought_before_pr_auc",
        "third_base_rate",
        *(
            f"{short}_value_{other}"
            for short in SHORT
            for other in ("of_rule", "over_rule", "of_all", "over_all")
        ),
        "cart_over_third",
    ),
    "recommend": (
        *(f"{metric}_{name}" for metric in ("recall", "ndcg") for name in (*LISTS, "oracle")),
        *(f"gain_{name}" for name in ("als", "hybrid", "pairs")),
        *(f"history_gain_{least}" for least in (1, 10, 30, 100)),
        *(f"{pair}_{metric}" for pair in OVER for metric in ("recall", "ndcg")),
        "pairs_even_change",
        "pairs_at_return_change",
    ),
}
FIELDS = ("value", "low", "high", "unit", "text", "interval")
#: What the findings read besides the shop itself.
LINKED = ("sql", "assumptions.toml", "_quarto.yml", "data/evidence", "data/datasets.toml")


def predict(desk: Desk) -> None:
    """Scores, their differences, the ceiling, the value of acting: of chapter 05 what headlines need."""
    with threadpool_limits(limits=1):
        decided = {decision: prediction.decide(desk, decision) for decision in DECISIONS}
        prediction.add_scores(desk, decided)
        replicates, seed = prediction.REPLICATES, prediction.SEED
        prediction_differences.add_differences(desk, decided, replicates=replicates, seed=seed)
        prediction_ceilings.add_ceilings(desk, decided)
        prediction_value.add_value(desk, decided, prediction.HEADLINE)


def findings(chapter: str) -> Callable[[Desk], None]:
    """What fills the ledger of a chapter."""
    if chapter == "prediction":
        return predict
    collect: Callable[[Desk], None] = importlib.import_module(f"journey.findings.{chapter}.collect").collect
    return collect


def shop_numbers(seed: int, folder: Path, paths: Paths) -> dict[str, dict[str, Any]]:
    """Simulate the shop of a seed and compute its headline numbers.

    Parameters
    ----------
    seed
        Seed of the simulator.
    folder
        Becomes the root of a project of its own; chapters already there are not computed again.
    paths
        The project whose SQL, assumptions and committed results are used.

    Returns
    -------
    dict
        id -> `value`, `low`, `high`, `unit`, `text` and `interval` of every number in `KEPT`.
    """
    own = Paths(folder)
    own.raw.mkdir(parents=True, exist_ok=True)
    own.processed.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        if not (folder / name).exists():
            (folder / name).symlink_to((paths.root / name).resolve())
    if not (own.store("simulated") / "manifest.json").is_file():
        simulate(own.store("simulated"), ShopParameters(seed=seed))
    if not own.warehouse("simulated").is_file():
        build_warehouse(own.store("simulated"), own.warehouse("simulated"), own.sql)
    kept: dict[str, dict[str, Any]] = {}
    for chapter, names in KEPT.items():
        ledger = own.results / chapter / "numbers.json"
        start = time.perf_counter()
        if not ledger.is_file():
            lay_out(chapter, findings(chapter), own)
            print(f"seed {seed}: {chapter}, {time.perf_counter() - start:.0f} s", flush=True)
        found = {each["id"]: each for each in json.loads(ledger.read_text(encoding="utf-8"))["numbers"]}
        for name in names:
            number = found[f"{chapter}.{name}"]
            kept[number["id"]] = {field: number[field] for field in FIELDS if number[field] is not None}
    return kept


def other_seeds(paths: Paths, folder: Path | None = None) -> dict[str, Any]:
    """Headline numbers of every seed, by seed.

    A kept folder is used again as it is.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return other_seeds(paths, Path(temporary))
    before = os.environ.get(VARIABLE)
    # Real data do not depend on the seed.
    os.environ[VARIABLE] = "committed"
    try:
        folders = [folder / str(seed) for seed in SEEDS]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            shops = pool.map(shop_numbers, SEEDS, folders, [paths] * len(SEEDS))
            return {str(seed): shop for seed, shop in zip(SEEDS, shops, strict=True)}
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
