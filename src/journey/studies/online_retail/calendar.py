"""Decision points in Online Retail, the first rung of the ladder, and what the others start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from journey.features.load import FeatureFrame
from journey.inference.arrays import Flags, Floats, Ints
from journey.inference.estimate import Estimate
from journey.sparse.learning import purchase_log_odds
from journey.sparse.precision import PositiveRanks, estimates
from journey.sparse.shop import TEST, TRAIN, VALIDATION, Contacts, Items, PairShop
from journey.studies.online_retail.history import Purchases, known_at, orders_after
from journey.studies.online_retail.pairs import CUSTOMER, MONTH, RetailPairs, describe_known
from journey.studies.online_retail.ranks import Block, ranks_by_part

SEED = 5
REPLICATES = 300
#: Every fourth Wednesday: windows of four weeks do not overlap, so a purchase counts once, and the last one
#: ends with the data. Before the first point lie nine weeks of history.
FIRST_POINT, LAST_POINT = np.datetime64("2011-02-02"), np.datetime64("2011-11-09")
VALIDATION_FROM, TEST_FROM, END = (np.datetime64(day) for day in ("2011-08-17", "2011-10-12", "2011-12-07"))


@dataclass(frozen=True)
class Point:
    """A decision point, ready for any target.

    Attributes
    ----------
    period
        0 train, 1 validation, 2 test.
    pairs, kinds
        Customers by products, and the same customers by kinds of product.
    log_odds
        (rows,) that each customer orders within four weeks, from a model that has not seen the outcome.
    """

    period: int
    pairs: RetailPairs
    kinds: RetailPairs
    log_odds: Floats

    @property
    def day(self) -> int:
        """The day of the decision, counted from the first of the data."""
        return self.pairs.known.day


def calendar(first_day: np.datetime64) -> list[tuple[int, int]]:
    """Day, counted from the first of the data, and period of each decision point."""
    days = np.arange(FIRST_POINT, LAST_POINT + np.timedelta64(1, "D"), MONTH)
    period = np.select([days >= TEST_FROM, days >= VALIDATION_FROM], [TEST, VALIDATION], TRAIN)
    number = (days - first_day).astype(np.int64)
    return [(int(day), int(each)) for day, each in zip(number, period, strict=True)]


def in_time(first_day: np.datetime64, day: int, period: int, days: int) -> bool:
    """Whether an outcome is known when its period ends: nothing learned or chosen may know what follows."""
    limit = {TRAIN: VALIDATION_FROM, VALIDATION: TEST_FROM, TEST: END}[period]
    return day + days <= int((limit - first_day).astype(np.int64))


def decision_points(purchases: Purchases) -> tuple[list[Point], dict[str, Any]]:
    """Describe every point, and learn whether the customer orders at all: the first rung.

    Returns
    -------
    list of Point, dict
        The points in order of time, and how well the first rung can be ranked.
    """
    by_kind = purchases.by_kind()
    dated = calendar(purchases.first_day)
    pairs = [describe_known(purchases, known_at(purchases, day)) for day, _ in dated]
    kinds = [describe_known(by_kind, known_at(by_kind, each.known.day, each.known.users)) for each in pairs]
    sizes = [len(each.known.users) for each in pairs]
    period = np.repeat([each for _, each in dated], sizes)
    customer = np.vstack([each.customer for each in pairs])
    user = np.concatenate([each.known.users for each in pairs])
    label = np.concatenate([orders_after(purchases, each.known, days=MONTH) > 0 for each in pairs])
    day = np.repeat([day for day, _ in dated], sizes)
    purchase = purchase_log_odds(as_sessions(customer, label, user, day, period), seed=SEED)
    parts = np.split(purchase.log_odds, np.cumsum(sizes)[:-1])
    points = [
        Point(number, each, kind, log_odds)
        for (_, number), each, kind, log_odds in zip(dated, pairs, kinds, parts, strict=True)
    ]
    test = period == TEST
    # Orders of the last twelve weeks, the latest first among equals.
    since = customer[:, CUSTOMER.index("days_since_order")]
    rule = customer[:, CUSTOMER.index("orders_12_weeks")] - since / 1000
    ranked = {
        name: ranks_by_part([whole(score[test], label[test], user[test])], users=purchases.users, parts=1)[0]
        for name, score in (("model", purchase.log_odds), ("rule", rule))
    }
    row = measured(ranked, ("rule",)) | {
        "pairs": int(test.sum()),
        "train_positives": int(label[~test].sum()),
        "test_positives": int(label[test].sum()),
        "train_precision": float(average_precision_score(label[~test], purchase.in_sample)),
    }
    return points, row


def whole(score: Floats, positive: Flags, user: Ints) -> Block:
    """A target of the whole customer as a block of one column."""
    return Block(score[:, None], positive[:, None], np.zeros((len(score), 1), dtype=np.int8), user)


def as_sessions(customer: Floats, label: Flags, user: Ints, day: Ints, period: Ints) -> PairShop:
    """Customers at decision points as the sessions that `purchase_log_odds` learns from."""
    number = len(label)
    moment = FIRST_POINT.astype("datetime64[us]") + (day - day.min()) * np.timedelta64(1, "D")
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    frame = FeatureFrame(
        decision="session_start",
        names=CUSTOMER,
        matrix=customer,
        label=label,
        revenue_after=np.zeros(number),
        decided_at=moment,
        user_id=user,
        session_id=np.arange(number),
        decision_id=np.arange(number),
        slices=pd.DataFrame(index=range(number)),
    )
    return PairShop(
        frame=frame,
        end=moment,
        period=period.astype(np.int64),
        items=Items(none, none, none, nothing, nothing, nothing),
        contacts=Contacts(none, none, none, none, none),
    )


def measured(ranked: Mapping[str, PositiveRanks], rules: Sequence[str]) -> dict[str, Any]:
    """Base rate, and average precision and lift of every ranking, with the model's gain over each rule."""
    measures: dict[str, Any] = {"base_rate": lambda draw: draw["base_rate"]}
    for name in ranked:
        measures[f"{name}_precision"] = lambda draw, name=name: draw[name]
        measures[f"{name}_lift"] = lambda draw, name=name: draw[name] / draw["base_rate"]
    for name in rules:
        measures[f"gain_over_{name}"] = lambda draw, name=name: draw["model"] - draw[name]
    return bounds(estimates([ranked], measures, replicates=REPLICATES, seed=SEED))


def bounds(found: Mapping[str, Estimate]) -> dict[str, Any]:
    """Estimates as value, low and high."""
    return {name: {"value": each.value, "low": each.low, "high": each.high} for name, each in found.items()}
