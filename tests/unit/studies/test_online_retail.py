"""The ladder on real purchases: nothing after the decision point is known, outcomes and ranks are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from journey.errors import JourneyError
from journey.sparse.shop import TEST, TRAIN, VALIDATION
from journey.studies.online_retail.baskets import purchase_log
from journey.studies.online_retail.calendar import TEST_FROM, calendar, decision_points, in_time
from journey.studies.online_retail.history import (
    KINDS,
    Purchases,
    bought_after,
    kinds_of,
    known_at,
    order_number,
    orders_after,
    retail_purchases,
)
from journey.studies.online_retail.pairs import ITEM, describe_known, sampled
from journey.studies.online_retail.ranks import STEP, Block, precision_at, ranks_by_part, together
from journey.studies.online_retail.study import SETS, TARGETS, retail_ladder, times_bought

FIRST_DAY = np.datetime64("2010-12-01")
NAMES = SETS["collaborative"]


def wholesale(seed: int = 3, customers: int = 150, products: int = 40, days: int = 374) -> pd.DataFrame:
    """Invoice lines of customers who often buy what they bought before."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.0, 0.03, customers)
    rows = []
    for customer in range(customers):
        own = rng.choice(products, 8, replace=False)
        for day in np.flatnonzero(rng.random(days) < rate[customer]):
            usual = rng.choice(own, rng.integers(1, 5), replace=False)
            for product in {*usual, *rng.choice(products, 2)}:
                rows.append((f"{customer:04d}{day:04d}", customer, day, product))
    frame = pd.DataFrame(rows, columns=["InvoiceNo", "CustomerID", "day", "product"])
    return pd.DataFrame(
        {
            "InvoiceNo": frame["InvoiceNo"],
            "StockCode": (10_000 + frame["product"]).astype(str),
            "Description": [f"RED {KINDS[product % 30]}" for product in frame["product"]],
            "Quantity": 1,
            "InvoiceDate": pd.Timestamp(FIRST_DAY) + pd.to_timedelta(frame["day"] * 24 + 10, unit="h"),
            "UnitPrice": 1.0 + frame["product"],
            "CustomerID": frame["CustomerID"].astype("Int32") + 1,
        }
    ).sort_values("InvoiceDate", ignore_index=True)


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    """The wholesale shop, read."""
    return retail_purchases(wholesale())[0]


def everything(purchases: Purchases, day: int) -> tuple[np.ndarray, ...]:
    """Every feature of every pair, and what the margins and parts are made of."""
    known = known_at(purchases, day)
    pairs = describe_known(purchases, known)
    row, column = np.divmod(np.arange(len(known.users) * len(known.items)), len(known.items))
    matrix = pairs.matrix(row, column, np.zeros(len(known.users)), NAMES)
    return matrix, pairs.popularity(), times_bought(known), known.users, known.items


def test_nothing_from_the_day_on_changes_its_pairs(purchases):
    """Give everything from the decision day on to others, on other days: the same features, bit by bit."""
    day = 250
    rng = np.random.default_rng(1)
    late = purchases.day >= day
    assert late.mean() > 0.2
    moved = {
        "user": np.where(late, rng.permutation(purchases.user), purchases.user),
        "item": np.where(late, rng.permutation(purchases.item), purchases.item),
        "day": np.sort(np.where(late, rng.integers(day, 374, len(late)), purchases.day)),
    }
    for other in (
        replace(purchases, **moved),
        replace(purchases, **{name: getattr(purchases, name)[~late] for name in moved}),
    ):
        for before, after in zip(everything(purchases, day), everything(other, day), strict=True):
            np.testing.assert_array_equal(before, after)
    matrix = everything(purchases, day)[0]
    # The first column is the order score, which is handed in: the next test is about it.
    assert (matrix[:, 1:].std(axis=0) > 0).all(), "a feature that never varies cannot show a leak"


def test_nothing_of_the_test_period_reaches_the_order_score(purchases):
    """Without any purchase from the first test point on, customers at that point get the same score."""
    first = int((TEST_FROM - purchases.first_day).astype(int))
    early = purchases.day < first
    cut = replace(
        purchases,
        # One later sale is left, so that the test period has an order to measure by.
        user=np.append(purchases.user[early], purchases.user[~early][-1]),
        item=np.append(purchases.item[early], purchases.item[~early][-1]),
        day=np.append(purchases.day[early], first + 30),
    )
    whole, known = (decision_points(each)[0] for each in (purchases, cut))
    for before, after in zip(whole[:10], known[:10], strict=True):
        np.testing.assert_array_equal(before.log_odds, after.log_odds)
    assert whole[9].day == first
    assert whole[9].log_odds.std() > 0


