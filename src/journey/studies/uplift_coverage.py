"""What the intervals of uplift cover: measured where the truth is known. Simulated and fitted on request.

As many users as the default shop's experiment has are drawn from a shop with 30 times as many, assigned at
random again, and buy again by their planted probabilities. Each time the deciding learner is fitted and its
intervals are computed in two ways: cross-fitted, where every user is scored by a model of the other folds,
and sequentially, where the model knows only earlier folds. The true values of the same scores are taken over
other users of the large shop, and over the same users. The experiments that happened in parts of the large
shop, with all that a purchase changes in later visits, are evaluated in the same way.
Takes 15 to 25 minutes on one core; making the large shop takes 5 more and 8 GB.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from journey import uplift
from journey.assumptions import load_assumptions
from journey.causal.nuisance import assign_folds
from journey.evaluation.uplift_truth import true_ranking, true_slope
from journey.inference.arrays import Floats, Ints
from journey.inference.estimate import Estimate
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.uplift_population import Population, Prices, load_population
from journey.uplift.learners import BaseModels, UpliftModel, fit_uplift, xgboost_base
from journey.uplift.sequential import rank_within
from journey.uplift.trial import MAIN, POLICY_SHARE, MoneyScale, ShippingTrial
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

TIMES, SEED, REPEATS, FOLDS = 30, 11, 250, 5
#: Users outside each drawn experiment over whom the true values are taken.
REFERENCE = 12_000
METHODS = ("cross-fitted", "sequential")
MEASURES = ("qini", "auuc", "top", "slope", "ranking", "roi", "likeliest", "difference", "everybody")
#: value, low, high, truth over other users, truth over the same users
Row = tuple[float, float, float, float, float]


def as_happened(paths: Paths) -> dict[str, Any]:
    """The experiments as they happened, without those that are drawn."""
    found = uplift_coverage(paths, drawing=False)
    return {key: value for key, value in found.items() if key != "drawn"}


def uplift_coverage(
    paths: Paths, folder: Path | None = None, *, repeats: int = REPEATS, drawing: bool = True
) -> dict[str, Any]:
    """Draw experiments again and again and count how often each interval holds the truth.

    Parameters
    ----------
    paths
        Project whose SQL builds the large shop and whose assumptions turn purchases into money.
    folder
        Where the large shop is kept; what is there is used again. A temporary folder when omitted.
    repeats
        Experiments drawn.
    drawing
        Whether to draw them; without, only those that happened are evaluated, as they would be with them.

    Returns
    -------
    dict
        `users` of each experiment, `population`, `repeats` and `shops`; `drawn` and `happened`, one row a
        method and measure, see `summary`. Money is EUR a user, for the values of `assumptions.toml`.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return uplift_coverage(paths, Path(temporary), repeats=repeats, drawing=drawing)
    if not (folder / "store" / "manifest.json").is_file():
        simulate(folder / "store", ShopParameters(users=TIMES * ShopParameters().users))
    if not (folder / "shop.duckdb").is_file():
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql)
    assumptions = load_assumptions(paths.assumptions)
    prices = Prices(assumptions["shop.gross_margin"], assumptions["free_shipping.cost_per_order"])
    with connect(folder / "shop.duckdb") as connection:
        population = load_population(connection, folder / "store", prices)
    users = len(population) // TIMES
    base = xgboost_base(SEED)
    drawn, happened = [], []
    for repeat in range(repeats if drawing else 0):
        rng = np.random.default_rng([SEED, repeat])
        rows, others = sample(len(population), users, rng)
        experiment = population.draw(rows, rng)
        drawn.append(Repeat(population, experiment, rows, others, repeat).evaluate(base))
        if repeat % 10 == 9:
            print(f"{repeat + 1} of {repeats} experiments", flush=True)
    size = ShopParameters().users
    for place in range(TIMES):
        rows = np.flatnonzero((population.user_id - 1) // size == place)
        rng = np.random.default_rng([SEED, repeats + place])
        others = rng.choice(np.setdiff1d(np.arange(len(population)), rows), REFERENCE, replace=False)
        experiment = population.trial.of(rows)
        happened.append(Repeat(population, experiment, rows, others, place).evaluate(base))
    return {
        "users": users,
        "population": len(population),
        "repeats": repeats,
        "shops": TIMES,
        "drawn": summary(drawn) if drawing else [],
        "happened": summary(happened),
    }


def sample(n: int, users: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Users of an experiment, ascending, and others over whom truths are taken."""
    chosen = rng.permutation(n)[: users + REFERENCE]
    return np.sort(chosen[:users]), chosen[users:]


@dataclass(frozen=True)
class Fold:
    """Users scored by one model, and what the model says of them and of the other users.

    `inside` and `outside` hold predicted effect, outcome with treatment and outcome without, shape (3, .).
    """

    rows: Ints
    inside: Floats
    outside: Floats
    scale: MoneyScale


@dataclass(frozen=True)
class Repeat:
    """One experiment: its users `rows` of the population, and the `others`."""

    population: Population
    trial: ShippingTrial
    rows: Ints
    others: Ints
    seed: int

    def evaluate(self, base: BaseModels) -> dict[str, dict[str, Row]]:
        """Estimates, intervals and true values by method and measure."""
        return {
            "cross-fitted": self.measure(list(self.folds(base, sequential=False)), within=False),
            "sequential": self.measure(list(self.folds(base, sequential=True)), within=True),
        }

    def folds(self, base: BaseModels, *, sequential: bool) -> Iterator[Fold]:
        """Fit the deciding learner as `cross_fit_uplift` or `sequential_uplift` does, but keep the models."""
        n = len(self.rows)
        fold = assign_folds(self.trial.treated == 1, np.arange(n), n, FOLDS, self.seed)
        everyone = MoneyScale.of(self.trial)
        others = self.population.covariates[self.others]
        for place in range(1 if sequential else 0, FOLDS):
            learn, held_out = fold < place if sequential else fold != place, np.flatnonzero(fold == place)
            known = self.trial.of(np.flatnonzero(learn))
            model = self.fit(base, known, self.seed + 1 + place)
            yield Fold(
                rows=held_out,
                inside=np.stack(model.predict(self.trial.covariates[held_out])),
                outside=np.stack(model.predict(others)),
                scale=MoneyScale.of(known) if sequential else everyone,
            )

    def fit(self, base: BaseModels, known: ShippingTrial, seed: int) -> UpliftModel:
        """The deciding learner on the users it may know."""
        return fit_uplift(
            MAIN[0], base, known.covariates, known.treated, known.bought, propensity=0.5, seed=seed
        )

    def measure(self, folds: list[Fold], *, within: bool) -> dict[str, Row]:
        """Everything chapter 11 says about these scores, and what is true of them.

        `within` ranks users within each fold; else scores of all folds are ranked together.
        """
        inside, outside = Scored.of(folds, "inside"), Scored.of(folds, "outside")
        mine, theirs = (scored.ranked() if within else scored for scored in (inside, outside))
        users = np.concatenate([fold.rows for fold in folds])
        experiment = self.trial.of(users)
        truths = [
            self.truth(scored, raw, of)
            for scored, raw, of in (
                (theirs, outside, np.tile(self.others, len(folds))),
                (mine, inside, self.rows[users]),
            )
        ]
        found = self.estimates(experiment, mine, inside)
        return {
            name: (each.value, each.low, each.high, truths[0][name], truths[1][name])
            for name, each in found.items()
        }

    def estimates(self, experiment: ShippingTrial, scored: Scored, raw: Scored) -> dict[str, Estimate]:
        """Estimates and intervals, as the findings of chapter 11 compute them."""
        quality = uplift.ranking_quality(experiment.bought, experiment.treated, scored.effect, seed=self.seed)
        test = uplift.heterogeneity_test(
            experiment.bought, experiment.treated, raw.effect, baseline=raw.response
        )
        rules = uplift.standard_policies(scored.profit, scored.response, POLICY_SHARE)
        money = {
            each.name: each
            for each in uplift.compare_policies(
                experiment.margin,
                experiment.treated,
                rules,
                treatment_cost=experiment.shipping,
                propensity=0.5,
                reference="likeliest buyers",
                seed=self.seed,
            )
        }
        chosen = money["uplift ranking"]
        assert chosen.roi is not None  # the ranking treats somebody, so it costs something
        return {
            "qini": quality.qini,
            "auuc": quality.auuc,
            "top": quality.uplift_at[POLICY_SHARE],
            "slope": test.slope,
            "ranking": chosen.profit,
            "roi": chosen.roi,
            "likeliest": money["likeliest buyers"].profit,
            "difference": chosen.profit_over_reference,
            "everybody": money["everybody"].profit,
        }

    def truth(self, scored: Scored, raw: Scored, users: Ints) -> dict[str, float]:
        """True values of the same rankings over some users of the population."""
        effect = self.population.conversion[users]
        profit, cost = self.population.profit[users], self.population.cost[users]
        quality = true_ranking(effect, scored.effect, POLICY_SHARE)
        rules = uplift.standard_policies(scored.profit, scored.response, POLICY_SHARE)
        by_ranking, by_response = (
            float((profit * rules[name]).mean()) for name in ("uplift ranking", "likeliest buyers")
        )
        return {
            "qini": quality.qini,
            "auuc": quality.auuc,
            "top": quality.top,
            "slope": true_slope(effect, raw.effect),
            "ranking": by_ranking,
            "roi": by_ranking / float((cost * rules["uplift ranking"]).mean()),
            "likeliest": by_response,
            "difference": by_ranking - by_response,
            "everybody": float(profit.mean()),
        }


@dataclass(frozen=True)
class Scored:
    """Predicted effect, profit and response of users, and the fold whose model predicted; shape (n,)."""

    effect: Floats
    profit: Floats
    response: Floats
    fold: Ints

    @classmethod
    def of(cls, folds: list[Fold], side: str) -> Scored:
        """Users of all folds, one after the other."""
        parts = [getattr(fold, side) for fold in folds]
        return cls(
            effect=np.concatenate([part[0] for part in parts]),
            profit=np.concatenate(
                [fold.scale.profit(part[0], part[1]) for fold, part in zip(folds, parts, strict=True)]
            ),
            response=np.concatenate([part[2] for part in parts]),
            fold=np.repeat(np.arange(len(folds)), [part.shape[1] for part in parts]),
        )

    def ranked(self) -> Scored:
        """Places within each fold instead of scores."""
        return Scored(
            rank_within(self.effect, self.fold),
            rank_within(self.profit, self.fold),
            rank_within(self.response, self.fold),
            self.fold,
        )


def summary(repeats: list[dict[str, dict[str, Row]]]) -> list[dict[str, Any]]:
    """Coverage, width and bias of every interval.

    Returns
    -------
    list of dict
        One row a method and measure. `covered`, `covered_users` and `covered_mean`: repeats whose interval
        holds the true value of these scores over other users, over the same users, and the mean true value of
        all repeats; `below` and `above`: repeats whose interval lies below or above the first of them.
        `estimate`, `truth`: means. `bias`, `bias_error`: mean error and its standard error. `spread`:
        standard deviation of the error. `stated`: mean width of the interval over that of a standard normal.
        `positive`: repeats whose interval lies above zero.
    """
    rows = []
    for method in METHODS:
        for measure in MEASURES:
            value, low, high, truth, truth_users = np.array([each[method][measure] for each in repeats]).T
            error = value - truth
            numbers = {
                "estimate": value.mean(),
                "truth": truth.mean(),
                "bias": error.mean(),
                "bias_error": error.std(ddof=1) / np.sqrt(len(error)),
                "spread": error.std(ddof=1),
                "stated": (high - low).mean() / 3.919928,
            }
            rows.append(
                {
                    "method": method,
                    "measure": measure,
                    "covered": int(((low <= truth) & (truth <= high)).sum()),
                    "covered_users": int(((low <= truth_users) & (truth_users <= high)).sum()),
                    "covered_mean": int(((low <= truth.mean()) & (truth.mean() <= high)).sum()),
                    "below": int((high < truth).sum()),
                    "above": int((low > truth).sum()),
                    "positive": int((low > 0).sum()),
                    **{name: float(f"{number:.6g}") for name, number in numbers.items()},
                }
            )
    return rows
