"""Properties of the simulator that hold for every shop: exact chain, exact sessions, draws without order."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from journey.stores.schema import validate_store
from journey.stores.simulator import ShopParameters, simulate
from journey.stores.simulator.draws import derive, geometric, normal, pick, root_key, uniform
from journey.stores.simulator.path import BOUGHT, BROWSE, CART, CHECKOUT, FOCUS, LEFT, purchase_chain

SHOPS = st.builds(
    dict,
    users=st.integers(120, 300),
    items=st.integers(16, 90),
    days=st.integers(7, 30),
    seed=st.integers(0, 2**32 - 1),
    start=st.dates(date(2019, 12, 1), date(2024, 3, 1)),
)


class TestChain:
    @given(
        st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20),
        st.lists(st.floats(0.02, 1.0), min_size=4, max_size=4),
    )
    def test_values_solve_the_absorbing_chain(self, start: list[float], shares: list[float]) -> None:
        """Against the linear system of the six-state chain, solved by NumPy for each session."""
        exponents = np.array(shares) / sum(shares)
        chain = purchase_chain(np.array(start), np.tile(exponents, (len(start), 1)))
        for row in range(len(start)):
            jumps = np.zeros((6, 6))
            jumps[BROWSE, FOCUS] = chain.focus[row]
            jumps[FOCUS, CART] = chain.cart[row]
            jumps[CART, CHECKOUT], jumps[CART, FOCUS] = chain.checkout[row], chain.empty[row]
            jumps[CHECKOUT, BOUGHT], jumps[CHECKOUT, CART] = chain.buy[row], chain.back[row]
            jumps[:4, LEFT] = 1.0 - jumps[:4].sum(axis=1)
            assert jumps.min() >= -1e-12
            moving = jumps[:4, :4]
            solved = np.linalg.solve(np.eye(4) - moving, jumps[:4, BOUGHT])
            assert np.allclose(solved, chain.values[row, :4], rtol=1e-9, atol=1e-12)
            assert np.isclose(solved[0], start[row], rtol=1e-9)


class TestDraws:
    @given(st.integers(0, 2**32 - 1), st.integers(0, 50_000))
    @settings(max_examples=25)
    def test_uniform_whatever_the_key(self, seed: int, label: int) -> None:
        keys = derive(root_key(seed, 1), np.arange(4_000))
        assert kstest(uniform(keys, label), "uniform").pvalue > 1e-6
        assert abs(np.corrcoef(uniform(keys, label), uniform(keys, label + 1))[0, 1]) < 0.1

    @given(st.integers(0, 2**32 - 1), st.integers(1, 500))
    @settings(max_examples=25)
    def test_a_draw_does_not_depend_on_the_others(self, seed: int, cut: int) -> None:
        numbers = np.arange(501)
        whole = uniform(derive(root_key(seed, 2), numbers), 3)
        tail = uniform(derive(root_key(seed, 2), numbers[cut:]), 3)
        assert np.array_equal(whole[cut:], tail)

    def test_moments(self) -> None:
        keys = derive(root_key(5, 1), np.arange(200_000))
        assert abs(normal(keys, 0).mean()) < 0.01
        assert abs(normal(keys, 0).std() - 1) < 0.01
        counts = geometric(keys, 1, np.full(200_000, 3.0), 1_000)
        assert abs(counts.mean() / 3.0 - 1) < 0.02

    def test_pick_follows_the_weights(self) -> None:
        draws = (np.arange(1_000) + 0.5) / 1_000
        chosen = pick(np.tile([1.0, 0.0, 3.0], (1_000, 1)), draws)
        assert np.bincount(chosen, minlength=3).tolist() == [250, 0, 750]


class TestShops:
    @given(SHOPS)
    @settings(max_examples=12, deadline=None)
    def test_thirty_minutes_recover_the_sessions(self, sizes: dict) -> None:
        """On a clean store, splitting at 30 idle minutes gives the true sessions, event for event."""
        with tempfile.TemporaryDirectory() as folder:
            shop = Path(folder) / "shop"
            simulate(shop, ShopParameters(**sizes, dirt=0))
            validate_store(shop)
            wrong = duckdb.sql(
                f"""
                with gaps as (
                    select event_id, user_id, ts, true_session_id, start_ts,
                        coalesce(ts - lag(ts) over person > interval 30 minute, true) as starts
                    from '{shop}/events/*/*.parquet' join '{shop}/truth/events.parquet' using (event_id)
                    join (select true_session_id, start_ts from '{shop}/truth/sessions.parquet')
                        using (true_session_id)
                    window person as (partition by user_id order by ts, event_id)
                ),
                numbered as (
                    select *, sum(starts::int) over (partition by user_id order by ts, event_id) as number
                    from gaps
                )
                select count(distinct (user_id, number)) - count(distinct true_session_id),
                    count(distinct (user_id, number, true_session_id)) - count(distinct true_session_id),
                    count(*) filter (starts and ts <> start_ts), count(*) filter (ts::date <> start_ts::date)
                from numbered
                """
            ).fetchall()
            assert wrong == [(0, 0, 0, 0)]

    @given(SHOPS, st.floats(0.0, 15.0))
    @settings(max_examples=8, deadline=None)
    def test_every_dirty_shop_is_a_valid_store(self, sizes: dict, dirt: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shop = Path(folder) / "shop"
            manifest = simulate(shop, ShopParameters(**sizes, dirt=dirt))
            validate_store(shop)
            last = sizes["start"] + timedelta(sizes["days"] + 1)
            assert date.fromisoformat(manifest["partitions"]["last"]) <= last
