"""Average effects of a treatment that was not randomised: estimators, diagnostics, sensitivity."""

from journey.causal.balance import balance
from journey.causal.comparison import compare_estimators, decision_cost, placebo_test
from journey.causal.matching import match_on_score, propensity_matching
from journey.causal.propensity import (
    Overlap,
    effective_sample_size,
    fit_propensity,
    inverse_probability_weights,
    known_propensity,
    overlap,
)
from journey.causal.regression import naive_difference, regression_adjustment
from journey.causal.sensitivity import (
    e_value,
    e_value_of_difference,
    e_value_of_effect,
    rosenbaum_binary,
    rosenbaum_signed_rank,
)
from journey.causal.study import CausalEffect, Estimand
from journey.causal.weighting import augmented_weighting, doubly_robust, inverse_probability_weighting

__all__ = [
    "CausalEffect",
    "Estimand",
    "Overlap",
    "augmented_weighting",
    "balance",
    "compare_estimators",
    "decision_cost",
    "doubly_robust",
    "e_value",
    "e_value_of_difference",
    "e_value_of_effect",
    "effective_sample_size",
    "fit_propensity",
    "inverse_probability_weighting",
    "inverse_probability_weights",
    "known_propensity",
    "match_on_score",
    "naive_difference",
    "overlap",
    "placebo_test",
    "propensity_matching",
    "regression_adjustment",
    "rosenbaum_binary",
    "rosenbaum_signed_rank",
]
