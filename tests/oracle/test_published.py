"""Every published figure of the list that the site shows, beside ours.

The figures, their sources and tolerances are in `journey.published` and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from journey.errors import JourneyError
from journey.findings.agreement.collect import collect, like, show_published, tolerance_text
from journey.findings.desk import lay_out
from journey.paths import Paths, project
from journey.published import ENTRIES, TOPICS, Allowance, Published, Source, compare, last_digit, tolerance
from journey.report.ledger import Numbers
from journey.report.results import load_table
from journey.studies.births import birth_effects, load_births
from journey.studies.evidence import disagreement
from journey.studies.registry import kept


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_ours_agrees_or_differs_as_said(entry: Published) -> None:
    found = compare(entry)
    if entry.known is None:
        assert all(found.met), f"ours {found.ours}, published {entry.printed}, tolerance {found.tolerances}"
        return
    # A reason that no longer holds has to go, and a known difference may not grow.
    assert found.verdict == "differs"
    assert found.relative <= entry.known.within


def test_the_list_is_well_formed() -> None:
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)
    assert {entry.topic for entry in ENTRIES} == set(TOPICS)
    for entry in ENTRIES:
        address = urlsplit(entry.source.address)
        assert address.scheme == "https", entry.id
        assert "." in address.netloc, entry.id
        assert entry.known is None or entry.known.why.endswith("."), entry.id


def test_effects_on_birth_weight_are_what_the_code_computes_now() -> None:
    found = kept("birth_weights")
    # 1e-6, the evidence's own: another linear algebra library rounds elsewhere.
    assert disagreement(found.results, birth_effects(load_births()), 1e-6) is None


@pytest.mark.parametrize(
    ("printed", "place"), [("2.014", -3), ("39,906", 0), ("2.0079e-5", -9), ("1.0", -1), ("-0.158", -3)]
)
def test_the_printed_digits_decide_the_tolerance(printed: str, place: int) -> None:
    assert last_digit(printed) == place
    assert tolerance(printed) == pytest.approx(0.501 * 10.0**place)
    assert tolerance(printed, Allowance(0.1, "a share", relative=True)) == pytest.approx(
        0.1 * abs(float(printed.replace(",", "")))
    )


def entry_of(*values: float, printed: tuple[str, ...] = ("1.00",), reach: bool = False) -> Published:
    source = Source("somebody", "https://example.org/")
    return Published("Experiments", "planted", "a figure", source, printed, lambda: values, reach=reach)


def test_a_wrong_value_differs_and_a_score_may_be_passed() -> None:
    assert compare(entry_of(1.004)).verdict == "agrees"
    assert compare(entry_of(1.006)).verdict == "differs"
    assert compare(entry_of(1.006, reach=True)).verdict == "reached"
    assert compare(entry_of(0.99, reach=True)).verdict == "differs"
    both = compare(entry_of(1.0, 2.2, printed=("1.00", "2.0")))
    assert both.met == (True, False)
    assert both.largest == 1
    assert both.relative == pytest.approx(0.1)


def test_too_few_or_infinite_values_are_refused() -> None:
    with pytest.raises(JourneyError, match="1 figures printed, 2 computed"):
        compare(entry_of(1.0, 2.0))
    with pytest.raises(JourneyError, match="not finite"):
        compare(entry_of(float("inf")))
    with pytest.raises(JourneyError, match="is not a published number"):
        last_digit("nan")


@pytest.mark.parametrize(
    ("mine", "printed", "text"),
    [
        (2.00786e-5, "2.0079e-5", "2.00786\u00a0×\u00a010⁻⁵"),
        (-0.157824, "-0.158", "−0.1578"),
        (39906.0, "39,906", "39,906"),
        (39906.5, "39,906", "39,906.5"),
        (-239.6392114643395, "-239.63921146434", "−239.6392115"),
        (0.20590321073, "0.205903211", "0.2059032107"),
        (-1e-9, "0.0000", "0.00000"),
    ],
)
def test_ours_is_written_with_one_digit_more(mine: float, printed: str, text: str) -> None:
    assert like(mine, printed) == text


def test_counts_add_up_and_every_difference_has_its_reason(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "evidence").symlink_to(project().evidence)
    lay_out("agreement", collect, Paths(tmp_path))
    numbers = Numbers(tmp_path / "data/results/agreement/numbers.json").agreement
    assert numbers.rows.value == len(ENTRIES)
    assert numbers.total.value == sum(len(entry.printed) for entry in ENTRIES)
    assert numbers.met.value + numbers.differs.value == numbers.total.value
    assert numbers.direct.value + numbers.elsewhere.value == numbers.total.value
    assert numbers.direct_met.value + numbers.elsewhere_met.value == numbers.met.value
    frame = load_table(Paths(tmp_path), "agreement/published")
    second = frame[frame["source"].str.endswith("†")]
    assert second["figures"].sum() == numbers.elsewhere.value
    assert second["figures_met"].sum() == numbers.elsewhere_met.value
    assert len(frame) == len(ENTRIES)
    assert (frame["why"].notna() == (frame["verdict"] == "differs")).all()
    assert (frame["source"].str.endswith("†").sum()) == sum(not e.source.digits_read for e in ENTRIES)


def test_units_and_sizes_are_written() -> None:
    points = Published(
        "Uplift", "planted", "", Source("", "https://example.org"), ("-0.1", "2"), lambda: 0, unit="pp"
    )
    assert show_published(points) == "−0.1\u202fpp\u00a0/ 2\u202fpp"
    assert tolerance_text(points) == "–"
