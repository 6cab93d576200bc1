"""Who notices a mistake in the SQL: the recounts of queries, marts and features, on shops made to be awkward.

A judge holds databases that are right. It runs one wrong statement on each, with what follows from it, and
says whether any check fails; the next statement starts from right tables again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import awkward_stores
from support.drawn_shops import shops
from support.features_reference import assert_features_agree, expected_features
from support.features_rules import (
    assert_as_declared,
    assert_three_a_session,
    assert_views_counted,
    shop_of_few,
    views_before,
)
from support.features_shops import Shop as FeatureShop
from support.features_shops import feature_models
from support.features_shops import warehouse as feature_warehouse
from support.partial_stores import partial_stores
from support.query_broken import broken_reconciliation
from support.query_check import EXPECTED, NOTHING, check_numbers, check_result, used_parameters
from support.query_partial import BUILDERS, CHANGED, QUERIES
from support.query_recount import Shop
from support.query_shop import (
    build_awkward_shop,
    build_broken_shop,
    build_idle_shop,
    build_shop,
    build_short_shop,
)
from support.reference_sessions import KEYS, Reference, assert_table_agrees, reference
from support.warehouse_stores import NOON, Row, event, write_store

from journey.errors import JourneyError
from journey.paths import project
from journey.stores.simulator import DirtRates, ShopParameters, simulate
from journey.warehouse.build import FEATURES
from journey.warehouse.connect import connect
from journey.warehouse.invariants import check_invariants
from journey.warehouse.models import Model, in_order, read_models
from journey.warehouse.query import QuerySpec, library, run
from journey.warehouse.raw import create_raw_views

QUERY_SHOPS = {
    "tiny": build_shop,
    "awkward": build_awkward_shop,
    "idle": build_idle_shop,
    "short": build_short_shop,
    **BUILDERS,
    "broken order_lines": partial(build_broken_shop, table="order_lines"),
    "broken orders": partial(build_broken_shop, table="orders"),
    "broken sessions": partial(build_broken_shop, table="sessions"),
}
T = TypeVar("T")
#: A statement that runs so long never ends; a test that waits for it fails.
PATIENCE_S = 20.0
SQL = project().sql
#: Several times the default rates, on a shop that a mart is made of in milliseconds.
HARSH = ShopParameters(
    users=250, items=60, days=40, seed=11,
    dirt=DirtRates(
        duplicate=0.06, late=0.05, skewed=0.04, bot=0.02, missing_user=0.03, negative_quantity=0.08,
        type_change=True,
    ),
)  # fmt: skip


class Refused(Exception):
    """DuckDB does not run the statement: no mistake that could go unnoticed."""


@contextmanager
def impatient(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Stop a statement that never ends."""
    timer = threading.Timer(PATIENCE_S, connection.interrupt)
    timer.start()
    try:
        yield
    except (JourneyError, duckdb.Error) as error:
        # What was stopped is noticed; all else was refused.
        if "interrupt" not in str(error).lower():
            raise Refused from error
        raise AssertionError("it never ends") from error
    finally:
        timer.cancel()


def fails(check: Callable[[], object]) -> bool:
    """Whether a check does not pass."""
    try:
        check()
    except Refused:
        raise
    except Exception:
        return True
    return False


class QueryJudge:
    """The recount of every query, on the hand-made shops."""

    def __init__(self, folder: Path, level: str | None = None) -> None:
        self.specs = {spec.name: spec for spec in library() if level in (None, spec.level)}
        self.shops: list[tuple[duckdb.DuckDBPyConnection, dict[str, pd.DataFrame], bool]] = []
        for name, build in QUERY_SHOPS.items():
            build(folder / f"{name}.duckdb")
            connection = connect(folder / f"{name}.duckdb")
            expected = recounts(name, connection, self.specs)
            self.shops.append((connection, expected, name in NOTHING))

    def statements(self) -> dict[str, str]:
        """Every statement that can be judged, by the name of its file."""
        return {f"analysis/{spec.level}/{name}": spec.sql for name, spec in self.specs.items()}

    def notices(self, name: str, sql: str) -> bool:
        """Whether a wrong statement in place of a query is noticed on any shop."""
        spec = self.specs[name.rpartition("/")[2]]
        return any(fails(lambda each=each: self._check(spec, sql, *each)) for each in self.shops)

    def _check(
        self,
        spec: QuerySpec,
        sql: str,
        connection: duckdb.DuckDBPyConnection,
        expected: dict[str, pd.DataFrame],
        idle: bool,
    ) -> None:
        if spec.name in expected:
            with impatient(connection):
                frame = run(sql, connection, used_parameters(spec, sql))
            check_result(spec, frame, expected[spec.name], idle=idle)
            check_numbers(spec, connection, sql)


