"""Whom to treat: uplift learners, their evaluation, targeting policies and return on investment."""

from journey.uplift.budget import roi_curve
from journey.uplift.calibration import heterogeneity_test, uplift_by_bin
from journey.uplift.curves import (
    RankingQuality,
    normalised_auuc,
    normalised_qini,
    qini_curve,
    ranking_quality,
    uplift_curve,
)
from journey.uplift.groups import GROUPS, four_groups, frechet_bounds
from journey.uplift.learners import (
    LEARNERS,
    BaseModels,
    UpliftScores,
    cross_fit_uplift,
    fit_uplift,
    logistic_base,
    xgboost_base,
)
from journey.uplift.policy import compare_policies, policy_value, standard_policies, top_share
from journey.uplift.sequential import SequentialScores, rank_within, sequential_uplift
from journey.uplift.trial import ShippingTrial, shipping_covariates
from journey.uplift.truth import TruthComparison, compare_with_truth

__all__ = [
    "GROUPS",
    "LEARNERS",
    "BaseModels",
    "RankingQuality",
    "SequentialScores",
    "ShippingTrial",
    "TruthComparison",
    "UpliftScores",
    "compare_policies",
    "compare_with_truth",
    "cross_fit_uplift",
    "fit_uplift",
    "four_groups",
    "frechet_bounds",
    "heterogeneity_test",
    "logistic_base",
    "normalised_auuc",
    "normalised_qini",
    "policy_value",
    "qini_curve",
    "rank_within",
    "ranking_quality",
    "roi_curve",
    "sequential_uplift",
    "shipping_covariates",
    "standard_policies",
    "top_share",
    "uplift_by_bin",
    "uplift_curve",
    "xgboost_base",
]
