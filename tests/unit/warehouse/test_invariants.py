"""Every rule that ends a build is broken once, and says so."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from support.warehouse_stores import NOON, write_store
from support.warehouse_stores import SMALL_SHOP as ROWS

from journey.errors import JourneyError
from journey.paths import project
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.invariants import INVARIANTS, check_invariants


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("invariants")
    store = write_store(folder / "small", ROWS, text_from=(NOON + timedelta(days=1)).date())
    build_warehouse(store, folder / "small.duckdb", project().sql, features=False)
    return folder / "small.duckdb"


#: what breaks a rule -> the model that is named and a part of the rule
BREAKS = {
    "delete from staging.events where event_id = 1": ("staging.events_removed", "kept once or removed"),
    "delete from staging.events_removed where removal_reason = 'bot'": (
        "staging.events_removed",
        "kept once",
    ),
    "update staging.events set quantity = -1 where event_id = 5": ("staging.events", "positive quantity"),
    "update staging.events set unit_price = null where is_retyped": ("staging.events", "written as text"),
    "update marts.sessions set session_end = session_start + interval 2 days where session_id = 2": (
        "staging.session_starts",
        "between its own start and the next",
    ),
    "update marts.sessions set session_id = 7 where session_id = 3": ("marts.sessions", "numbered from 1"),
    "update marts.sessions set n_events = 9, n_views = n_views + 3 where session_id = 1": (
        "marts.sessions",
        "hold every clean event",
    ),
    "update marts.sessions set n_views = n_views + 1": ("marts.sessions", "counts per event type"),
    "insert into marts.session_funnels select * from marts.session_funnels": (
        "marts.session_funnels",
        "is a key",
    ),
    "delete from marts.session_funnels where session_id = 1": ("marts.session_funnels", "one funnel"),
    "update marts.session_funnels set viewed_at = null where session_id = 1": (
        "marts.session_funnels",
        "steps come in order",
    ),
    "update marts.session_funnels set bought_at = null": ("marts.session_funnels", "exactly if it converted"),
    "update marts.orders set net_revenue = null": ("marts.orders", "unknown in all or in none"),
    "delete from marts.order_lines where item_id = 2": ("marts.order_lines", "one order line"),
    "update marts.order_lines set line_number = 1": ("marts.order_lines", "is a key"),
    "update marts.order_lines set session_id = 2": (
        "marts.order_lines",
        "belongs to a session of the same user",
    ),
    "insert into marts.orders select * from marts.orders": ("marts.orders", "is a key"),
    "update marts.orders set n_lines = 1": ("marts.orders", "every order line"),
    "update marts.orders set net_revenue = net_revenue + 0.02": ("marts.orders", "same to the cent"),
    "insert into marts.customers select * from marts.customers": ("marts.customers", "is a key"),
    "delete from marts.customers where user_id = 2": ("marts.customers", "belongs to a customer"),
    "update marts.customers set n_orders = 2 where user_id = 1": (
        "marts.customers",
        "every session and every order",
    ),
}


@pytest.mark.parametrize("statement", BREAKS)
def test_each_invariant_notices_its_violation(built: Path, tmp_path: Path, statement: str) -> None:
    model, rule = BREAKS[statement]
    target = shutil.copy(built, tmp_path / "broken.duckdb")
    with connect(target, read_only=False) as warehouse:
        assert check_invariants(warehouse, len(ROWS)) == len(INVARIANTS) + 1
        warehouse.execute(statement)
        with pytest.raises(JourneyError, match=rf"^{model}: [\d,]+ violations of '.*{rule}"):
            check_invariants(warehouse, len(ROWS))


def test_every_invariant_has_a_violation_in_these_tests() -> None:
    rules = " ".join(f"{model} {rule}" for model, rule in BREAKS.values())
    untested = [
        i.rule for i in INVARIANTS if not any(i.model == m and r in i.rule for m, r in BREAKS.values())
    ]
    assert not untested, rules
