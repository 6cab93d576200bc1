"""What a map says of sessions and users, from the log to the warehouse, held against counts of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.findings.store.funnel import recounted
from journey.paths import project
from journey.stores.schema import validate_store
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query
from journey.warehouse.session_rule import models_for

NUMBERED = MAP.replace("[events]", 'session = "visit"\n\n[events]')


def visiting(rows: int = 3000, *, seed: int = 3) -> pd.DataFrame:
    """Events of users 1 to 90 minutes apart; some in a second browser, some without a number."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"user": [f"u{n}" for n in rng.integers(0, 60, rows)]}).sort_values("user")
    waits = rng.choice([1, 4, 14, 15, 16, 29, 30, 31, 59, 60, 61, 90, 700], rows)
    frame["time"] = pd.Timestamp("2025-03-01") + pd.to_timedelta(
        pd.Series(waits).groupby(frame["user"].to_numpy()).cumsum().to_numpy(), "min"
    )
    frame["event"] = rng.choice(["view", "view", "cart", "buy"], rows)
    frame["item"], frame["quantity"], frame["price"] = "shoe", 1, 40
    frame["order"] = [f"o{n}" if kind == "buy" else "" for n, kind in enumerate(frame["event"])]
    spell = (waits > 20).cumsum() // 2
    frame["visit"] = [f"v{n}" if keep else "" for n, keep in zip(spell, rng.random(rows) < 0.9, strict=True)]
    second = rng.random(rows) < 0.1
    frame.loc[second, "visit"] += "b"
    frame.loc[frame["visit"] == "b", "visit"] = ""
    return frame.sort_values(["time", "user"], ignore_index=True)


