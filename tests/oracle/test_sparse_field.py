"""The committed ladder on Online Retail: consistent with itself, and with the data where they are present.

Nobody has published this ladder, so there is no number to reach; what takes no trees is computed again.
"""

from __future__ import annotations

import json

import pytest

from journey.paths import project
from journey.stores.datasets import data_checksum, load_online_retail
from journey.stores.locate import locate
from journey.studies.evidence import disagreement, plain
from journey.studies.online_retail.calendar import decision_points
from journey.studies.online_retail.history import retail_purchases
from journey.studies.online_retail.study import TARGETS, describe_retail


@pytest.fixture(scope="module")
def kept() -> dict:
    """The committed results."""
    return json.loads((project().evidence / "online_retail_sparse.json").read_text(encoding="utf-8"))[
        "results"
    ]


def test_the_ladder_goes_from_dense_to_sparse(kept):
    rungs = kept["rungs"]
    assert set(rungs) == {"order", *TARGETS}
    base = [rungs[name]["base_rate"]["value"] for name in ("order", "kind", "item")]
    lift = [rungs[name]["model_lift"]["value"] for name in ("order", "kind", "item")]
    precision = [rungs[name]["model_precision"]["value"] for name in ("order", "kind", "item")]
    assert base == sorted(base, reverse=True)
    assert precision == sorted(precision, reverse=True)
    assert lift == sorted(lift)


def test_parts_add_up(kept):
    item = kept["rungs"]["item"]
    assert sum(row["positives"] for row in kept["origins"]) == item["test_positives"]
    assert sum(row["pairs"] for row in kept["origins"]) == item["pairs"]
    tested = [point for point in kept["points"] if point["period"] == 2]
    assert item["pairs"] == sum(point["customers"] * point["products"] for point in tested)
    again = sum(row["positives"] for row in kept["origins"][1:])
    pairs = sum(row["pairs"] for row in kept["origins"][1:])
    assert kept["features"]["bought"]["base_rate"]["value"] == pytest.approx(again / pairs)


def test_collaborative_filtering_was_right_to_try_and_costs_in_the_test(kept):
    """What the page says: lower log loss on the validation days, better on new products, worse over all."""
    loss = kept["rungs"]["item"]["validation_loss"]
    assert loss["collaborative"] < loss["plain"]
    gain = {part: found["gain_of_others"] for part, found in kept["features"].items()}
    assert gain["never"]["low"] > 0 > gain["all"]["high"]
    assert gain["bought"]["low"] < 0 < gain["bought"]["high"]


def test_every_product_was_told_apart_from_the_same_data(kept):
    assert kept["data"] == data_checksum("online_retail")
    # Chapter 07 reads the same lines by the same rules.
    other = json.loads((project().evidence / "online_retail_recommendations.json").read_text())["results"]
    assert kept["customers"] == other["customers"]
    assert kept["products"] == other["products"]
    assert {key: kept["rows"][key] for key in other["rows"]} == other["rows"]


@pytest.mark.data
@pytest.mark.skipif(locate("online_retail") is None, reason="Online Retail is absent")
def test_what_takes_no_trees_on_pairs_is_the_same_now(kept):
    """Calendar, outcomes, repeats and the whole first rung, computed again from the data."""
    purchases, dropped = retail_purchases(load_online_retail())
    points, order = decision_points(purchases)
    now = plain({"rows": dropped, **describe_retail(purchases, points)})
    assert disagreement({key: kept[key] for key in now}, now, 1e-9) is None
    # Another release of the boosting library may grow slightly different trees.
    assert disagreement(kept["rungs"]["order"], plain(order), 0.02) is None
