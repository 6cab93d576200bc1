"""Experiment statistics: sufficient statistics in, frozen dataclasses out.

| step | functions |
|---|---|
| inputs of one arm, from SQL sums | `Sample`, `Proportion`, `PairedSample`, `ClusterSample`, `combined` |
| both arms -> `ArmEstimates` | `means`, `proportions`, `ratios`, `clustered`, `cuped`, `post_stratified` |
| what to ask of them | `difference`, `relative_lift`, `equivalence`, `heterogeneity`, `confidence_sequence` |
| conversion rates | `two_proportions`, `newcombe`, `wilson`, `beta_binomial`; small cells: `score` |
| values instead of sums | `winsorised`, `quantile_effect` |
| checks | `sample_ratio_test`, `sequential_sample_ratio`, `design_effect` |
| plan | `mean_sample_size`, `proportion_sample_size`, `mean_power`, `duration`, ... |
| decide | `worth`: `draw`, `judge`, `swings` |
| look early | `group_sequential`, `crossing_probabilities`, `first_crossing`, `confidence_sequence` |
| many metrics | `holm`, `benjamini_hochberg` |

So Welch's t is `difference(means(control, treatment))` and a relative lift under CUPED is
`relative_lift(cuped(control, treatment))`. Every function also takes arrays: many experiments at once.
`journey.studies.experiment_proof` simulates whether the intervals cover; `journey.studies.asos` looks back at
experiments day by day.
"""

from journey.experiments.always_valid import (
    confidence_sequence,
    mixture_rho,
    running_minimum,
)
from journey.experiments.bayes import Posterior, beta_binomial, expected_loss, probability_best
from journey.experiments.cluster import ClusterSample, DesignEffect, clustered, design_effect
from journey.experiments.cuped import CupedEstimates, cuped
from journey.experiments.duration import Duration, duration
from journey.experiments.effects import ArmEstimates, Effect, difference
from journey.experiments.equivalence import Equivalence, equivalence
from journey.experiments.group_sequential import (
    Boundaries,
    Crossing,
    crossing_probabilities,
    first_crossing,
    group_sequential,
    hwang_shih_decani,
    inflation_factor,
    repeated_interval,
)
from journey.experiments.heterogeneity import Heterogeneity, SegmentEffect, heterogeneity
from journey.experiments.means import means
from journey.experiments.multiple import Adjusted, benjamini_hochberg, holm
from journey.experiments.power import mean_power, proportion_power
from journey.experiments.proportions import Interval, newcombe, proportions, two_proportions, wilson
from journey.experiments.quantile import QuantileEffect, quantile_effect
from journey.experiments.ratio import linearised_variance, ratios
from journey.experiments.relative import relative_lift
from journey.experiments.sample_ratio import SampleRatio, sample_ratio_test, sequential_sample_ratio
from journey.experiments.sample_size import (
    Plan,
    mean_detectable_effect,
    mean_sample_size,
    proportion_detectable_effect,
    proportion_sample_size,
)
from journey.experiments.statistics import PairedSample, Proportion, Sample, combined
from journey.experiments.stratified import post_stratified
from journey.experiments.winsor import Winsorised, winsorised

__all__ = [
    "Adjusted",
    "ArmEstimates",
    "Boundaries",
    "ClusterSample",
    "Crossing",
    "CupedEstimates",
    "DesignEffect",
    "Duration",
    "Effect",
    "Equivalence",
    "Heterogeneity",
    "Interval",
    "PairedSample",
    "Plan",
    "Posterior",
    "Proportion",
    "QuantileEffect",
    "Sample",
    "SampleRatio",
    "SegmentEffect",
    "Winsorised",
    "benjamini_hochberg",
    "beta_binomial",
    "clustered",
    "combined",
    "confidence_sequence",
    "crossing_probabilities",
    "cuped",
    "design_effect",
    "difference",
    "duration",
    "equivalence",
    "expected_loss",
    "first_crossing",
    "group_sequential",
    "heterogeneity",
    "holm",
    "hwang_shih_decani",
    "inflation_factor",
    "linearised_variance",
    "mean_detectable_effect",
    "mean_power",
    "mean_sample_size",
    "means",
    "mixture_rho",
    "newcombe",
    "post_stratified",
    "probability_best",
    "proportion_detectable_effect",
    "proportion_power",
    "proportion_sample_size",
    "proportions",
    "quantile_effect",
    "ratios",
    "relative_lift",
    "repeated_interval",
    "running_minimum",
    "sample_ratio_test",
    "sequential_sample_ratio",
    "two_proportions",
    "wilson",
    "winsorised",
]
