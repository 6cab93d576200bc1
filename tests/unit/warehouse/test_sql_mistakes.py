"""Mistakes put into the SQL are noticed by the recounts: the known ones, a sample, on request all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.sql_judges import FeaturesJudge, MartsJudge, QueryJudge
from support.sql_mistakes import Judge, judged

from journey.files import write_json
from journey.paths import project
from journey.studies.sql_mistakes import OPTION, PARTS, summary
from journey.studies.sql_mutants import mutants

AIM = 0.95
#: The sample takes one in so many.
EVERY = 90
#: Statement, what is right in it, and what passed every test once
KNOWN = [
    (
        "analysis/basic/daily_metrics",
        "sum(net_revenue::decimal(18, 6))",
        "sum(net_revenue::decimal(18, 6)) / 2",
    ),
    ("analysis/intermediate/value_percentiles", "percentile_cont(0.9)", "percentile_cont(0.8)"),
    ("analysis/advanced/exposure_covariates", "sum(sessions.n_carts)", "sum(sessions.n_views)"),
    ("analysis/basic/overall_metrics", "n_events = 1", "n_events = 2"),
    ("analysis/intermediate/user_segment_totals", "sessions.n_events = 1", "sessions.n_events = 2"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judges")


@pytest.fixture(scope="module")
def queries(folder: Path) -> QueryJudge:
    return QueryJudge(folder)


@pytest.mark.parametrize(("name", "right", "wrong"), KNOWN)
def test_known_mistakes_are_noticed(queries: QueryJudge, name: str, right: str, wrong: str) -> None:
    sql = queries.statements()[name]
    assert sql.count(right) == 1, "the line has moved: write it anew here"
    assert not queries.notices(name, sql)
    assert queries.notices(name, sql.replace(right, wrong))


def test_a_sample_is_noticed(queries: QueryJudge, folder: Path) -> None:
    judges: dict[str, Judge] = {"basic": queries, "marts": MartsJudge(folder), "features": FeaturesJudge()}
    tallies = {part: judged(judge, every=EVERY, first=EVERY // 2) for part, judge in judges.items()}
    found = summary({part: tally.as_json() for part, tally in tallies.items()})
    unseen = "\n".join(" | ".join(each.values()) for each in found["unseen"])
    assert found["noticed"] >= AIM * found["tried"], (
        f"of {found['tried']} mistakes these are not noticed:\n{unseen}"
    )


@pytest.mark.parametrize("part", PARTS)
def test_all_mistakes(part: str, folder: Path, request: pytest.FixtureRequest) -> None:
    """Not a test but a long count, which `journey study sql_mistakes` starts."""
    target = request.config.getoption(OPTION)
    if target is None:
        pytest.skip("run `journey study sql_mistakes`")
    judges = {"marts": MartsJudge, "features": lambda _: FeaturesJudge()}
    judge: Judge = judges.get(part, lambda at: QueryJudge(at, part))(folder)
    write_json(Path(target), judged(judge, every=PARTS[part]).as_json())


def test_the_committed_run_tried_what_can_be_tried() -> None:
    kept = json.loads((project().evidence / "sql_mistakes.json").read_text(encoding="utf-8"))["results"]
    assert kept["tried"] > 3000


def test_the_committed_run_reached_the_aim() -> None:
    kept = json.loads((project().evidence / "sql_mistakes.json").read_text(encoding="utf-8"))["results"]
    assert kept["share"] >= AIM


def test_every_kind_of_mistake_is_made() -> None:
    sql = """
        select distinct a.x, sum(a.y) filter (where a.kind = 'view' and not a.z) as total, 'no' as label
        from a left join b on a.x = b.x where a.y < 0.9 group by a.x order by total desc
    """
    found = {(m.kind, m.before, m.after) for alternatives in mutants(sql) for m in alternatives}
    assert {
        ("function", "SUM(a.y)", "AVG(a.y)"),
        ("bound", "a.y < 0.9", "a.y <= 0.9"),
        ("constant", "0.9", "0.8"),
        ("column", "a.y", "a.z"),
        ("order", "total DESC", "total ASC"),
        ("boolean", "NOT a.z", "a.z"),
        ("boolean", "a.kind = 'view' AND NOT a.z", "a.kind = 'view' OR NOT a.z"),
    } <= found
    assert {kind for kind, *_ in found} >= {"join", "distinct"}
    assert not any("z" in after for kind, before, after in found if kind == "column" and before == "b.x")
