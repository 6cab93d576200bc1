"""Fit the recommenders on history, with settings chosen on a validation period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import csr_matrix

from journey.inference.arrays import Floats, Ints
from journey.recommend.als import fit_als
from journey.recommend.period import Task
from journey.recommend.ranking import ranking_metrics, top_items
from journey.recommend.scorers import (
    blend,
    category_popularity_scores,
    item_cosine,
    item_item_scores,
    popularity_scores,
    standardised,
    weighted,
)

LENGTH = 20
SEED = 7
BLEND_STEP = 4
#: digits kept of a score, so that the last bits of a matrix product cannot change a list
DIGITS = 9


@dataclass(frozen=True)
class Grid:
    """Settings to choose from on the validation period.

    Attributes
    ----------
    weights
        Strength of each kind of contact, one tuple a scheme.
    shrinkage
        Of the item-item cosine.
    als
        Rank, alpha and regularisation.
    prior
        Of the category mix; empty when items have no category.
    sweeps
        Of alternating least squares.
    """

    weights: tuple[tuple[float, ...], ...]
    shrinkage: tuple[float, ...]
    als: tuple[tuple[int, float, float], ...]
    prior: tuple[float, ...] = ()
    sweeps: int = 8


@dataclass(frozen=True)
class Settings:
    """The chosen settings and the validation NDCG that chose them, by method.

    Attributes
    ----------
    mix
        Weights of the hybrid.
    mix_without
        The best weights without the parts that were handed in; None when there were none.
    """

    weights: tuple[float, ...]
    shrinkage: float
    als: tuple[int, float, float]
    prior: float | None
    mix: Mapping[str, float]
    sweeps: int
    validation: Mapping[str, float]
    mix_without: Mapping[str, float] | None = None


def damped(strength: csr_matrix) -> csr_matrix:
    """log(1 + strength): the tenth view of an item says less than the first."""
    return csr_matrix((np.log1p(strength.data), strength.indices, strength.indptr), shape=strength.shape)


def base_scores(task: Task, weights: tuple[float, ...]) -> dict[str, Floats]:
    """Popularity over all history and over the last seven days, by number of weighted contacts."""
    rows = len(task.rows)
    whole = np.asarray(task.strength(weights).sum(axis=0), dtype=np.float64).ravel()
    recent = np.asarray(task.strength(weights, recent=True).sum(axis=0), dtype=np.float64).ravel()
    # Items without a recent contact follow in order of all-time popularity.
    return {
        "popularity": popularity_scores(whole, rows),
        "recent": popularity_scores(recent, rows) + 1e-6 * popularity_scores(whole, rows),
    }


def personal_scores(
    name: str,
    task: Task,
    weights: tuple[float, ...],
    setting: float | tuple[int, float, float],
    category: Ints | None,
    sweeps: int,
) -> Floats:
    """Scores of one personal method; users without history get popularity."""
    strength = task.strength(weights)
    popularity = np.asarray(strength.sum(axis=0), dtype=np.float64).ravel()
    if name == "item_item":
        assert isinstance(setting, float)
        damp = damped(strength)
        scores = item_item_scores(damp, item_cosine(damp, shrinkage=setting), task.rows)
        scores += 1e-9 * np.log1p(popularity)
    elif name == "als":
        assert isinstance(setting, tuple)
        rank, alpha, regularisation = setting
        fitted = fit_als(
            damped(strength),
            rank=rank,
            alpha=alpha,
            regularisation=regularisation,
            sweeps=sweeps,
            seed=SEED,
        )
        scores = fitted.scores(task.rows)
    else:
        assert isinstance(setting, float)
        assert category is not None
        scores = category_popularity_scores(strength, popularity, category, task.rows, prior=setting)
    return np.where(task.warm[:, None], scores, np.log1p(popularity))


def lists_of(scores: Floats, task: Task, length: int = LENGTH) -> Ints:
    """The list of each user of a task."""
    return top_items(np.round(scores, DIGITS), length, task.allowed)


def warm_ndcg(scores: Floats, task: Task) -> float:
    """Mean NDCG of users with a history: what settings are chosen by."""
    found = ranking_metrics(lists_of(scores, task), task.relevant)
    return float(found.ndcg[task.warm].mean())


def choose_settings(
    task: Task, grid: Grid, category: Ints | None = None, extra: Mapping[str, Floats] | None = None
) -> Settings:
    """Choose every setting by the NDCG of warm users in the validation period.

    Parameters
    ----------
    extra
        Parts of the blend that were scored elsewhere, name -> (rows, items), from what was known at the cut.

    Notes
    -----
    The strengths of the kinds of contact are chosen with the item-item cosine and kept for all methods.
    Ties go to the earlier setting of the grid.
    """
    best: dict[str, tuple[float, object, Floats]] = {}

    def offer(name: str, setting: object, scores: Floats) -> None:
        value = warm_ndcg(scores, task)
        if name not in best or value > best[name][0]:
            best[name] = (value, setting, scores)

    for weights, shrinkage in product(grid.weights, grid.shrinkage):
        found = personal_scores("item_item", task, weights, shrinkage, category, grid.sweeps)
        offer("item_item", (weights, shrinkage), found)
    weights, shrinkage = best["item_item"][1]  # type: ignore[misc]
    for setting in grid.als:
        offer("als", setting, personal_scores("als", task, weights, setting, category, grid.sweeps))
    if category is not None:
        for prior in grid.prior:
            found = personal_scores("category", task, weights, prior, category, grid.sweeps)
            offer("category", prior, found)
    for name, scores in base_scores(task, weights).items():
        offer(name, None, scores)
    for name, scores in (extra or {}).items():
        offer(name, None, for_warm(scores, task, weights))
    parts = {name: standardised(scores) for name, (_, _, scores) in best.items()}
    for mix in simplex(tuple(parts), BLEND_STEP):
        scores = weighted(parts, mix)
        offer("hybrid", mix, scores)
        if extra and not any(mix[name] for name in extra):
            offer("hybrid_without", mix, scores)
    return Settings(
        weights=weights,
        shrinkage=shrinkage,
        als=best["als"][1],  # type: ignore[arg-type]
        prior=best["category"][1] if "category" in best else None,  # type: ignore[arg-type]
        mix=best["hybrid"][1],  # type: ignore[arg-type]
        sweeps=grid.sweeps,
        validation={name: value for name, (value, _, _) in best.items()},
        mix_without=best["hybrid_without"][1] if extra else None,  # type: ignore[arg-type]
    )


def for_warm(scores: Floats, task: Task, weights: tuple[float, ...]) -> Floats:
    """Scores of users with a history; the others get popularity, as with every personal method."""
    return np.where(task.warm[:, None], scores, base_scores(task, weights)["popularity"])


def simplex(names: Sequence[str], steps: int) -> list[dict[str, float]]:
    """All weights of the names in multiples of 1 / steps that add up to one."""
    return [
        {name: count / steps for name, count in zip(names, counts, strict=True)}
        for counts in product(range(steps + 1), repeat=len(names))
        if sum(counts) == steps
    ]


def all_scores(
    task: Task, settings: Settings, category: Ints | None = None, extra: Mapping[str, Floats] | None = None
) -> dict[str, Floats]:
    """Scores of every method, fitted on the task's history with settings chosen before.

    Parameters
    ----------
    extra
        The parts that the settings were chosen with, scored at this task's cut. With them there are two
        blends: `hybrid` of all parts, `hybrid_without` of the others.
    """
    scores = base_scores(task, settings.weights)
    if settings.prior is not None:
        scores["category"] = personal_scores(
            "category", task, settings.weights, settings.prior, category, settings.sweeps
        )
    scores["item_item"] = personal_scores(
        "item_item", task, settings.weights, settings.shrinkage, category, settings.sweeps
    )
    scores["als"] = personal_scores("als", task, settings.weights, settings.als, category, settings.sweeps)
    for name, each in (extra or {}).items():
        scores[name] = for_warm(each, task, settings.weights)
    blends = {"hybrid_without": settings.mix_without, "hybrid": settings.mix}
    # The blend's standardisation would reorder nothing for users without history; keep their list exact.
    mixed = {
        name: for_warm(blend(scores, mix), task, settings.weights) for name, mix in blends.items() if mix
    }
    return scores | mixed
