"""The SQL library, run in the page: its values are Python's, it asks no other server, and it forgives."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from playwright.sync_api import Browser, Locator, Page, expect
from support.places import SITE
from support.viewing import DESKTOP, PHONE_WIDTH, TOO_WIDE, violations

from journey.report.sqlcells import workbench
from journey.warehouse.query import library, query

pytestmark = pytest.mark.site

LIBRARY = "chapters/appendix/sql-library.html"
#: Milliseconds that the first run may take: the program is 8 MB.
FIRST_RUN = 60_000
#: A query that reads a small table only.
SMALL = "cart_abandonment"
RUN_ALL = """async () => {
  const { run } = await import(new URL("../../assets/tools/sql-engine.js", location).href);
  const found = {};
  for (const section of document.querySelectorAll("section.sql-query")) {
    const sql = section.querySelector("code.sql").textContent;
    found[section.id] = await run(sql, Infinity, () => {}).catch((error) => ({ error: error.message }));
  }
  return JSON.stringify(found);
}"""
WATCH = """addEventListener("securitypolicyviolation", (event) => {
  (window.violations ??= []).push([event.violatedDirective, event.blockedURI]);
});"""


@dataclass
class Opened:
    """The library's page, and what it asked and complained of."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def query(self, name: str) -> Locator:
        return self.page.locator(f"#{anchor(name)}")

    def started(self, name: str = SMALL) -> Locator:
        """A query whose first run has ended."""
        section = self.query(name)
        start = section.get_by_role("button", name="Run and edit")
        if start.count():
            start.press("Enter")
            expect(section.locator(".sql-live table")).to_be_visible(timeout=FIRST_RUN)
        else:
            section.get_by_role("button", name="Reset").press("Enter")
            expect(section.locator(".journey-table")).to_be_visible()
        return section

    def typed(self, section: Locator, sql: str) -> Locator:
        """Put another text into the editor and run it by keyboard."""
        section.locator("textarea").fill(sql)
        section.locator("textarea").press("Control+Enter")
        return section


def anchor(name: str) -> str:
    return "sql-" + name.replace("_", "-")


def loaded(browser: Browser, address: str, **options: Any) -> Iterator[Opened]:
    if not (SITE / "assets" / "vendor" / "duckdb").is_dir():
        reason = (
            "the build could not fetch DuckDB for the page: install npm, and build with the network at hand"
        )
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | options)
    page = context.new_page()
    seen = Opened(page)
    local = (address.removesuffix("project/"), "blob:", "data:")
    context.on("request", lambda asked: asked.url.startswith(local) or seen.foreign.append(asked.url))
    page.on("console", lambda message: message.type == "error" and seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(address + LIBRARY)
    yield seen
    assert seen.foreign == []
    assert page.evaluate("window.violations ?? []") == []
    context.close()


@pytest.fixture
def fresh(browser: Browser, address: str) -> Iterator[Opened]:
    """The page, opened for one test."""
    yield from loaded(browser, address)


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    """The page, opened once for the tests that start DuckDB and leave it as it was."""
    yield from loaded(browser, address)


def agree(mine: pd.Series, theirs: list[Any]) -> np.ndarray:
    """Which values of a column are the same here and there; a day is a moment for pandas."""
    empty = pd.Series(theirs, dtype=object).isna()
    if is_bool_dtype(mine) or not (is_numeric_dtype(mine) or is_datetime64_any_dtype(mine)):
        words = [None if lacking else value for value, lacking in zip(mine, mine.isna(), strict=True)]
        return np.array([a == b for a, b in zip(words, theirs, strict=True)])
    if is_datetime64_any_dtype(mine):
        apart = (mine - pd.to_datetime(pd.Series(theirs, dtype=object), format="ISO8601")).abs()
        return ((apart < pd.Timedelta(1, "ms")) | (mine.isna() & empty)).to_numpy()
    assert {type(value) for value in theirs} <= {int, float, type(None)}
    numbers = np.array(theirs, dtype=float)
    return np.isclose(numbers, mine.astype(float), rtol=1e-9, atol=1e-9, equal_nan=True)


def test_every_query_gives_the_values_of_python(opened: Opened):
    found = json.loads(opened.page.evaluate(RUN_ALL))
    assert set(found) == {anchor(spec.name) for spec in library()}
    compared = 0
    for spec in library():
        result, frame = found[anchor(spec.name)], query(spec.name, workbench())
        assert "error" not in result, (spec.name, result)
        assert result["columns"] == list(frame.columns), spec.name
        assert result["count"] == len(result["rows"]) == len(frame), spec.name
        for column, theirs in zip(frame.columns, zip(*result["rows"], strict=True), strict=True):
            alike = agree(frame[column], list(theirs))
            assert alike.all(), (spec.name, column, frame[column][~alike], np.array(theirs)[~alike])
            compared += len(alike)
    assert compared > 10_000
    assert opened.complaints == []


def test_a_query_is_run_changed_and_put_back(fresh: Opened):
    section = fresh.query(SMALL)
    printed = section.locator(".journey-table")
    expect(printed).to_be_visible()
    fresh.started()
    expect(printed).to_be_hidden()
    first = section.locator("textarea").input_value()
    expect(section.get_by_role("status")).to_contain_text("3 rows in")
    fresh.typed(section, "select session_id, device from marts.sessions")
    expect(section.locator(".sql-live caption")).to_have_text(f"The first 200 of {sessions():,} rows")
    expect(section.locator(".sql-live tbody tr")).to_have_count(200)
    section.get_by_role("button", name="Reset").press("Enter")
    expect(section.locator("textarea")).to_have_value(first)
    expect(printed).to_be_visible()
    assert fresh.complaints == []


def sessions() -> int:
    return workbench().execute("select count(*) from marts.sessions").fetchall()[0][0]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from 'https://elsewhere.test/a.csv'", "reads nothing but the shop's tables"),
        ("select * from 'https://elsewhere.test/a.parquet'", "reads nothing but the shop's tables"),
        ("select * from read_csv('/etc/hostname')", "reads nothing but the shop's tables"),
        ("copy (select 1) to 'a.csv'", "reads nothing but the shop's tables"),
        ("load icu", "reads nothing but the shop's tables"),
        ("set enable_external_access = true", "DuckDB refuses this"),
        ("selec 1", "cannot read this as SQL"),
        ("select * from marts.session", "There is no such table here. There are marts.customers, "),
        ("select nothing from marts.sessions", "There is no such column here"),
    ],
)
def test_what_cannot_be_run_is_explained(opened: Opened, sql: str, message: str):
    section = opened.typed(opened.started(), sql)
    expect(section.get_by_role("alert")).to_contain_text(message)
    expect(section.locator(".sql-live pre")).to_contain_text("Error")


