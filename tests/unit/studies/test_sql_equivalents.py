"""Rules for mistakes that change nothing: what each lets through, and what it does not."""

from __future__ import annotations

import pytest

from journey.studies.sql_equivalents import equivalent
from journey.studies.sql_mistakes import PARTS, summary
from journey.studies.sql_mutants import Mutant


def mutant(kind: str, before: str, after: str, around: str = "", within: str = "") -> Mutant:
    return Mutant(0, kind, before, after, around or before, within, "")


TIE = "ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY order_ts, order_id)"
COUPON = "COALESCE(discount_pct, 0) > 0"


@pytest.mark.parametrize(
    ("made", "same"),
    [
        (mutant("order", "order_id", "order_id DESC", TIE), True),
        (mutant("order", "order_ts", "order_ts DESC", TIE), False),
        (mutant("order", "event_id", "event_id DESC", "LAG(ts) OVER (ORDER BY ts, event_id)"), False),
        (
            mutant("join", "INNER JOIN medians ON a.d = medians.d", "LEFT JOIN medians ON a.d = medians.d"),
            True,
        ),
        (mutant("join", "INNER JOIN items ON a.i = items.i", "LEFT JOIN items ON a.i = items.i"), False),
        (
            mutant("join", "LEFT JOIN medians ON a.d = medians.d", "INNER JOIN medians ON a.d = medians.d"),
            False,
        ),
        (mutant("column", "sessions.has_cart", "sessions.n_carts"), True),
        (mutant("column", "converted", "has_cart"), False),
        (mutant("function", "MIN(variant)", "MAX(variant)"), True),
        (mutant("function", "MIN(ts)", "MAX(ts)"), False),
        (mutant("function", "COALESCE(discount_pct, 0)", "discount_pct", COUPON), True),
        (mutant("function", "COALESCE(orders, 0)", "orders"), False),
        (mutant("constant", "0.9", "0.8"), False),
        (mutant("function", "SUM(revenue)", "SUM(revenue) / 2"), False),
    ],
)
def test_rules(made: Mutant, same: bool) -> None:
    assert (equivalent("analysis/basic/some_query", made) is not None) is same


def test_parts_are_joined() -> None:
    told = {"place": 0, "around": "", "within": "cte", "sql": "", "statement": "analysis/basic/some_query"}
    seen = told | {"kind": "bound", "before": "a < 1", "after": "a <= 1" + "!" * 200}
    same = told | {"kind": "function", "before": "MIN(variant)", "after": "MAX(variant)"}
    parts = {
        "basic": {"noticed": {"bound": 8, "join": 2}, "refused": 3, "unseen": [seen, same]},
        "features": {"noticed": {"bound": 1}, "refused": 1, "unseen": []},
    }
    found = summary(parts)
    assert (found["tried"], found["noticed"], found["refused"]) == (12, 11, 4)
    assert found["kinds"] == {"bound": {"tried": 10, "noticed": 9}, "join": {"tried": 2, "noticed": 2}}
    assert list(found["equivalent"].values()) == [1]
    one_in = PARTS["features"]
    assert found["parts"]["features"] == {"tried": 1, "noticed": 1, "one_in": one_in}
    assert found["share"] == (10 + one_in) / (11 + one_in)
    assert [len(each["after"]) for each in found["unseen"]] == [100]
