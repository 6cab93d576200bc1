"""The page on rebuilding names every committed result, and modules that compute what they are said to."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.paths import project
from journey.report.reproducibility import (
    IN_BUILD,
    ON_REQUEST,
    dataset_rows,
    evidence_rows,
    settings_rows,
)


def test_every_committed_result_is_listed_once():
    folder = project().evidence
    rows = evidence_rows(folder)
    assert sorted(rows["name"]) == sorted(path.stem for path in folder.glob("*.json"))
    assert rows["seconds"].is_monotonic_decreasing


def test_a_result_without_data_has_a_module_of_its_own():
    rows = evidence_rows(project().evidence)
    assert set(rows.loc[rows["data"].isna(), "by"]) <= set(ON_REQUEST.values())
    assert set(ON_REQUEST) <= set(rows["name"])


@pytest.mark.parametrize(("name", "module"), ON_REQUEST.items())
def test_the_module_says_how_to_run_it(name: str, module: str):
    file = importlib.import_module(module).__file__
    assert file
    text = Path(file).read_text(encoding="utf-8")
    assert name in text
    assert '__name__ == "__main__"' in text or "def main()" in text


def test_settings_are_those_of_the_store(tmp_path: Path):
    manifest = tmp_path / "manifest.json"
    parameters = {"users": 12_000, "start": "2025-01-06", "dirt": {"bot": 0.002, "type_change": True}}
    manifest.write_text(json.dumps({"parameters": parameters}), encoding="utf-8")
    rows = settings_rows(manifest).set_index("setting")["value"]
    assert rows.to_dict() == {
        "users": "12,000",
        "start": "2025-01-06",
        "dirt: bot": "0.2%",
        "dirt: type change": "yes",
    }
    with pytest.raises(JourneyError, match=r"gone\.json: no settings"):
        settings_rows(tmp_path / "gone.json")


def test_data_sets_have_home_licence_and_rows():
    rows = dataset_rows(project().datasets)
    assert rows["licence"].str.len().gt(0).all()
    assert rows["rows"].notna().all()
    assert {home[:8] for _, home in rows["title"]} == {"https://"}
    assert IN_BUILD not in set(rows["name"])
