"""When reading the raw sequence of events pays: a small recurrent network against models of features.

Shops of 1,000 to 100,000 users are cut out of one large simulated shop. In each, both kinds of model learn
from the same sessions and are compared on the same test decisions, and on the same test pairs of a session
and an item. The truth of the simulation says how well anybody could do. On request, kept as evidence: about
20 minutes and 8 GB on 2 cores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from journey.features import DECISIONS
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate
from journey.inference.resampling import resample_counts
from journey.models.ranked import Ranked, rank_outcomes
from journey.paths import Paths
from journey.sparse.precision import PositiveRanks, estimates
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.sequence_model.network import load_torch
from journey.studies.sequence_model.shops import (
    MODELS,
    PARTS,
    SEED,
    TEST_USERS,
    Decided,
    Found,
    Whole,
    cut_out,
    load_whole,
    one_shop,
)
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

#: Users of a shop -> number of such shops, of users that no other shop of the size has.
SHOPS = {1_000: 6, 3_000: 4, 10_000: 2, 30_000: 1, 100_000: 1}
SMALL = 3_000
AREAS = ("roc_auc", "pr_auc")
REPLICATES = 300
WORKERS = 2


def smaller_shops(paths: Paths) -> dict[str, Any]:
    """The beginning of the curve: shops of up to `SMALL` users, cut out of the same large shop."""
    return sequence_model(paths, largest=SMALL)


def sequence_model(paths: Paths, folder: Path | None = None, *, largest: int = max(SHOPS)) -> dict[str, Any]:
    """Compare both kinds of model on shops of every size.

    Parameters
    ----------
    paths
        Project whose SQL builds the warehouse.
    folder
        Where the large shop is kept; what is there is used again. A temporary folder when omitted.
    largest
        Users of the largest shop to train on.

    Returns
    -------
    dict
        `shops`: sizes of every shop, and the passes of the network. `decisions`: areas of every model by
        number of users and kind of decision, with their differences from the features' and their shares of
        what the truth gains over chance. `items`: average precision and lift of every model by number of
        users and part of the pairs, with the same. Intervals are over users. `version`: of PyTorch.

    Raises
    ------
    JourneyError
        When PyTorch is not installed.
    """
    torch = load_torch()
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return sequence_model(paths, Path(temporary), largest=largest)
    if not (folder / "store" / "manifest.json").is_file():
        simulate(folder / "store", ShopParameters(users=max(SHOPS)))
    if not (folder / "shop.duckdb").is_file():
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql)
    # The largest first, so that the other process is not left alone with it.
    jobs = [
        (folder, users, place)
        for users, number in sorted(SHOPS.items(), reverse=True)
        for place in range(number)
        if users <= largest
    ]
    # Sums over several threads end in other last digits; a child reads this when it starts.
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        found = dict(zip(((users, place) for _, users, place in jobs), pool.map(shop_at, jobs), strict=True))
    sizes = sorted({users for users, _ in found})
    of_size = {users: [found[users, place] for place in range(SHOPS[users])] for users in sizes}
    return {
        "shops": [
            {"users": users, "shop": place} | each.row
            for users in sizes
            for place, each in enumerate(of_size[users])
        ],
        "decisions": [
            {"users": users, "decision": name} | row
            for users in sizes
            for name in DECISIONS
            for row in compared_decisions([each.decisions[name] for each in of_size[users]])
        ],
        "items": [
            {"users": users, "part": part} | row
            for users in sizes
            for part in PARTS
            for row in compared_pairs([each.pairs[part] for each in of_size[users]])
        ],
        "version": str(torch.__version__).partition("+")[0],
    }


@cache
def whole_at(folder: Path) -> Whole:
    """The large shop, read once a process."""
    with connect(folder / "shop.duckdb") as connection:
        return load_whole(connection, folder / "store")


def shop_at(job: tuple[Path, int, int]) -> Found:
    """One shop: the folder of the large one, users, and which of that size."""
    folder, users, place = job
    shop = cut_out(whole_at(folder), place * users, (place + 1) * users)
    with connect(folder / "shop.duckdb") as connection:
        found = one_shop(connection, folder / "store", shop, place * users + TEST_USERS)
    print({"users": users, "shop": place, **found.row}, flush=True)
    return found


def compared_decisions(shops: Iterable[Decided]) -> list[dict[str, Any]]:
    """Areas of every model over the shops of one size, their differences and shares, on the same draws.

    Notes
    -----
    Users are drawn by Poisson(1) counts in each shop by itself; the areas of several shops are averaged.
    """
    generator = np.random.default_rng(SEED)
    observed: list[dict[tuple[str, str], Floats]] = []
    drawn: list[dict[tuple[str, str], Floats]] = []
    for shop in shops:
        users, member = np.unique(shop.user, return_inverse=True)
        ranked = {name: rank_outcomes(shop.label, scores) for name, scores in shop.scores.items()}
        parts: list[dict[tuple[str, str], Floats]] = []
        for weights in resample_counts(len(users), REPLICATES, generator, scheme="poisson"):
            # Rows of weights are as long as the test period: some draws at a time.
            for low in range(0, len(weights), 20):
                parts.append(areas(ranked, weights[low : low + 20][:, member]))
        drawn.append({key: np.concatenate([part[key] for part in parts]) for key in parts[0]})
        observed.append(areas(ranked, np.ones((1, len(shop.label)))))
    value, draws = (
        {key: np.mean([shop[key] for shop in each], axis=0) for key in each[0]} for each in (observed, drawn)
    )
    rows = []
    for name in MODELS:
        row: dict[str, Any] = {"model": name}
        for area in AREAS:
            chance = 0.5 if area == "roc_auc" else None
            row |= bounds(area, *(each[name, area] for each in (value, draws)))
            row |= bounds(
                f"{area}_over", *(each[name, area] - each["features", area] for each in (value, draws))
            )
            row |= bounds(f"{area}_share", *(share(each, name, area, chance) for each in (value, draws)))
        rows.append(row)
    return rows


def areas(ranked: dict[str, Ranked], weights: Floats) -> dict[tuple[str, str], Floats]:
    """Areas of every model under (draws, n) weights, and the share of buying sessions."""
    found: dict[tuple[str, str], Floats] = {}
    for name, each in ranked.items():
        profile = each.profile(weights)
        found |= {(name, area): profile[area] for area in AREAS}
    one = next(iter(ranked.values()))
    found["base", "rate"] = (weights[:, one.order] * one.outcome).sum(axis=1) / weights.sum(axis=1)
    return found


def share(each: dict[tuple[str, str], Floats], name: str, area: str, chance: float | None) -> Floats:
    """What a model has of the truth's gain over chance: half of the one area, the base rate of the other."""
    start = each["base", "rate"] if chance is None else chance
    return np.asarray((each[name, area] - start) / (each["oracle", area] - start))