def test_each_run_starts_from_the_same_tables(opened: Opened):
    section = opened.started()
    opened.typed(section, "delete from marts.sessions; select count(*) as n from marts.sessions")
    expect(section.locator(".sql-live tbody")).to_have_text("0")
    opened.typed(section, "select count(*) as n from marts.sessions")
    expect(section.locator(".sql-live tbody")).to_have_text(f"{sessions():,}")
    opened.typed(section, "")
    expect(section.locator(".sql-live")).to_contain_text("The statement returns nothing.")


def test_texts_are_never_read_as_markup(opened: Opened):
    section = opened.typed(opened.started(), "select '<img src=x onerror=alert(1)>' as \"<b>n</b>\"")
    expect(section.locator(".sql-live tbody th")).to_have_text("<img src=x onerror=alert(1)>")
    expect(section.locator(".sql-live thead th")).to_have_text("<b>n</b>")


def test_what_takes_too_long_can_be_stopped(fresh: Opened):
    section = fresh.started()
    fresh.typed(section, "select sum(a.range * b.range) from range(10000000) a, range(1000000) b")
    section.get_by_role("button", name="Stop").press("Enter")
    expect(section.get_by_role("alert")).to_have_text("Stopped.")
    fresh.typed(section, "select 1 + 1 as two")
    expect(section.locator(".sql-live tbody")).to_have_text("2", timeout=FIRST_RUN)


def test_loading_can_be_stopped(fresh: Opened):
    fresh.page.route("**/duckdb-eh.wasm.gz", lambda route: None)
    section = fresh.query(SMALL)
    section.get_by_role("button", name="Run and edit").press("Enter")
    expect(section.get_by_role("status")).to_have_text("Loading DuckDB, once…")
    section.get_by_role("button", name="Stop").press("Enter")
    expect(section.get_by_role("alert")).to_have_text("Stopped.")


def test_values_of_every_kind_are_shown_as_they_are(opened: Opened):
    """Decimals and sums of whole numbers come in 128 bits, times as numbers."""
    shown = {
        "44.99::decimal(10, 2)": "44.99",
        "-0.5::decimal(38, 3)": "\u22120.5",
        "sum(9007199254740991)": "9,007,199,254,740,991",
        "1e-7::double": "0.0000001",
        "7 // 2": "3",
        "date '2025-01-02'": "2025-01-02",
        "timestamp '2025-01-02 03:04:05.25'": "2025-01-02 03:04:05.250",
        "time '12:30:00'": "12:30:00",
        "null::integer": "null",
        "true": "true",
        "'nan'::double": "NaN",
        "[1.5, 2]": "[1.5, 2]",
        "interval 3 days": "an interval: cast it to varchar",
    }
    section = opened.typed(opened.started(), f"select {', '.join(shown)}")
    expect(section.locator(".sql-live tbody :is(th, td)")).to_have_text([*shown.values()])


def test_a_program_that_cannot_be_loaded_is_asked_for_again(fresh: Opened):
    fresh.page.route("**/duckdb-eh.wasm.gz", lambda route: route.abort())
    section = fresh.query(SMALL)
    section.get_by_role("button", name="Run and edit").press("Enter")
    expect(section.get_by_role("alert")).to_contain_text("could not be loaded. Run again")
    fresh.page.unroute("**/duckdb-eh.wasm.gz")
    section.get_by_role("button", name="Run").press("Enter")
    expect(section.locator(".sql-live table")).to_be_visible(timeout=FIRST_RUN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_editor_is_accessible_and_fits_a_phone(browser: Browser, address: str, scheme: str):
    for seen in loaded(browser, address, color_scheme=scheme, viewport={"width": PHONE_WIDTH, "height": 740}):
        section = seen.started()
        assert violations(seen.page, f"#{anchor(SMALL)}") == []
        seen.typed(section, "selec 1")
        expect(section.get_by_role("alert")).to_be_visible()
        assert violations(seen.page, f"#{anchor(SMALL)}") == []
        found = seen.page.evaluate(TOO_WIDE, PHONE_WIDTH)
        assert found["page"] <= PHONE_WIDTH, found
        assert found["elements"] == []


def test_nothing_of_it_is_loaded_before_the_first_run(fresh: Opened):
    asked: list[str] = []
    fresh.page.on("request", lambda request: asked.append(request.url))
    fresh.page.reload(wait_until="networkidle")
    assert not [url for url in asked if "vendor" in url or ".arrow" in url or "sql-page" in url]
    assert fresh.page.get_by_role("button", name="Run and edit").count() == len(library())