def test_a_planted_leak_is_seen(purchases):
    """Popularity that counted the decision day itself would differ: the test above can fail."""
    day = int(purchases.day[len(purchases.day) // 2])
    early = purchases.day < day
    cut = replace(purchases, **{name: getattr(purchases, name)[early] for name in ("user", "item", "day")})
    one, two = (known_at(each, day + 1) for each in (purchases, cut))
    assert not np.array_equal(
        describe_known(purchases, one).popularity(), describe_known(cut, two).popularity()
    )


def test_a_later_price_or_text_is_not_known():
    lines = wholesale()
    late = lines["InvoiceDate"] >= "2011-09-01"
    changed = lines.assign(
        UnitPrice=lines["UnitPrice"].where(~late, 99.0), Description=lines["Description"].where(~late, "MUG")
    )
    one, two = (retail_purchases(each)[0] for each in (lines, changed))
    np.testing.assert_array_equal(one.price, two.price)
    np.testing.assert_array_equal(one.kind, two.kind)


def test_history_and_outcomes_are_what_a_loop_finds(purchases):
    day = 200
    known = known_at(purchases, day)
    next_order = bought_after(purchases, known, days=28, orders=1)
    three = bought_after(purchases, known, days=56, orders=3)
    counted = orders_after(purchases, known, days=28)
    orders: dict[int, dict[int, set[int]]] = {}
    for user, item, when in zip(purchases.user, purchases.item, purchases.day, strict=True):
        orders.setdefault(user, {}).setdefault(when, set()).add(item)
    times = times_bought(known)
    for row, user in enumerate(known.users):
        past = [items for when, items in orders[user].items() if when < day]
        month = [orders[user][when] for when in sorted(orders[user]) if day <= when < day + 28]
        longer = [orders[user][when] for when in sorted(orders[user]) if day <= when < day + 56]
        assert counted[row] == len(month)
        for found, wanted in ((next_order[row], month[:1]), (three[row], longer[:3])):
            assert set(known.items[found]) == set().union(*wanted) & set(known.items)
        for column, item in enumerate(known.items):
            assert times[row, column] == min(2, sum(item in items for items in past))


def test_orders_are_numbered_by_customer():
    number = order_number(np.array([1, 2, 1, 1, 2]), np.array([5, 5, 5, 9, 8]))
    np.testing.assert_array_equal(number, [1, 1, 1, 2, 2])


def test_kinds_are_the_last_noun():
    found = kinds_of(["LUNCH BAG RED RETROSPOT", "SET OF 3 CAKE TINS", "cup and saucer bag", "JUMBO SHOPPER"])
    assert [KINDS[place] if place >= 0 else None for place in found] == ["BAG", "TIN", "BAG", None]


def test_kinds_keep_orders(purchases):
    kinds = purchases.by_kind()
    mine = purchases.kind[purchases.item] >= 0
    assert set(zip(kinds.user, kinds.day, kinds.item, strict=True)) == set(
        zip(purchases.user[mine], purchases.day[mine], purchases.kind[purchases.item[mine]], strict=True)
    )
    assert (np.diff(kinds.day) >= 0).all()


def test_no_outcome_crosses_a_period():
    points = calendar(FIRST_DAY)
    assert [period for _, period in points] == [TRAIN] * 7 + [VALIDATION] * 2 + [TEST] * 2
    assert (np.diff([day for day, _ in points]) == 28).all()
    for target in TARGETS.values():
        ends = dict.fromkeys((TRAIN, VALIDATION, TEST), 0)
        starts = dict.fromkeys(ends, 10**6)
        for day, period in points:
            if in_time(FIRST_DAY, day, period, target.days):
                ends[period] = max(ends[period], day + target.days)
                starts[period] = min(starts[period], day)
        assert ends[TRAIN] <= starts[VALIDATION]
        assert ends[VALIDATION] <= starts[TEST]
        assert FIRST_DAY + ends[TEST] <= np.datetime64("2011-12-10")


def test_sample_keeps_positives_and_stands_for_all(purchases):
    known = known_at(purchases, 200)
    positive = bought_after(purchases, known, days=28, orders=1)
    row, column, weight = sampled(positive, known, touched=300, others=900, seed=1)
    assert positive[row, column].sum() == positive.sum() > 0
    assert (weight[positive[row, column]] == 1).all()
    assert weight.sum() == pytest.approx(positive.size, rel=0.1)


def drawn(seed: int) -> list[Block]:
    """Scores and outcomes of two points with different products."""
    rng = np.random.default_rng(seed)
    blocks = []
    for rows, columns in ((40, 30), (35, 25)):
        score = rng.normal(-4, 2, (rows, columns))
        blocks.append(
            Block(
                score,
                rng.random((rows, columns)) < 1 / (1 + np.exp(-score)),
                rng.integers(0, 3, (rows, columns)).astype(np.int8),
                np.sort(rng.choice(50, rows, replace=False)),
            )
        )
    return blocks


def test_average_precision_by_part_is_scikit_learns():
    blocks = drawn(2)
    ranks = ranks_by_part(blocks, users=50, parts=3)
    columns = {
        "score": np.concatenate([np.round(block.score / STEP).ravel() for block in blocks]),
        "exact": np.concatenate([block.score.ravel() for block in blocks]),
        "positive": np.concatenate([block.positive.ravel() for block in blocks]),
        "part": np.concatenate([block.part.ravel() for block in blocks]),
        "user": np.concatenate([np.repeat(block.user, block.score.shape[1]) for block in blocks]),
    }
    pairs = pd.DataFrame(columns)
    ones = np.ones((1, 50))
    for part, each in enumerate(ranks):
        mine = pairs[pairs["part"].eq(part)]
        found = each.average_precision(ones)[0]
        assert found == pytest.approx(average_precision_score(mine["positive"], mine["score"]))
        assert each.base_rate(ones)[0] == pytest.approx(mine["positive"].mean())
    every = together(ranks)
    assert every.rows.sum() == len(pairs)
    exact = average_precision_score(pairs["positive"], pairs["exact"])
    assert every.average_precision(ones)[0] == pytest.approx(exact, rel=0.01)
    weights = np.random.default_rng(0).integers(0, 3, 50).astype(float)
    weighted = average_precision_score(
        pairs["positive"], pairs["score"], sample_weight=weights[pairs["user"]]
    )
    assert every.average_precision(weights[None])[0] == pytest.approx(weighted)


def test_precision_at_the_top_counts_the_best():
    blocks = [
        replace(block, score=block.score.argsort(None).argsort().reshape(block.score.shape) * 1.0)
        for block in drawn(5)[:1]
    ]
    ranks = together(ranks_by_part(blocks, users=50, parts=3))
    best = np.argsort(-blocks[0].score.ravel())
    edge = np.flatnonzero(blocks[0].positive.ravel()[best])[39] + 1  # the fortieth positive ends the list
    found = precision_at(ranks, int(edge), replicates=200, seed=0)
    assert found.value == pytest.approx(40 / edge)
    assert found.low < found.value < found.high


def test_rankings_without_a_positive_or_with_a_hole_are_refused():
    blocks = drawn(4)
    with pytest.raises(JourneyError, match="none of 2,075 pairs is positive"):
        ranks_by_part(
            [replace(block, positive=block.positive & False) for block in blocks], users=50, parts=3
        )
    with pytest.raises(JourneyError, match="is missing"):
        ranks_by_part([replace(block, score=block.score * np.nan) for block in blocks], users=50, parts=3)


def test_a_shop_of_repeats_is_ranked_by_repeats():
    """Customers keep to eight products: pairs bought before come true more often, and the rule finds them."""
    found = retail_ladder(wholesale())
    rate = {row["part"]: row["rate"]["value"] for row in found["origins"]}
    assert rate["never"] < rate["once"] < rate["often"]
    assert sum(row["share"] for row in found["origins"]) == pytest.approx(1.0)
    rungs = found["rungs"]
    assert list(rungs) == ["order", "kind", "item", "item_3"]
    assert rungs["item"]["test_positives"] == sum(row["positives"] for row in found["origins"])
    lift = {name: rungs["item"][f"{name}_lift"]["value"] for name in ("popularity", "bought_before", "model")}
    assert 1 < lift["popularity"] < lift["bought_before"]
    assert lift["model"] > lift["popularity"]
    assert (
        found["features"]["bought"]["base_rate"]["value"] > found["features"]["never"]["base_rate"]["value"]
    )


def test_a_point_without_history_and_lines_without_text_are_refused(purchases):
    with pytest.raises(JourneyError, match="no purchase before day 0"):
        known_at(purchases, 0)
    with pytest.raises(JourneyError, match="lacks column Description"):
        retail_purchases(wholesale().drop(columns="Description"))


def test_products_are_described_by_what_was_known(purchases):
    known = known_at(purchases, 120)
    pairs = describe_known(purchases, known)
    mine = purchases.day < 120
    last = pd.Series(purchases.day[mine]).groupby(purchases.item[mine]).max()
    since = pairs.item[:, ITEM.index("days_since_sale")]
    np.testing.assert_array_equal(since, 120 - last.loc[known.items])


def test_purchase_log_drops_by_rule_and_counts() -> None:
    lines = pd.DataFrame(
        {
            "InvoiceNo": ["1", "C2", "3", "4", "5", "1"],
            "StockCode": ["12345", "12345", "12345", "12345a", "POST", "12345"],
            "Quantity": [1, -1, 1, 0, 1, 2],
            "InvoiceDate": pd.to_datetime(["2011-01-01"] * 6),
            "UnitPrice": [1.0] * 6,
            "CustomerID": pd.array([7, 7, None, 7, 7, 7], dtype="Int32"),
        }
    )
    found, dropped = purchase_log(lines)
    assert dropped == {
        "lines": 6, "cancelled": 1, "no_customer": 1, "not_positive": 1, "no_product": 1, "contacts": 1,
    }  # fmt: skip
    assert found.item_ids.tolist() == ["12345"]
    with pytest.raises(JourneyError, match="lacks column UnitPrice"):
        purchase_log(lines.drop(columns="UnitPrice"))
