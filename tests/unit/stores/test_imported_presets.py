"""The maps that come with the package, on files with the quirks of their sources, made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.imported import import_shop, preset_names, propose_map, read_map
from journey.stores.imported.propose import fitting_preset
from journey.stores.imported.sources import open_source
from journey.stores.schema import validate_store


def bring(folder: Path, log: Path, preset: str) -> dict[str, Any]:
    report = import_shop(str(log), preset, "mine", Paths(folder)).report
    validate_store(folder / "data/stores/mine/raw")
    return dict(report)


def test_every_preset_is_a_map() -> None:
    assert preset_names() == ["ga4", "rees46", "retailrocket", "shopify", "taobao"]
    for name in preset_names():
        mapped, _ = read_map(name)
        assert mapped.kinds() >= {"purchase"}


def test_retailrocket_lists_a_product_once_a_unit(tmp_path: Path) -> None:
    lines = (
        "1433221332117,257597,view,355908,\n1433224214164,257597,addtocart,355908,\n"
        "1433224244164,257597,transaction,355908,4000\n1433224244999,257597,transaction,355908,4000\n"
        "1433224244164,257597,transaction,7,4000\n"
    )
    log = written(tmp_path, lines, header="timestamp,visitorid,event,itemid,transactionid")
    report = bring(tmp_path, log, "retailrocket")
    assert report["time"] == "milliseconds since 1970"
    assert report["orders"] | {} == {
        "lines": 3,
        "orders": 1,
        "moved": 1,
        "split": 0,
        "identical": 0,
        "repeated": 0,
    }
    assert raw(tmp_path, "select count(distinct ts) from events where event_type = 'purchase'") == [(1,)]
    assert raw(tmp_path, "select min(ts)::varchar from events") == [("2015-06-02 05:02:12.117",)]


def test_rees46_has_utc_in_words_and_orders_by_session(tmp_path: Path) -> None:
    header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
    lines = (
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7\n"
        "2019-10-01 00:01:00 UTC,cart,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7\n"
        "2019-10-01 00:02:00 UTC,purchase,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7\n"
        "2019-10-01 00:09:00 UTC,purchase,3900821,20530,appliances.kettle,aqua,33.20,541312140,72d7\n"
        "2019-10-01 02:00:00 UTC,purchase,3900821,20530,appliances.kettle,aqua,33.20,541312140,\n"
    )
    report = bring(tmp_path, written(tmp_path, lines, header=header), "rees46")
    assert report["orders"]["orders"] == 2
    assert report["visits"] == {"own": 1, "own_buying": 1, "without_own": 1}
    assert raw(tmp_path, "select category from items order by item_id") == [
        ("appliances.kettle",),
        ("unknown",),
    ]
    assert report["currency"] == "USD"


def test_taobao_has_no_header_and_the_clock_of_shanghai(tmp_path: Path) -> None:
    lines = (
        "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n1,2333346,2520771,buy,1511561800\n"
        "1,230380,411153,fav,1511644942\n2,230380,411153,pv,1512316800\n3,5,6,pv,-1511561733\n"
    )
    file = tmp_path / "UserBehavior.csv"
    file.write_text(lines + "4,5,6,pv,1511561733\n" * 95, encoding="utf-8")
    report = bring(tmp_path, file, "taobao")
    assert {each["reason"]: each["rows"] for each in report["aside"]} == {
        "ignored": 1,
        "implausible_time": 1,
        "outside_window": 1,
    }
    # 1511544070 is 17:21:10 in Greenwich on the 24th, the day after in Shanghai.
    assert raw(tmp_path, "select min(ts)::varchar from events") == [("2017-11-25 01:21:10",)]
    assert report["visits"]["all"] == 4


def ga4(name: str, micro: int, user: str, *, day: str = "20210131", items: Any = None, **more: Any) -> str:
    """A line of the export; whole numbers are text."""
    return json.dumps(
        {
            "event_date": day,
            "event_timestamp": str(micro),
            "event_name": name,
            "user_pseudo_id": user,
            "event_params": [
                {"key": "page_title", "value": {"string_value": "Home"}},
                {"key": "ga_session_id", "value": {"int_value": "7"}},
            ],
            "items": items or [],
            "device": {"category": "mobile"},
            "geo": {"country": "Spain"},
            "traffic_source": {"medium": "cpc"},
            "ecommerce": {},
            **more,
        }
    )


def product(id: str, price: Any, quantity: str = "1") -> dict[str, Any]:
    return {"item_id": id, "item_name": id, "item_category": "Caps", "price": price, "quantity": quantity}


FIRST = 1612051200000000  # 2021-01-31 00:00:00 UTC


def test_ga4_is_flattened_and_its_sessions_are_unique_within_a_user(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    order = {"transaction_id": "T1", "purchase_revenue": 30.0}
    lines = [
        ga4("page_view", FIRST, "a.1"),
        ga4("view_item", FIRST + 1_000_000, "a.1", items=[product("cap", 10.0)]),
        # sent together at one moment: the batch says which came first
        ga4("add_to_cart", FIRST + 2_000_000, "a.1", items=[product("mug", 5)], batch_event_index="2"),
        ga4("view_item", FIRST + 2_000_000, "a.1", items=[product("mug", 5)], batch_event_index="1"),
        ga4(
            "purchase",
            FIRST + 3_000_000,
            "a.1",
            items=[product("cap", 10.0, "2"), product("mug", "5", "2")],
            ecommerce=order,
        ),
        ga4("view_item", FIRST + 3_000_000, "b.2", items=[product("cap", 10.0)]),
    ]
    (folder / "events_20210131.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = bring(tmp_path, folder, "ga4")
    assert report["kinds"] == {"view": 3, "add_to_cart": 1, "purchase": 2}
    assert report["orders"]["orders"] == 1
    assert report["visits"]["own"] == 2
    assert raw(tmp_path, "select sum(quantity * unit_price) from events where event_type = 'purchase'") == [
        (30.0,)
    ]
    kinds = raw(tmp_path, "select event_type from events where ts::varchar like '%:02' order by event_id")
    assert kinds == [("view",), ("add_to_cart",)]
    assert raw(tmp_path, "select distinct device, channel from events") == [("mobile", "paid_search")]
    assert raw(tmp_path, "select distinct country from users") == [("Spain",)]


def test_a_day_that_ga4_exports_again_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    line = ga4("view_item", FIRST, "a.1", items=[product("cap", 10.0)])
    (folder / "dump1.json").write_text(f"{line}\n{line}\n", encoding="utf-8")
    (folder / "dump2.json").write_text(f"{line}\n", encoding="utf-8")
    report = bring(tmp_path, folder, "ga4")
    assert report["kept"] == 1
    assert report["rows"] == 3
    assert report["aside"][0]["reason"] == "superseded"
    assert report["aside"][0]["rows"] == 2


def test_the_day_that_ga4_gives_checks_the_zone(tmp_path: Path) -> None:
    # Half past midnight in Greenwich is still the evening before in New York, whose day the log gives.
    line = ga4("view_item", FIRST + 1_800_000_000, "a.1", day="20210130", items=[product("cap", 1)])
    log = tmp_path / "events.json"
    log.write_text(line + "\n", encoding="utf-8")
    said = {check["name"]: check["passed"] for check in bring(tmp_path, log, "ga4")["checks"]}
    assert said["Rows whose day is the one that the log gives"] is False
    text = read_map("ga4")[1].replace('shop_zone = "UTC"', 'shop_zone = "America/New_York"')
    said = {check["name"]: check["passed"] for check in brought(tmp_path, log, text)["checks"]}
    assert said["Rows whose day is the one that the log gives"] is True
    assert raw(tmp_path, "select ts::date::varchar from events") == [("2021-01-30",)]


def test_shopify_writes_time_and_customer_on_the_first_line_of_an_order(tmp_path: Path) -> None:
    header = "Name,Email,Financial Status,Paid at,Created at,"
    header += "Lineitem quantity,Lineitem name,Lineitem price,Shipping Country"
    lines = (
        "#1001,ann@example.org,paid,2024-05-01 12:00:00 +0200,2024-05-01 11:59:00 +0200,1,Cap,19.90,DE\n"
        "#1001,,,,,2,Mug,5.00,\n"
        "#1002,,paid,2024-05-02 12:00:00 +0200,2024-05-02 11:59:00 +0200,1,Cap,19.90,DE\n"
    )
    report = bring(tmp_path, written(tmp_path, lines, header=header), "shopify")
    assert report["orders"]["lines"] == 2
    assert {each["reason"]: each["rows"] for each in report["aside"]} == {"no_user": 1}
    rows = raw(tmp_path, "select ts::varchar, sum(quantity * unit_price) from events group by 1")
    assert rows == [("2024-05-01 09:59:00", 29.9)]


def test_a_preset_is_told_by_its_columns(tmp_path: Path) -> None:
    log = written(tmp_path, "1,2,view,3,\n", header="timestamp,visitorid,event,itemid,transactionid")
    assert fitting_preset(open_source((log,))) == "retailrocket"
    said = propose_map(str(log), tmp_path / "out.toml")
    assert "preset retailrocket" in said[0]


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    with pytest.raises(JourneyError, match="Did you mean 'shopify'"):
        read_map("shopfy")


def test_a_proposal_names_its_evidence_and_can_be_imported(tmp_path: Path) -> None:
    header = HEADER.replace("time", "When it was").replace("user", "Customer ID")
    log = written(tmp_path, GOOD, header=header)
    said = propose_map(str(log), tmp_path / "out.toml")
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert 'time = "When it was"' in text
    assert "told by its contents" in text
    assert '"cart" 1' in text
    assert 'purchase = ["buy"]' in text
    assert "? the times have no offset from UTC" in text
    assert "the zone of the times" in said[-1]
    assert import_shop(str(log), tmp_path / "out.toml", "mine", Paths(tmp_path)).report["kept"] == 6


@pytest.mark.parametrize(
    ("day", "pattern", "open_point"),
    [("25.03.2025", "%d.%m.%Y %H:%M:%S", False), ("03/04/2025", "%d/%m/%Y %H:%M:%S", True)],
)
def test_a_proposal_writes_the_pattern_of_times_that_it_finds(
    tmp_path: Path, day: str, pattern: str, open_point: bool
) -> None:
    lines = GOOD.replace("2025-03-01", day).replace("2025-03-02", day)
    log = written(tmp_path, lines, header=f"202511,{HEADER}".replace("time", "Zeitpunkt"))
    log.write_text(log.read_text(encoding="utf-8").replace(f"\n{day}", f"\n202511,{day}"), encoding="utf-8")
    said = propose_map(str(log), tmp_path / "out.toml")
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert 'time = "Zeitpunkt"' in text
    assert f'format = "{pattern}"' in text
    assert ("how times are written" in said[-1]) is open_point
    assert "the zone of the times" in said[-1]
    assert import_shop(str(log), tmp_path / "out.toml", "mine", Paths(tmp_path)).report["kept"] == 6


def test_a_proposal_marks_what_it_cannot_tell(tmp_path: Path) -> None:
    log = written(tmp_path, "2025-03-01 10:00:00,anna,flurb,x\n", header="t,who,what,which")
    said = propose_map(str(log), tmp_path / "out.toml")
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert "# ? not found: who did it" in text
    assert "user (who did it)" in said[-1]
    with pytest.raises(JourneyError, match="lacks user"):
        import_shop(str(log), tmp_path / "out.toml", "mine", Paths(tmp_path))


def test_a_proposal_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(JourneyError, match="not valid TOML"):
        propose_map(str(written(tmp_path)), tmp_path / "out.toml")


def test_exposures_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "seen.csv"
    file.write_text(
        "who,test,arm\nanna,banner,A\nben,banner,B\nanna,banner,A\nstranger,banner,B\n", encoding="utf-8"
    )
    text = (
        MAP
        + f"""
[exposures]
file = "{file}"
user = "who"
experiment = "test"
variant = "arm"
control = "A"
"""
    )
    brought(tmp_path, written(tmp_path), text)
    rows = raw(tmp_path, "select user_id, variant, ts::varchar from exposures order by user_id")
    assert rows == [(1, "control", "2025-03-01 10:00:00"), (2, "treatment", "2025-03-01 11:00:00")]
    validate_store(tmp_path / "data/stores/mine/raw")
    with pytest.raises(JourneyError, match="there must be two"):
        brought(tmp_path, written(tmp_path), text.replace('control = "A"', 'control = "C"'))
