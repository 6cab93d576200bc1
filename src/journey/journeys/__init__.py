"""Paths through the shop: transitions, attribution, time to convert."""

from journey.journeys.attribution import RULES, Attribution, attribute, further, misallocation, touch_weights
from journey.journeys.paths import PathLengths, Paths, collapse_repeats, path_lengths, paths_from_steps
from journey.journeys.sankey import sankey_links
from journey.journeys.survival import LogRankTest, SurvivalCurve, kaplan_meier, logrank_test, survival_at
from journey.journeys.transitions import transition_matrix

__all__ = [
    "RULES",
    "Attribution",
    "LogRankTest",
    "PathLengths",
    "Paths",
    "SurvivalCurve",
    "attribute",
    "collapse_repeats",
    "further",
    "kaplan_meier",
    "logrank_test",
    "misallocation",
    "path_lengths",
    "paths_from_steps",
    "sankey_links",
    "survival_at",
    "touch_weights",
    "transition_matrix",
]