def recounts(
    shop: str, connection: duckdb.DuckDBPyConnection, names: Collection[str]
) -> dict[str, pd.DataFrame]:
    """What each query must return in one of the hand-made shops, where that can be counted."""
    counted = Shop(connection)
    asked = QUERIES.get(shop, EXPECTED.keys()) - NOTHING.get(shop, set())
    if shop.startswith("broken") or (shop in CHANGED and "orders_reconciliation" in asked):
        marts = {
            name: connection.execute(f"select * from marts.{name}").df()
            for name in ("order_lines", "orders", "sessions")
        }
        broken = {"orders_reconciliation": broken_reconciliation(counted, marts)}
        return {name: broken[name] for name in names if name in broken}
    return {name: EXPECTED[name](counted) for name in names if name in asked}


@dataclass
class _Built:
    """A database with what it must hold, and the model whose tables are wrong in it, if any."""

    connection: duckdb.DuckDBPyConnection
    expected: Any
    wrong: str | None = None


class _ModelJudge:
    """Runs a wrong model and all that read it."""

    models: list[Model]
    built: list[_Built]

    def statements(self) -> dict[str, str]:
        """Every statement that can be judged, by the name of its file."""
        return {f"{model.name.replace('.', '/')}": model.sql for model in self.models}

    def notices(self, name: str, sql: str) -> bool:
        """Whether a wrong statement in place of a model is noticed on any database."""
        model = next(each for each in self.models if each.name == name.replace("/", "."))
        return any(fails(lambda each=each: self._try(each, replace(model, sql=sql))) for each in self.built)

    def _try(self, built: _Built, wrong: Model) -> None:
        if built.wrong not in (None, wrong.name):
            self._run(built, next(each for each in self.models if each.name == built.wrong))
        built.wrong = wrong.name
        self._run(built, wrong, self.check)
        self.check_whole(built)

    def _run(
        self, built: _Built, first: Model, check: Callable[[_Built, str], None] = lambda *_: None
    ) -> None:
        """Run a model and all that follows from it; `check` each of them as soon as it is made."""
        touched: list[str] = []
        for model in [first, *(each for each in self.models if each.name != first.name)]:
            if model is first or set(model.reads) & set(touched):
                touched.append(model.name)
                with impatient(built.connection):
                    built.connection.execute(model.sql)
                check(built, model.name)

    def check(self, built: _Built, table: str) -> None:
        """Fail where one table is not what it must be."""

    def check_whole(self, built: _Built) -> None:
        """Fail where the database is not what it must be."""


class MartsJudge(_ModelJudge):
    """The warehouse against its twin in pandas, on a simulated shop full of dirt and on drawn stores."""

    def __init__(self, folder: Path, drawn: int = 40) -> None:
        self.models = in_order([*read_models(SQL / "staging"), *read_models(SQL / "marts", skip=FEATURES)])
        simulate(folder / "harsh", HARSH)
        bare = [replace(row, unit_price=None) for row in awkward_stores.BOUGHT_BEFORE_CHECKOUT[0][:3]]
        # The small ones first: what they notice needs no other.
        stores = [prompt_store(folder / "prompt"), *partial_stores(folder)]
        stores.append(write_store(folder / "bare", bare, prices=False))
        stores += [awkward_store(folder / "drawn", drawn), folder / "harsh"]
        self.built = []
        for store in stores:
            connection = duckdb.connect(config={"threads": 1})
            rows = create_raw_views(connection, store)
            connection.execute("create schema staging; create schema marts")
            for model in self.models:
                connection.execute(model.sql)
            built = _Built(connection, (reference(store), rows))
            for model in self.models:
                self.check(built, model.name)
            self.check_whole(built)
            self.built.append(built)

    def check(self, built: _Built, table: str) -> None:
        """A table as the reference has it."""
        expected: Reference = built.expected[0]
        if table in KEYS:
            assert_table_agrees(expected, built.connection, table)

    def check_whole(self, built: _Built) -> None:
        """The rules that end a build."""
        check_invariants(built.connection, built.expected[1])