def sessions(folder: Path, log: pd.DataFrame, rule: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The sessions that the warehouse holds after an import by a rule, and the report of the import."""
    header = f"{HEADER},visit"
    lines = log[header.split(",")].to_csv(index=False, header=False)
    text = NUMBERED + (f"[rules]\nsession = {rule}\n" if rule else "")
    report = brought(folder, written(folder, lines, header=header), text)
    store, target = folder / "data/stores/mine/raw", folder / "mine.duckdb"
    validate_store(store)
    with models_for(store, project().sql) as models:
        build_warehouse(store, target, models, features=False)
    with connect(target) as connection:
        frame = connection.execute(
            "select user_id, session_start, n_events, converted from marts.sessions order by all"
        ).df()
        again = recounted(query("events_to_recount", connection), report["session_rule"], store.parent)
    assert again["sessions"] == len(frame)
    assert again["buying_sessions"] == frame["converted"].sum()
    return frame, report


def by_gap(log: pd.DataFrame, minutes: int) -> pd.Series:
    """The visit of each row, by gaps."""
    rows = log.sort_values(["user", "time"], kind="stable")
    late = rows.groupby("user")["time"].diff() > pd.Timedelta(minutes=minutes)
    return rows["user"] + "/" + late.groupby(rows["user"]).cumsum().astype(str)


def by_number(log: pd.DataFrame) -> int:
    """Stretches of time that numbered and unnumbered visits of a user cover, counted one by one."""
    found = 0
    for _, rows in log.groupby("user"):
        spans = [
            (part["time"].min(), part["time"].max()) for _, part in rows[rows["visit"] != ""].groupby("visit")
        ]
        bare = rows[rows["visit"] == ""].sort_values("time")
        island = (bare["time"].diff() > pd.Timedelta(minutes=30)).cumsum()
        spans += [(part["time"].min(), part["time"].max()) for _, part in bare.groupby(island)]
        end = pd.Timestamp.min
        for start, stop in sorted(spans):
            found += start > end
            end = max(end, stop)
    return found


@pytest.mark.parametrize("minutes", [1, 15, 30, 60, 1440])
def test_a_gap_of_the_maps_own_ends_sessions(tmp_path: Path, minutes: int) -> None:
    log = visiting()
    frame, report = sessions(tmp_path, log, str(minutes))
    visit = by_gap(log, minutes)
    bought = log["event"].eq("buy")
    assert len(frame) == visit.nunique()
    assert frame["converted"].sum() == visit[bought].nunique()
    assert report["session_rule"] == minutes
    assert ("usual" in report["visits"]) is (minutes != 30)
    brought(tmp_path, written(tmp_path), f"{MAP}[rules]\nsession = {minutes}\n")  # also without numbers
    if minutes != 30:
        usual = by_gap(log, 30)
        assert report["visits"]["usual"] == usual.nunique()
        assert report["visits"]["usual_buying"] == usual[bought].nunique()


def test_sessions_of_the_logs_own_numbers(tmp_path: Path) -> None:
    log = visiting()
    frame, report = sessions(tmp_path, log, '"own"')
    numbered = log[log["visit"] != ""]
    said = report["visits"]
    assert len(frame) == by_number(log)
    assert frame["n_events"].sum() == len(log)
    assert said["own"] == len(numbered.groupby(["user", "visit"]))
    assert said["without_own"] == len(log) - len(numbered)
    assert said["usual"] == by_gap(log, 30).nunique()
    assert 0 < said["overlapping"] < said["own"]


def test_own_numbers_that_lie_apart_are_the_sessions(tmp_path: Path) -> None:
    log = visiting()
    log["visit"] = by_gap(log, 45)
    frame, report = sessions(tmp_path, log, '"own"')
    assert len(frame) == report["visits"]["own"] == log["visit"].nunique()
    assert frame["converted"].sum() == report["visits"]["own_buying"]
    assert report["visits"]["overlapping"] == 0


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("0", "session is 0; use minutes"),
        ("true", "session is True"),
        ('"half an hour"', "use minutes from 1 to 1,440"),
        ("1441", "use minutes from 1 to 1,440"),
    ],
)
def test_a_rule_that_is_none_is_refused(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(JourneyError, match=said):
        brought(tmp_path, written(tmp_path), f"{MAP}[rules]\nsession = {rule}\n")


def test_own_sessions_need_their_column(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match=r"needs \[columns\] session"):
        brought(tmp_path, written(tmp_path), f'{MAP}[rules]\nsession = "own"\n')


USERS = """Konto;since;land;alter;geraet;quelle
anna;2025-01-31;DE;34;iPhone;newsletter
ben;2025-03-02;AT;;desktop;(not set)
ben;2020-01-01;CH;50;tablet;email
stranger;2025-01-01;FR;20;mobile;direct
;2025-01-01;FR;20;mobile;direct
"""


def told(folder: Path, text: str = USERS, entries: str = "") -> str:
    (folder / "users.csv").write_text(text, encoding="utf-8")
    return f"""{MAP}
[users]
file = "{folder / "users.csv"}"
user = "Konto"
signup = "since"
country = "land"
age = "alter"
device = "geraet"
channel = "quelle"
{entries}"""


def test_a_file_of_users_tells_what_the_log_does_not(tmp_path: Path) -> None:
    report = brought(
        tmp_path, written(tmp_path, GOOD + "2025-03-02 09:30:00,carl,view,sock,,1,5\n"), told(tmp_path)
    )
    validate_store(tmp_path / "data/stores/mine/raw")
    assert raw(
        tmp_path, "select * exclude (user_id) replace (signup_ts::varchar as signup_ts) from users"
    ) == [
        ("2025-01-31 00:00:00", "DE", "34", "mobile", "email"),
        ("2025-03-02 00:00:00", "AT", "unknown", "desktop", "unknown"),
        (None, "unknown", "unknown", "unknown", "unknown"),
    ]
    assert report["told"] == {"rows": 4, "known": 2, "repeated": 1, "foreign": 1, "late": 1}
    assert not [name for name in report["not_recorded"]["columns"] if name.startswith("users.")]


def test_a_country_of_the_log_stands_where_the_file_has_none(tmp_path: Path) -> None:
    text = told(tmp_path, USERS.replace(";DE;", ";;")).replace("[events]", 'country = "where"\n\n[events]')
    lines = "".join(f"{line},NL\n" for line in GOOD.splitlines())
    brought(tmp_path, written(tmp_path, lines, header=f"{HEADER},where"), text)
    assert raw(tmp_path, "select country from users order by user_id") == [("NL",), ("AT",)]


def test_numbered_users_are_told_too(tmp_path: Path) -> None:
    lines = GOOD.replace("anna", "7").replace("ben", "8")
    brought(
        tmp_path, written(tmp_path, lines), told(tmp_path, USERS.replace("anna", "7").replace("ben", "8"))
    )
    assert raw(tmp_path, "select user_id, country from users order by 1") == [(7, "DE"), (8, "AT")]


@pytest.mark.parametrize(
    ("text", "entries", "said"),
    [
        (USERS.replace("Konto", "account"), "", "no user. Unknown column 'Konto'"),
        (USERS.replace("anna", "x").replace("ben", "y"), "", "none of its 4 rows is a user of the log"),
        (USERS.replace("2025-01-31", "31.01.2025"), "", "column since: 1 of 4 sign-ups cannot be read"),
        (USERS, 'signup_format = "dmy"', "signup_format is 'dmy'"),
        (USERS, 'segment = "x"', "unknown entry 'segment'"),
    ],
)
def test_a_file_of_users_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, entries: str, said: str
) -> None:
    with pytest.raises(JourneyError, match=said):
        brought(tmp_path, written(tmp_path), told(tmp_path, text, entries))
    assert not (tmp_path / "data/stores/mine").exists()


def test_users_without_a_file_or_a_column_are_refused(tmp_path: Path) -> None:
    for entries, said in (
        ('user = "u"', "lacks file"),
        ('file = "u.csv"\nuser = "u"', "names no column but user"),
        ('file = "absent.csv"\nuser = "u"\nage = "a"', "absent.csv does not exist"),
    ):
        with pytest.raises(JourneyError, match=said):
            brought(tmp_path, written(tmp_path), f"{MAP}[users]\n{entries}\n")
