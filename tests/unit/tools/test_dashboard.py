"""The dashboard's totals are those of the warehouse, of the ledger and of the page, for every filter."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from support.places import ROOT
from support.query_recount import Shop
from support.twins import apart, in_node, needs_node

from journey.findings.tools.dashboard import DIMENSIONS, DROPS, HELPED, MONEY, STEPS, totals
from journey.paths import Paths
from journey.report.ledger import Numbers
from journey.warehouse.query import query

PATHS = Paths(ROOT)
FILE = PATHS.results / "tools" / "page" / "dashboard.json"
SESSIONS = """
select session_start, device, channel, country, n_views, has_cart, has_checkout, converted, revenue
from marts.sessions
"""


@pytest.fixture(scope="module")
def file() -> dict:
    if not FILE.is_file():
        pytest.skip("needs a build: make site")
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sessions(file: dict) -> pd.DataFrame:
    """One row a session, straight from the marts."""
    with duckdb.connect(str(PATHS.warehouse("simulated")), read_only=True) as connection:
        frame = connection.execute(SESSIONS).df()
    start = frame["session_start"].dt.normalize()
    return frame.assign(week=start - pd.to_timedelta(start.dt.day_of_week, unit="D"))


@pytest.fixture(scope="module")
def predictions(file: dict) -> pd.DataFrame:
    """One row a session of the test period after its third event."""
    frame = pd.read_csv(
        PATHS.results / "predictions" / "conversion_predictions.csv", parse_dates=["decided_at"]
    )
    frame = frame[frame["decision"].eq("after_3_events")]
    day = frame["decided_at"].dt.normalize()
    return frame.assign(week=day - pd.to_timedelta(day.dt.day_of_week, unit="D"))


def choices(file: dict) -> Iterator[dict[str, str]]:
    """No filter, each value of each dimension, each week, all pairs of two filters, and some periods."""
    values = {name: file["dimensions"][name] for name in DIMENSIONS}
    yield {}
    for name in DIMENSIONS[1:]:
        yield from ({name: value} for value in values[name])
    yield from ({"from": week, "to": week} for week in values["week"])
    for one, two in itertools.combinations(DIMENSIONS[1:], 2):
        yield from ({one: a, two: b} for a in values[one] for b in values[two])
    yield {"from": values["week"][3], "to": values["week"][7], "device": "mobile"}
    yield {"from": values["week"][-3], "device": values["device"][0], "country": values["country"][-1]}


def chosen(frame: pd.DataFrame, choice: dict[str, str]) -> pd.DataFrame:
    for name, value in choice.items():
        if name == "from":
            frame = frame[frame["week"] >= pd.Timestamp(value)]
        elif name == "to":
            frame = frame[frame["week"] <= pd.Timestamp(value)]
        else:
            frame = frame[frame[name].eq(value)]
    return frame


def test_every_filter_counts_what_the_warehouse_holds(file, sessions):
    for choice in choices(file):
        mine, found = chosen(sessions, choice), totals(file, choice)["funnel"]
        counted = {
            "sessions": len(mine),
            "view_sessions": (mine["n_views"] > 0).sum(),
            "cart_sessions": mine["has_cart"].sum(),
            "checkout_sessions": (mine["has_cart"] & mine["has_checkout"]).sum(),
            "conversions": mine["converted"].sum(),
        }
        assert {name: found[name] for name in counted} == counted, choice
        assert found["revenue"] / MONEY == pytest.approx(mine["revenue"].sum(), abs=0.2), choice


def test_the_query_counts_what_clean_events_give(file):
    with duckdb.connect(str(PATHS.warehouse("simulated")), read_only=True) as connection:
        found = query("dashboard_cube", connection)
        sessions = Shop(connection).sessions
    by = list(DIMENSIONS)
    flags = sessions.assign(
        sessions=1,
        view_sessions=sessions["view"] > 0,
        cart_sessions=sessions["add_to_cart"] > 0,
        checkout_sessions=(sessions["add_to_cart"] > 0) & (sessions["checkout"] > 0),
        conversions=sessions["bought"],
    )
    counted = flags.groupby(by, as_index=False)[[*STEPS, "revenue"]].sum()
    assert found[by].astype(str).equals(counted[by].astype(str))
    assert (found[list(STEPS)].to_numpy() == counted[list(STEPS)].to_numpy()).all()
    assert (found["revenue"] - counted["revenue"]).abs().max() < 1e-6


def test_no_filter_gives_the_ledger(file):
    funnel = Numbers(PATHS.results / "funnel" / "numbers.json").funnel
    found = totals(file, {})
    assert found["funnel"]["sessions"] == funnel.sessions.value
    assert found["funnel"]["conversions"] / found["funnel"]["sessions"] == pytest.approx(
        funnel.conversion_rate.value
    )
    assert found["funnel"]["revenue"] / MONEY == pytest.approx(funnel.revenue.value, abs=0.2)
    for (_, step), name in zip(DROPS, ("cart", "checkout", "purchase"), strict=True):
        value = getattr(funnel, f"value_{name}").value
        assert found["won"][step] == pytest.approx(value, rel=1e-5), step
    prediction = Numbers(PATHS.results / "prediction" / "numbers.json").prediction
    assert found["gain"] == pytest.approx(prediction.third_value.value, abs=0.05)
    assert sum(segment["sessions"] for segment in found["risk"]) == prediction.third_sessions.value
    assert sum(segment["bought"] for segment in found["risk"]) == prediction.third_buyers.value


def test_every_filter_judges_the_predictions_of_its_sessions(file, predictions):
    start, assumed = file["segments"][HELPED], file["assumptions"]
    for choice in choices(file):
        mine, found = chosen(predictions, choice), totals(file, choice)
        helped = mine[mine["probability"] >= start]
        gains = assumed["lift"] * assumed["margin"] * helped["revenue_after"] - assumed["cost"]
        assert sum(segment["sessions"] for segment in found["risk"]) == len(mine), choice
        assert sum(segment["bought"] for segment in found["risk"]) == mine["bought"].sum(), choice
        assert found["gain"] == pytest.approx(gains.sum(), abs=0.01), choice


def test_weeks_add_up_to_the_period(file):
    found = totals(file, {"device": "mobile"})
    for name in STEPS:
        assert sum(found["weeks"][name]) == found["funnel"][name]
        assert len(found["weeks"][name]) == len(file["dimensions"]["week"])


@needs_node
def test_the_page_adds_up_as_python(file):
    drawn = list(choices(file))
    pages = in_node("dashboard-engine", "totals", drawn, shared=file)
    wrong = [
        (choice, line)
        for choice, page in zip(drawn, pages, strict=True)
        for line in apart(page, totals(file, choice))
    ]
    assert not wrong, f"{len(wrong)} differences, first: {wrong[:3]}"