class FeaturesJudge(_ModelJudge):
    """Decisions and features against plain Python, on drawn shops."""

    def __init__(self, drawn: int = 40) -> None:
        self.models = feature_models()
        self.built = []
        for shop in (shop_of_few(), joined_shops(examples(shops(), drawn))):
            self.built.append(_Built(feature_warehouse(shop), (expected_features(shop), views_before(shop))))
            for model in self.models:
                self.check(self.built[-1], model.name)
            self.check_whole(self.built[-1])

    def check(self, built: _Built, table: str) -> None:
        """A table with the keys and nulls that its head declares."""
        assert_as_declared(next(each for each in self.models if each.name == table), built.connection)

    def check_whole(self, built: _Built) -> None:
        """All decisions and features."""
        features, views = built.expected
        assert_features_agree(features, built.connection)
        assert_three_a_session(built.connection)
        assert_views_counted(views, built.connection)


def examples(strategy: st.SearchStrategy[T], number: int) -> list[T]:
    """The same drawn examples every time."""
    found: list[T] = []

    @settings(
        max_examples=number, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found


def awkward_store(folder: Path, number: int) -> Path:
    """Drawn stores and the known traps as one store: each with users and events of its own."""
    drawn = [rows for rows, _ in examples(awkward_stores.stores(), number)]
    traps = (
        awkward_stores.EXACTLY_HALF_AN_HOUR, awkward_stores.ALL_STEPS_AT_ONE_MOMENT,
        awkward_stores.BOUGHT_BEFORE_CHECKOUT, awkward_stores.COPY_WITH_A_SMALLER_NUMBER,
        awkward_stores.JUST_A_BOT,
    )  # fmt: skip
    rows: list[Row] = []
    for place, store in enumerate([*drawn, *(store for store, _ in traps)], start=1):
        for row in store:
            user = None if row.user_id is None else 100 * place + row.user_id
            rows.append(replace(row, user_id=user, event_id=1_000_000 * place + row.event_id))
    seen = sorted({row.user_id for row in rows if row.user_id is not None})
    exposures = [(user, "free_shipping", ("control", "treatment")[user % 2]) for user in seen[::3]]
    # Some are registered and never came, some came and are not registered.
    users = [*seen[: len(seen) // 2], *range(9_000_000, 9_000_005)]
    midnight = awkward_stores.MIDNIGHT.date()
    return write_store(folder, rows, text_from=midnight, users=users, exposures=exposures)


def prompt_store(folder: Path) -> Path:
    """Rows that arrive at once, one checkout in all, an item in no list, a session without a coupon."""
    first = Row(1, NOON, device="mobile", received_ts=NOON)
    bought = replace(event(4, 2, "purchase"), item_id=3)
    rows = [first, replace(event(2, 0, "add_to_cart"), device="desktop"), event(3, 1, "checkout"), bought]
    rows = [replace(row, received_ts=row.ts) for row in rows]
    rows.append(event(5, 100, user_id=2, discount_pct=None))
    wrong_clock = event(6, 3)
    rows.append(replace(wrong_clock, ts=NOON - timedelta(days=5), received_ts=wrong_clock.ts))
    write_store(folder, rows)
    items = pd.read_parquet(folder / "items.parquet")
    items[items["item_id"] != 3].to_parquet(folder / "items.parquet", index=False)
    return folder


def joined_shops(many: Sequence[FeatureShop]) -> FeatureShop:
    """Drawn shops as one: each with users and events of its own, all with the same items."""
    first = many[0]
    events, users, exposures = [], {}, []
    for place, shop in enumerate(many, start=1):
        events += [
            replace(event, user_id=10 * place + event.user_id, event_id=1000 * place + event.event_id)
            for event in shop.events
        ]
        users |= {10 * place + user: traits for user, traits in shop.users.items()}
        exposures += [(10 * place + user, *rest) for user, *rest in shop.exposures]
    return FeatureShop(tuple(events), first.items, users, tuple(exposures))  # type: ignore[arg-type]
