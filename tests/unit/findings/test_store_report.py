"""The report of an imported store: an independent count agrees, every page runs, no other shop is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.foreign_logs import HEADER, MAP, brought, written
from support.foreign_reports import ROOT, found

from journey.paths import ShopPaths
from journey.pipeline.pages import page_code
from journey.pipeline.shop import TEMPLATE, put_together
from journey.report.ledger import Numbers

TEMPLATE_PAGES = sorted((ROOT / TEMPLATE).rglob("*.qmd"))


def visits(rows: int = 4000) -> pd.DataFrame:
    """Visits that look, sometimes cart and sometimes buy one or two lines, no two rows at one moment."""
    rng = np.random.default_rng(5)
    lines: list[tuple[object, ...]] = []
    start = np.datetime64("2025-01-06T08:00:00")
    for visit in range(rows):
        user = f"u{rng.integers(500)}"
        at = start + np.timedelta64(int(rng.integers(60 * 86400)), "s") + np.timedelta64(visit, "us")
        item = int(rng.integers(80))
        for _step in range(int(rng.integers(1, 6))):
            at += np.timedelta64(int(rng.integers(5, 2400)), "s")
            lines.append((at, user, "view", f"i{item}", "", 1, 5 + item))
        if rng.random() < 0.25:
            lines.append((at + np.timedelta64(20, "s"), user, "cart", f"i{item}", "", 1, 5 + item))
            if rng.random() < 0.5:
                for number, extra in enumerate(range(int(rng.integers(1, 3)))):
                    moment = at + np.timedelta64(60 + number, "s")
                    lines.append(
                        (moment, user, "buy", f"i{(item + extra) % 80}", f"o{visit}", 1 + extra, 5 + item)
                    )
    frame = pd.DataFrame(lines, columns=HEADER.split(","))
    return frame.drop_duplicates(["time", "user"]).sort_values("time", ignore_index=True)


def counted(log: pd.DataFrame, minutes: int = 30) -> dict[str, float]:
    """Visits, conversion, orders and revenue, from the file alone."""
    rows = log.assign(time=pd.to_datetime(log["time"]))
    # All lines of an order happen when its first does.
    buys = rows["event"].eq("buy")
    rows.loc[buys, "time"] = rows[buys].groupby("order")["time"].transform("min")
    rows = rows.sort_values(["user", "time"], kind="stable")
    late = rows.groupby("user")["time"].diff() > pd.Timedelta(minutes=minutes)
    visit = rows["user"] + "/" + late.groupby(rows["user"]).cumsum().astype(str)
    bought = rows["event"].eq("buy")
    return {
        "data.sessions": visit.nunique(),
        "funnel.conversion_rate": visit[bought].nunique() / visit.nunique(),
        "data.orders": rows.loc[bought, "order"].nunique(),
        "funnel.revenue": float((rows["quantity"] * rows["price"])[bought].sum()),
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame, Numbers]:
    folder = tmp_path_factory.mktemp("own")
    log = visits()
    file = written(folder, log.to_csv(index=False, header=False))
    brought(folder, file, MAP + '[rules]\ncurrency = "SEK"\n')
    return folder, log, found(folder)[0]


def test_an_independent_count_agrees(store: tuple[Path, pd.DataFrame, Numbers]) -> None:
    _, log, numbers = store
    for id, value in counted(log).items():
        assert numbers[id].value == pytest.approx(value, rel=1e-9), id
    assert numbers["funnel.agreeing"].value == numbers["funnel.compared"].value == 5


@pytest.mark.parametrize("minutes", [10, 60])
def test_the_maps_own_rule_of_a_visit_reaches_the_report(tmp_path: Path, minutes: int) -> None:
    log = visits()
    rules = f"[rules]\nsession = {minutes}\n"
    brought(tmp_path, written(tmp_path, log.to_csv(index=False, header=False)), MAP + rules)
    numbers, reasons = found(tmp_path, parts=("data", "funnel"))
    for id, value in counted(log, minutes).items():
        assert numbers[id].value == pytest.approx(value, rel=1e-9), id
    assert numbers["funnel.agreeing"].value == numbers["funnel.compared"].value == 5
    assert (
        str(numbers["data.visit_rule"]) == f"A visit ends after more than {minutes} minutes without an event."
    )
    table = pd.read_parquet(tmp_path / "data/stores/mine/results/data/visits.parquet")
    assert list(table["visits"]) == [counted(log, each)["data.sessions"] for each in (minutes, 30)]
    assert "visits" not in reasons["data"]


def test_conversion_by_country_is_that_of_a_count_by_hand(tmp_path: Path) -> None:
    log = visits()
    number = log["user"].str[1:].astype(int)
    land = pd.Series(np.where(number % 3 == 0, "DE", np.where(number % 11 == 1, "", "FR")), log.index)
    text = MAP.replace("[events]", 'country = "land"\n\n[events]')
    lines = log.assign(land=land).to_csv(index=False, header=False)
    brought(tmp_path, written(tmp_path, lines, header=f"{HEADER},land"), text)
    found(tmp_path, parts=("funnel",))
    table = pd.read_parquet(tmp_path / "data/stores/mine/results/funnel/segments.parquet")
    table = table[table["dimension"] == "country"].set_index("segment")
    for name, country in (("FR", "FR"), ("DE", "DE"), ("unknown", "")):
        mine = counted(log[land == country])
        assert table.loc[name, "sessions"] == mine["data.sessions"]
        assert table.loc[name, "conversion"] == pytest.approx(mine["funnel.conversion_rate"], rel=1e-9)
    assert list(table.index) == list(table.sort_values("sessions", ascending=False).index)
    assert (table["low"] < table["conversion"]).all()
    assert (table["conversion"] < table["high"]).all()


def test_sessions_of_the_logs_own_and_users_told_reach_the_report(tmp_path: Path) -> None:
    log = visits().assign(visit=lambda rows: rows["user"] + rows["time"].dt.strftime("%j"))
    users = tmp_path / "users.csv"
    users.write_text("who,land\n" + "".join(f"u{n},DE\n" for n in range(600)), encoding="utf-8")
    text = MAP.replace("[events]", 'session = "visit"\n\n[events]') + '[rules]\nsession = "own"\n'
    text += f'[users]\nfile = "{users}"\nuser = "who"\ncountry = "land"\n'
    header = f"{HEADER},visit"
    brought(tmp_path, written(tmp_path, log.to_csv(index=False, header=False), header=header), text)
    numbers, _ = found(tmp_path, parts=("data", "funnel"))
    assert str(numbers["data.visit_rule"]) == "A visit is a session by the shop's own numbers."
    assert numbers["funnel.agreeing"].value == numbers["funnel.compared"].value == 5
    # A day is one session here, unless an order took the time of its first line over midnight.
    assert numbers["data.sessions"].value <= log["visit"].nunique()
    known = log["user"].nunique()
    assert numbers["data.told_known"].value == known
    assert numbers["data.told_foreign"].value == 600 - known
    columns = pd.read_parquet(tmp_path / "data/stores/mine/results/data/columns.parquet")
    named = ["time", "user", "event", "item", "order", "quantity", "price", "session"]
    assert list(columns["role"]) == [*named, "country of the user"]


def test_orders_without_a_price_are_no_part_of_the_mean_order(tmp_path: Path) -> None:
    log = visits()
    lines = log.index[log["event"] == "buy"]
    log = log.astype({"price": float})
    log.loc[lines[::9], "price"] = np.nan
    brought(tmp_path, written(tmp_path, log.to_csv(index=False, header=False)))
    numbers, reasons = found(tmp_path)
    rows = log[log["event"] == "buy"]
    orders = (
        (rows["quantity"] * rows["price"]).groupby(rows["order"]).agg(lambda money: money.sum(skipna=False))
    )
    assert 0 < orders.isna().sum() < len(orders)
    assert numbers["funnel.average_order_value"].value == pytest.approx(orders.mean())
    assert numbers["funnel.average_order_value"].n == f"{orders.notna().sum():,}"
    assert numbers["funnel.revenue"].value == pytest.approx(orders.sum())
    assert reasons["funnel"]["unpriced"].startswith(
        f"{orders.isna().sum():,} of {len(orders):,} orders have a line without a price"
    )


def test_money_is_in_the_currency_of_the_map(store: tuple[Path, pd.DataFrame, Numbers]) -> None:
    _, _, numbers = store
    assert str(numbers["funnel.average_order_value"]).startswith("SEK ")
    assert not any("€" in number.text for number in numbers)


def test_every_page_runs_and_names_no_other_shop(store: tuple[Path, pd.DataFrame, Numbers]) -> None:
    folder, _, _ = store
    paths = ShopPaths(folder, "mine")
    shutil.copytree(ROOT / TEMPLATE, folder / TEMPLATE)
    shutil.copytree(ROOT / "assets", folder / "assets", ignore=shutil.ignore_patterns("pdf"))
    put_together(paths)
    script = folder / "pages.py"
    codes = [page_code(page) for page in sorted(paths.project.rglob("*.qmd"))]
    script.write_text("\n".join(f"exec({code!r}, {{}})" for code in codes), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=paths.project,
        env=os.environ | {"JOURNEY_ROOT": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "imulated" not in done.stdout
    assert "Persona" not in done.stdout
    for title in (
        "Metrics, with 95% intervals",
        "Every model and rule on the test days",
        "Segments by stated rules",
    ):
        assert title in done.stdout


@pytest.mark.parametrize("page", TEMPLATE_PAGES, ids=[page.stem for page in TEMPLATE_PAGES])
def test_no_page_of_the_template_types_a_result(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "simulated" not in text
    assert "from journey.report.shop import *" in text