def compared_pairs(shops: list[dict[str, PositiveRanks]]) -> list[dict[str, Any]]:
    """Average precision and lift of every model over the shops of one size, and how they differ."""
    measures: dict[str, Any] = {}
    for name in MODELS:
        measures[f"{name}.precision"] = lambda draw, name=name: draw[name]
        measures[f"{name}.lift"] = lambda draw, name=name: draw[name] / draw["base_rate"]
        measures[f"{name}.precision_over"] = lambda draw, name=name: draw[name] - draw["features"]
        measures[f"{name}.lift_over"] = lambda draw, name=name: (
            (draw[name] - draw["features"]) / draw["base_rate"]
        )
        measures[f"{name}.precision_share"] = lambda draw, name=name: (
            (draw[name] - draw["base_rate"]) / (draw["oracle"] - draw["base_rate"])
        )
    found = estimates(shops, measures, replicates=REPLICATES, seed=SEED)
    rows = []
    for name in MODELS:
        row: dict[str, Any] = {"model": name}
        for measure in ("precision", "lift", "precision_over", "lift_over", "precision_share"):
            row |= rounded(measure, found[f"{name}.{measure}"])
        rows.append(row)
    return rows


def bounds(name: str, value: Floats, draws: Floats) -> dict[str, float]:
    """A value with its percentile interval, for JSON."""
    return rounded(name, percentile_estimate(float(value[0]), draws))


def rounded(name: str, each: Estimate) -> dict[str, float]:
    """A value and its bounds to five figures."""
    return {
        key: float(f"{number:.5g}")
        for key, number in ((name, each.value), (f"{name}_low", each.low), (f"{name}_high", each.high))
    }
