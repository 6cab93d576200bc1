"""Assumptions: the file in the repository is sound, and a wrong one is refused."""

import pytest

from journey.assumptions import load_assumptions
from journey.errors import JourneyError
from journey.paths import project


def test_the_project_file_is_sound():
    entries = list(load_assumptions(project().assumptions))
    assert entries
    assert all(entry.why and entry.unit for entry in entries)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[shop", "not valid TOML"),
        ('[shop]\nm = { value = 2.0, low = 0.0, high = 1.0, unit = "x", why = "y" }', "outside its range"),
        ("[shop]\nm = { value = 0.5 }", "lacks low, high, unit, why"),
        ('[shop]\nm = { value = "a", low = 0, high = 1, unit = "x", why = "y" }', "must have numbers"),
        ('[shop]\nm = { value = nan, low = 0, high = 1, unit = "x", why = "y" }', "must have numbers"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path, text, message):
    path = tmp_path / "assumptions.toml"
    path.write_text(text)
    with pytest.raises(JourneyError, match=message):
        load_assumptions(path)


def test_a_missing_file_and_an_unknown_name(tmp_path):
    with pytest.raises(JourneyError, match="is missing"):
        load_assumptions(tmp_path / "assumptions.toml")
    with pytest.raises(JourneyError, match=r"has no 'shop\.luck'"):
        _ = load_assumptions(project().assumptions)["shop.luck"]
