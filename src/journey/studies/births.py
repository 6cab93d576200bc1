"""Smoking and birth weight (Cattaneo 2010): the causal estimators with the specifications of Stata's manual.

The data ship with statsmodels' own tests, which the site does without. So the results are kept as evidence;
a test computes them again.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from journey import causal
from journey.causal.glm import fit_regression, with_intercept
from journey.errors import JourneyError
from journey.inference.arrays import Floats

NAME = "birth_weights"
OUTCOME_SIDE = ("prenatal1_", "mmarried_", "mage", "fbaby_")
TREATMENT_SIDE = ("mmarried_", "mage", "mage2", "fbaby_", "medu")


@dataclass(frozen=True)
class Births:
    """One row a birth.

    Attributes
    ----------
    weight
        Birth weight, grams, (n,).
    smoked
        1 when the mother smoked, (n,).
    outcome_side
        Covariates of the outcome model, (n, 4).
    treatment_side
        Covariates of the treatment model, (n, 5).
    """

    weight: Floats
    smoked: Floats
    outcome_side: Floats
    treatment_side: Floats


def load_births() -> Births:
    """The 4,642 births from statsmodels' test data.

    Raises
    ------
    JourneyError
        When statsmodels is not installed.
    """
    try:
        source = resources.files("statsmodels.treatment.tests.results") / "cataneo2.csv"
    except ModuleNotFoundError as error:
        raise JourneyError(f"{NAME} needs the test data of statsmodels ({error}): install it") from error
    with source.open() as stream:
        rows = list(csv.DictReader(stream))

    def columns(*names: str) -> Floats:
        return np.array([[float(row[name]) for name in names] for row in rows])

    return Births(
        columns("bweight")[:, 0], columns("mbsmoke_")[:, 0], columns(*OUTCOME_SIDE), columns(*TREATMENT_SIDE)
    )


def birth_effects(births: Births) -> dict[str, dict[str, float]]:
    """Effects of smoking, grams, and their standard errors, by `method estimand`."""
    y, t, x, z = births.weight, births.smoked, births.outcome_side, births.treatment_side
    probit, logit = causal.fit_propensity(t, z, link="probit"), causal.fit_propensity(t, z)
    design = with_intercept(x)
    with_it, without = (fit_regression(design[t == arm], y[t == arm]).mean(design) for arm in (1, 0))
    found: dict[str, causal.CausalEffect] = {}
    estimands: tuple[causal.Estimand, ...] = ("ATE", "ATT")
    for estimand in estimands:
        found[f"regression {estimand}"] = causal.regression_adjustment(y, t, x, estimand=estimand)
        found[f"weighting {estimand}"] = causal.inverse_probability_weighting(
            y, t, probit, estimand=estimand, trim=0
        )
        found[f"matching {estimand}"] = causal.propensity_matching(
            y, t, z, logit, estimand=estimand, caliper=None, scale="probability", bias_corrected=False
        )
    found["augmented ATE"] = causal.augmented_weighting(y, t, probit, with_it, without, trim=0)
    return {
        name: {"estimate": effect.estimate, "standard_error": effect.standard_error}
        for name, effect in found.items()
    }


def committed_effects() -> dict[str, Any]:
    """The effects of the births that the package ships."""
    return birth_effects(load_births())
