"""What is known at a decision: features built in SQL, loaded, aligned and split by time."""

from journey.features.build import build_features
from journey.features.catalogue import FEATURES, GROUPS, OFFERS, Feature, names_of
from journey.features.load import DECISIONS, FeatureFrame, align, load_features
from journey.features.split import TimeSplit, split_by_time, split_disjoint_users

__all__ = [
    "DECISIONS",
    "FEATURES",
    "GROUPS",
    "OFFERS",
    "Feature",
    "FeatureFrame",
    "TimeSplit",
    "align",
    "build_features",
    "load_features",
    "names_of",
    "split_by_time",
    "split_disjoint_users",
]
