"""Why "this user, this item, next session" is hard: one procedure on targets from dense to sparse."""

from journey.sparse.ladder import Ground, Learned, learn, prepare
from journey.sparse.learning import Purchase, purchase_log_odds
from journey.sparse.memory import memorise
from journey.sparse.pairs import COLLABORATIVE, EVERYTHING, PLAIN
from journey.sparse.precision import PositiveRanks, estimates, positive_ranks
from journey.sparse.shop import TEST, PairShop, load_shop
from journey.sparse.targets import TARGETS, outcomes

__all__ = [
    "COLLABORATIVE",
    "EVERYTHING",
    "PLAIN",
    "TARGETS",
    "TEST",
    "Ground",
    "Learned",
    "PairShop",
    "PositiveRanks",
    "Purchase",
    "estimates",
    "learn",
    "load_shop",
    "memorise",
    "outcomes",
    "positive_ranks",
    "prepare",
    "purchase_log_odds",
]
