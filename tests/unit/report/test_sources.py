"""Every number names a function that exists; links lead to its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from journey.paths import project
from journey.report.ledger import Numbers
from journey.report.results import load_table
from journey.report.sources import code_address, function_places, saved_tables, write_sources

ROOT = project().root


def test_every_number_names_a_function_that_exists():
    names = {number.source for number in Numbers(project().numbers)}
    places = function_places(ROOT / "src", names)
    assert names - places.keys() == set()
    for name, place in places.items():
        file, line = place.split("#L")
        text = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert name.partition(":")[2].split(".")[-1] in text, (name, place)


def test_what_a_package_passes_on_is_found_where_it_is_defined(tmp_path: Path):
    package = tmp_path / "src" / "journey" / "room"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from journey.room.inner import found\n")
    (package / "inner.py").write_text(
        "LIMIT = 3\n\n\ndef found():\n    pass\n\n\nclass A:\n    def one(self):\n        pass\n"
    )
    names = [
        "journey.room:found",
        "journey.room.inner:A.one",
        "journey.room.inner:LIMIT",
        "journey.room:gone",
        "a b",
    ]
    assert function_places(tmp_path / "src", names) == {
        "journey.room:found": "src/journey/room/inner.py#L4",
        "journey.room.inner:A.one": "src/journey/room/inner.py#L9",
        "journey.room.inner:LIMIT": "src/journey/room/inner.py#L1",
    }


def test_a_result_table_names_the_function_that_saves_it():
    tables = saved_tables(ROOT / "src/journey/findings")
    assert tables["causal/effects"] == "journey.findings.causal.collect:add_truth"
    kept = {file.relative_to(project().results) for file in project().results.glob("*/*.parquet")}
    known = {Path(f"{name}.parquet") for name in tables}
    assert len(kept & known) / len(kept) > 0.9
    assert load_table(project(), "causal/effects").head(2).attrs == {"result": "causal/effects"}


@pytest.mark.parametrize(
    ("about", "environment", "address"),
    [
        (None, {}, ""),
        (None, {"GITHUB_REPOSITORY": "a/b"}, "https://github.com/a/b/blob/HEAD/"),
        (
            None,
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "https://host.test", "GITHUB_SHA": "c0ffee"},
            "https://host.test/a/b/blob/c0ffee/",
        ),
        ({"repository": "https://host.test/a/b"}, {}, "https://host.test/a/b/blob/HEAD/"),
        ({"repository": ""}, {"GITHUB_REPOSITORY": "a/b"}, ""),
        ({"repository": "javascript:alert(1)//"}, {}, ""),
    ],
)
def test_the_address_of_the_code(tmp_path: Path, about, environment, address):
    (tmp_path / "data/results").mkdir(parents=True)
    if about is not None:
        (tmp_path / "data/results/about.json").write_text(json.dumps(about))
    assert code_address(tmp_path, environment) == address


def test_it_is_written_for_the_pages(tmp_path: Path):
    write_sources(ROOT, tmp_path, {"GITHUB_REPOSITORY": "a/b"})
    written = json.loads((tmp_path / "sources.json").read_text(encoding="utf-8"))
    assert written.keys() == {"code", "functions", "tables"}
    assert written["tables"].items() >= {("causal/effects", "journey.findings.causal.collect:add_truth")}
    assert written["functions"]["journey.findings.causal.collect:add_truth"].startswith(
        "src/journey/findings"
    )
