"""Cleaning against the truth of the simulated shop: at least 0.99 each way, per kind of dirt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from support.warehouse_stores import event, write_store

from journey.errors import JourneyError
from journey.evaluation.cleaning import NETWORK_SECONDS, TREATMENTS, CleaningQuality, cleaning_quality
from journey.evaluation.truth import read_truth, truth_folder
from journey.paths import project
from journey.stores.simulator import DirtRates, ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

#: SPEC 2.3 and issue 2: precision and recall of cleaning, per kind of dirt
AIM = 0.99
SHOPS = {
    "default": ShopParameters(users=3_000, items=300, seed=7),
    "another seed": ShopParameters(users=5_000, items=300, days=40, seed=2),
    "harsh": ShopParameters(
        users=2_000,
        items=300,
        days=60,
        seed=3,
        dirt=DirtRates(
            duplicate=0.10,
            late=0.08,
            skewed=0.06,
            bot=0.02,
            missing_user=0.05,
            negative_quantity=0.15,
            type_change=True,
        ),
    ),
}


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("cleaning")
    store, target = folder / "shop", folder / "shop.duckdb"
    simulate(store, SHOPS[request.param])
    build_warehouse(store, target, project().sql, features=False)
    return target, store


def test_every_kind_of_dirt_is_found_and_nothing_else(shop: tuple[Path, Path]) -> None:
    quality = cleaning_quality(*shop)
    assert [row.kind for row in quality] == list(TREATMENTS)
    for row in quality:
        assert row.rows_dirty > 0, row.kind
        assert row.precision is not None, row
        assert row.precision >= AIM, row
        assert row.recall is not None, row
        assert row.recall >= AIM, row


def test_what_is_kept_holds_the_true_value(shop: tuple[Path, Path]) -> None:
    for row in cleaning_quality(*shop):
        assert row.share_right is not None, row
        assert row.share_right >= AIM, row
        if row.kind in ("late", "negative_quantity", "type_change"):
            assert row.worst_error == 0.0, row
        if row.kind == "skewed":
            assert row.worst_error is not None
            assert row.worst_error <= NETWORK_SECONDS


def test_counts_are_those_of_the_truth_file(shop: tuple[Path, Path]) -> None:
    target, store = shop
    counted = read_truth(store, "dirt", ["kind"])["kind"].value_counts()
    for row in cleaning_quality(target, store):
        assert row.rows_dirty == counted[row.kind]
        assert row.true_positive <= min(row.rows_dirty, row.rows_flagged)


def test_clean_rows_have_their_true_time_and_quantity(shop: tuple[Path, Path]) -> None:
    target, store = shop
    dirt = read_truth(store, "dirt")
    with connect(target) as warehouse:
        events = warehouse.execute(
            "select event_id, received_ts, ts, user_id, quantity from staging.events"
        ).df()
    told = dirt.drop_duplicates(["event_id", "received_ts"]).merge(events, on=["event_id", "received_ts"])
    assert len(told) > 100
    assert (told["true_user_id"] == told["user_id"]).all()
    assert (told["true_quantity"] == told["quantity"]).all()
    assert ((told["true_ts"] - told["ts"]).abs() <= pd.Timedelta(seconds=NETWORK_SECONDS)).all()


def test_true_sessions_are_found_again(shop: tuple[Path, Path]) -> None:
    target, store = shop
    told = read_truth(store, "events", ["event_id", "true_session_id"])
    with connect(target) as warehouse:
        found = (
            warehouse.execute("select event_id, session_id from staging.events")
            .df()
            .merge(told, on="event_id")
        )
    per_true = found.groupby("true_session_id")["session_id"].nunique()
    per_found = found.groupby("session_id")["true_session_id"].nunique()
    assert (per_true == 1).mean() >= AIM
    assert (per_found == 1).mean() >= AIM


def test_a_mistake_of_staging_shows(shop: tuple[Path, Path], tmp_path: Path) -> None:
    target, store = shop
    spoiled = shutil.copy(target, tmp_path / "spoiled.duckdb")
    with connect(spoiled, read_only=False) as warehouse:
        warehouse.execute("update staging.events set is_late = not is_late where event_id % 2 = 0")
        warehouse.execute("update staging.events set quantity = quantity + 1 where is_negative_quantity")
        quality = {row.kind: row for row in cleaning_quality(warehouse, store)}
    late, negative = quality["late"], quality["negative_quantity"]
    assert late.precision is not None
    assert late.precision < 0.2
    assert late.recall is not None
    assert late.recall < 0.7
    assert (negative.share_right, negative.worst_error) == (0.0, 1.0)
    assert (negative.precision, negative.recall) == (1.0, 1.0)


def test_a_clean_shop_has_nothing_to_judge(tmp_path: Path) -> None:
    store, target = tmp_path / "shop", tmp_path / "shop.duckdb"
    simulate(store, ShopParameters(users=300, items=50, days=14, dirt=0.0))
    summary = build_warehouse(store, target, project().sql, features=False)
    assert summary.raw_rows == summary.clean_rows
    for row in cleaning_quality(target, store):
        assert row == CleaningQuality(row.kind, row.treatment, 0, 0, 0, None, None, 0, 0, None, None)


def test_a_store_without_truth(tmp_path: Path) -> None:
    store = write_store(tmp_path / "small", [event(1)])
    with pytest.raises(JourneyError, match="only the simulated shop knows the truth"):
        truth_folder(store)
    (store / "truth").mkdir()
    assert truth_folder(store) == truth_folder(store / "truth") == store / "truth"
    with pytest.raises(JourneyError, match=r"dirt\.parquet: this truth table is missing"):
        read_truth(store, "dirt")


def test_truth_of_another_run(shop: tuple[Path, Path], tmp_path: Path) -> None:
    store = tmp_path / "other"
    simulate(store, ShopParameters(users=300, items=50, days=14, seed=99))
    with pytest.raises(JourneyError, match=r"[\d,]+ rows are not in the warehouse"):
        cleaning_quality(shop[0], store)


def test_a_kind_of_dirt_that_staging_does_not_know(shop: tuple[Path, Path], tmp_path: Path) -> None:
    target, store = shop
    dirt = read_truth(store, "dirt").head(10).assign(kind="coffee")
    (tmp_path / "truth").mkdir()
    dirt.to_parquet(tmp_path / "truth" / "dirt.parquet")
    with pytest.raises(JourneyError, match="column kind holds 'coffee'"):
        cleaning_quality(target, tmp_path)


def test_a_column_that_the_truth_does_not_have(shop: tuple[Path, Path]) -> None:
    with pytest.raises(JourneyError, match=r"dirt\.parquet: cannot be read"):
        read_truth(shop[1], "dirt", ["no_such_column"])
