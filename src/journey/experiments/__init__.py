"""Experiment statistics: sufficient statistics in, frozen dataclasses out.

| step | functions |
|---|---|
| inputs of one arm, from SQL sums | `Sample`, `Proportion`, `PairedSample`, `ClusterSample`, `combined` |
| both arms -> `ArmEstimates` | `means`, `proportions`, `ratios`, `clustered`, `cuped`, `post_stratified` |
| what to ask of them | `difference`, `relative_lift`, `equivalence`, `heterogeneity`, `confidence_sequence` |
| conversion rates | `two_proportions`, `newcombe`, `wilson`, `beta_binomial`; small cells: `score` |
| values instead of sums | `winsorised`, `quantile_effect` |
| checks | `sample_ratio_test`, `sequential_sample_ratio` |
| plan | `mean_sample_size`, `proportion_sample_size`, `mean_power`, `duration`, ... |
| decide | `worth`: `draw`, `judge`, `swings` |
| look early | `group_sequential`, `crossing_probabilities`, `first_crossing`, `confidence_sequence` |
| many metrics | `holm`, `benjamini_hochberg` |

So Welch's t is `difference(means(control, treatment))` and a relative lift under CUPED is
`relative_lift(cuped(control, treatment))`. Every function also takes arrays: many experiments at once.
`journey.studies.experiment_proof` simulates whether the intervals cover; `journey.studies.asos` looks back at
experiments day by day.
"""

from journey.experiments.always_valid import confidence_sequence, mixture_rho
from journey.experiments.bayes import beta_binomial, probability_best
from journey.experiments.cluster import ClusterSample, clustered
from journey.experiments.cuped import cuped
from journey.experiments.duration import duration
from journey.experiments.effects import ArmEstimates, Effect, difference
from journey.experiments.equivalence import equivalence
from journey.experiments.group_sequential import (
    crossing_probabilities,
    first_crossing,
    group_sequential,
    inflation_factor,
)
from journey.experiments.heterogeneity import heterogeneity
from journey.experiments.means import means
from journey.experiments.multiple import benjamini_hochberg, holm
from journey.experiments.power import mean_power, proportion_power
from journey.experiments.proportions import newcombe, proportions, two_proportions, wilson
from journey.experiments.quantile import quantile_effect
from journey.experiments.ratio import linearised_variance, ratios
from journey.experiments.relative import relative_lift
from journey.experiments.sample_ratio import sample_ratio_test, sequential_sample_ratio
from journey.experiments.sample_size import (
    mean_detectable_effect,
    mean_sample_size,
    proportion_detectable_effect,
    proportion_sample_size,
)
from journey.experiments.statistics import PairedSample, Proportion, Sample, combined
from journey.experiments.stratified import post_stratified
from journey.experiments.winsor import winsorised

__all__ = [
    "ArmEstimates",
    "ClusterSample",
    "Effect",
    "PairedSample",
    "Proportion",
    "Sample",
    "benjamini_hochberg",
    "beta_binomial",
    "clustered",
    "combined",
    "confidence_sequence",
    "crossing_probabilities",
    "cuped",
    "difference",
    "duration",
    "equivalence",
    "first_crossing",
    "group_sequential",
    "heterogeneity",
    "holm",
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
    "sample_ratio_test",
    "sequential_sample_ratio",
    "two_proportions",
    "wilson",
    "winsorised",
]
