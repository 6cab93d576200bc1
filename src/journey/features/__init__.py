"""What is known at a decision: features built in SQL, loaded, aligned and split by time.

A feature does not change when everything after its decision is deleted or altered; `tests/property` proves
it on clean staging tables. Cleaning comes before and is not part of that proof: it may look at later rows of
a user (a robot is found by all of its rows, a repetition when it arrives again).
"""

from journey.features.catalogue import FEATURES, GROUPS, names_of
from journey.features.load import DECISIONS, FeatureFrame, align, load_features
from journey.features.split import TimeSplit, split_by_time

__all__ = [
    "DECISIONS",
    "FEATURES",
    "GROUPS",
    "FeatureFrame",
    "TimeSplit",
    "align",
    "load_features",
    "names_of",
    "split_by_time",
]
