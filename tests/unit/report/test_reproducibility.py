"""The page on rebuilding names every committed result, and modules that compute what they are said to."""

from __future__ import annotations

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
from journey.studies.registry import STUDIES, stale


def test_every_committed_result_is_listed_once():
    folder = project().evidence
    rows = evidence_rows(folder)
    assert sorted(rows["name"]) == sorted(path.stem for path in folder.glob("*.json"))
    assert rows["seconds"].is_monotonic_decreasing


def test_every_study_is_listed_with_its_question():
    rows = evidence_rows(project().evidence)
    assert set(rows["name"]) == set(STUDIES)
    assert rows["answers"].str.endswith("?").all()
    assert set(rows["by"]) == {IN_BUILD, ON_REQUEST}


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


def test_every_committed_result_belongs_to_the_current_code():
    assert not stale(project()), "run `journey study --changed` and commit the files"
