"""Same seed, same bytes; whole or not at all; impossible parameters are refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.simulated_store import digest

from journey.errors import JourneyError
from journey.stores.simulator import DirtRates, ShopParameters, simulate

SMALL = {"users": 300, "items": 60, "days": 20}


class TestReproducibility:
    def test_same_seed_same_bytes_in_any_chunk_size(self, tmp_path: Path) -> None:
        simulate(tmp_path / "one", ShopParameters(**SMALL))
        simulate(tmp_path / "two", ShopParameters(**SMALL))
        simulate(tmp_path / "three", ShopParameters(**SMALL, chunk_users=37))
        assert digest(tmp_path / "one") == digest(tmp_path / "two") == digest(tmp_path / "three")

    def test_another_seed_other_bytes(self, tmp_path: Path) -> None:
        simulate(tmp_path / "one", ShopParameters(**SMALL, seed=1))
        simulate(tmp_path / "two", ShopParameters(**SMALL, seed=2))
        one, two = digest(tmp_path / "one"), digest(tmp_path / "two")
        assert [name for name in one.keys() & two.keys() if one[name] == two[name]] == []

    def test_dirt_leaves_the_people_as_they_are(self, tmp_path: Path) -> None:
        simulate(tmp_path / "dirty", ShopParameters(**SMALL, dirt=DirtRates(bot=0.0)))
        simulate(tmp_path / "clean", ShopParameters(**SMALL, dirt=0))
        dirty, clean = digest(tmp_path / "dirty"), digest(tmp_path / "clean")
        assert dirty["truth/sessions.parquet"] == clean["truth/sessions.parquet"]
        assert pq.read_table(tmp_path / "clean" / "truth" / "dirt.parquet").num_rows == 0

    def test_an_interrupted_run_leaves_the_old_store(self, tmp_path: Path) -> None:
        target = tmp_path / "shop"
        simulate(target, ShopParameters(**SMALL))
        before = digest(target)

        def stop(done: int, total: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            simulate(target, ShopParameters(**SMALL, seed=8), progress=stop)
        assert digest(target) == before
        assert [path.name for path in tmp_path.iterdir()] == ["shop"]

    def test_progress_counts_the_days(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        simulate(tmp_path / "shop", ShopParameters(**SMALL), progress=lambda *step: seen.append(step))
        assert seen == [(day, 20) for day in range(1, 21)]


class TestParameters:
    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"users": 0}, "users is 0"),
            ({"users": 10.5}, "users is 10.5"),
            ({"items": 3}, "items is 3"),
            ({"days": 0}, "days is 0"),
            ({"seed": -1}, "seed is -1"),
            ({"seed": True}, "seed is True"),
            ({"chunk_users": 0}, "chunk_users is 0"),
            ({"start": "2025-01-06"}, "start is '2025-01-06'"),
            ({"start": date(1960, 1, 1)}, "start is datetime.date"),
            ({"dirt": -1}, "dirt is -1"),
            ({"dirt": float("nan")}, "dirt is nan"),
            ({"dirt": 100.0}, "duplicate is 1.2"),
            ({"dirt": "much"}, "dirt is 'much'"),
        ],
    )
    def test_impossible_values(self, wrong: dict, message: str) -> None:
        with pytest.raises(JourneyError, match="give"):
            ShopParameters(**wrong)
        with pytest.raises(JourneyError) as error:
            ShopParameters(**wrong)
        assert message in str(error.value)

    def test_impossible_rate(self) -> None:
        with pytest.raises(JourneyError, match=r"late is 1\.0"):
            DirtRates(late=1.0)

    def test_a_shop_in_which_nothing_happens(self, tmp_path: Path) -> None:
        with pytest.raises(JourneyError, match="users=1, days=1"):
            simulate(tmp_path / "shop", ShopParameters(users=1, days=1))
        assert list(tmp_path.iterdir()) == []
