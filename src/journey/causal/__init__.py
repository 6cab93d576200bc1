"""Average effects of a treatment that was not randomised: estimators, diagnostics, sensitivity."""

from journey.causal.balance import Balance, balance
from journey.causal.comparison import (
    DecisionCost,
    PlaceboTest,
    compare_estimators,
    decision_cost,
    placebo_test,
)
from journey.causal.matching import Match, match_on_score, propensity_matching
from journey.causal.nuisance import ModelFactory
from journey.causal.propensity import (
    Overlap,
    Propensity,
    effective_sample_size,
    fit_propensity,
    inverse_probability_weights,
    known_propensity,
    overlap,
)
from journey.causal.regression import naive_difference, regression_adjustment
from journey.causal.sensitivity import (
    EValue,
    RosenbaumBounds,
    e_value,
    e_value_of_difference,
    e_value_of_effect,
    rosenbaum_binary,
    rosenbaum_signed_rank,
)
from journey.causal.study import CausalEffect, Estimand
from journey.causal.weighting import augmented_weighting, doubly_robust, inverse_probability_weighting

__all__ = [
    "Balance",
    "CausalEffect",
    "DecisionCost",
    "EValue",
    "Estimand",
    "Match",
    "ModelFactory",
    "Overlap",
    "PlaceboTest",
    "Propensity",
    "RosenbaumBounds",
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
