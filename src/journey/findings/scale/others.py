"""Findings on what experiments, uplift, pages and the scorer take here and elsewhere."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.report.formats import format_number
from journey.studies.peer_speed.study import NODE, PAGES, SAME
from journey.studies.peer_speed.ways import (
    BOOSTED,
    CURVES,
    EXPERIMENT,
    LOGISTIC,
    SCORES,
    SINGLE_SCORES,
    SINGLE_TESTS,
    TESTS,
    TREES,
)
from journey.studies.registry import kept

#: Comparison -> what is done, what a row is, and what is done in a sentence, in the order of the table.
NAMES = {
    EXPERIMENT: ("Mean, share, ratio and CUPED of an experiment", "users", "an experiment"),
    TESTS: ("t tests from sums, all in one call here", "tests", "many t tests, all in one call here"),
    SINGLE_TESTS: ("t tests from sums, one call each", "tests", "t tests with one call each"),
    TREES: ("Two models of uplift, boosted trees", "people", "two models of uplift"),
    LOGISTIC: ("One model of uplift, logistic regression", "people", "one model of uplift"),
    CURVES: ("Normalised Qini and AUUC", "people", "the areas under curves of uplift"),
    SINGLE_SCORES: ("Scores of the what-if page, one row at a time", "rows", "single scores"),
    SCORES: ("The same scores, all rows in one call there", "rows", "many scores, all in one call there"),
    PAGES: ("Chapters run and rendered", "chapters", "chapters"),
}
#: Way -> how it is called where its name is not that of its library.
CALLED = {BOOSTED: "XGBoost"}
#: Ratios of processor time within which two ways take about as long: processes of a busy machine differ so.
ALIKE = 1.25
SOURCE = "journey.studies.peer_speed.study:measure_peers"


def add_others(desk: Desk) -> None:
    """Save one row a comparison and peer, and register who takes less, and what the text says."""
    found = kept("peer_speed", desk.paths).results
    rows = peer_rows(found)
    desk.save("peers", rows)
    # Renderers do not do the same, so they are not counted.
    times = rows.loc[rows["comparison"] != PAGES, "times"]
    for name, kind, label in (
        ("all", times > 0, "Comparisons with others that do the same"),
        ("less", times > ALIKE, "Of these, ours takes less processor time"),
        ("alike", times.between(1 / ALIKE, ALIKE), "Of these, both take about as much"),
        ("more", times < 1 / ALIKE, "Of these, ours takes more"),
    ):
        _add(desk, f"peers_{name}", int(kind.sum()), "count", label)
    _add(desk, "peers_margin", ALIKE - 1, "share", "What counts as about as much", 0)
    _add(desk, "peers_same", f"{SAME:.0e}", "text", "Largest accepted difference of answers")
    apart = max(run["apart"] or 0.0 for run in found["runs"])
    _add(desk, "peers_apart", f"{apart:.0e}", "text", "Largest difference of answers")
    _add(desk, "peers_load", found["load"], "ratio", "Processes at work on that machine", 0)
    _add(desk, "peers_quicker", quicker(rows), "text", "Which peers take less, and for what")
    _add(desk, "peers_scorer", scorer(found), "text", "Rows a second of the what-if page, and of XGBoost")
    pages = float(rows.loc[rows["comparison"] == PAGES, "times"].iloc[0])
    _add(desk, "peers_pages", pages, "ratio", "nbconvert over the offline renderer, processor time", 1)
    _add(desk, "peers_cells", found["pages"]["cells"], "count", "Cells of tables that both renderers show")


def peer_rows(found: dict[str, Any]) -> pd.DataFrame:
    """One row a comparison and peer.

    Returns
    -------
    DataFrame
        `what` is done; `rows`, with their unit; `peer` with its version; processor seconds of `ours` and
        `theirs`; `times` theirs over ours; the same by the clock in `clock_ours` and `clock_theirs`;
        `comparison` and `way` as the study names them.
    """
    runs = {name: [run for run in found["runs"] if run["comparison"] == name] for name in NAMES}
    rows = [
        {
            "what": NAMES[name][0],
            "rows": f"{first['rows']:,} {NAMES[name][1]}",
            "peer": called(run["way"], found["versions"]),
            "ours": first["processor"],
            "theirs": run["processor"],
            "times": run["processor"] / first["processor"],
            "clock_ours": first["seconds"],
            "clock_theirs": run["seconds"],
            "comparison": name,
            "way": run["way"],
        }
        for name, own in runs.items()
        for first, *others in ([own] if own else [])
        for run in others
    ]
    return pd.DataFrame(rows)


def quicker(rows: pd.DataFrame) -> str:
    """Which peers take less than ours, and how much of our time, in a sentence."""
    fewer = rows[(rows["times"] < 1 / ALIKE) & (rows["comparison"] != PAGES)]
    if fewer.empty:
        return "No peer takes less."
    said = [
        f"{row.peer} for {NAMES[row.comparison][2]} ({format_number(row.times, 'ratio', 2)} times our time)"
        for row in fewer.itertuples()
    ]
    return f"Less time than ours takes {' and '.join(filter(None, (', '.join(said[:-1]), said[-1])))}."


def called(way: str, versions: dict[str, str]) -> str:
    """A peer with its version, such as `tea-tasting 1.14.0, Arrow`."""
    library, comma, rest = way.partition(",")
    return f"{CALLED.get(library, library)} {versions[library]}{comma}{rest}"


def scorer(found: dict[str, Any]) -> str:
    """What the page's script scores a second, and XGBoost, in a sentence; why not, where Node was absent."""
    pace = {
        (run["comparison"], run["way"]): format_number(_two_digits(run["rows"] / run["processor"]), "count")
        for run in found["runs"]
    }
    if found["missing"]:
        return "The in-page scorer was not measured: Node is not installed there."
    return (
        f"The script of the what-if page scores {pace[SCORES, NODE]} rows a second in Node; XGBoost in "
        f"Python scores {pace[SINGLE_SCORES, BOOSTED]} one at a time and {pace[SCORES, BOOSTED]} in one call."
    )


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def _add(desk: Desk, name: str, value: float | str, unit: str, label: str, digits: int | None = None) -> None:
    desk.ledger.add(f"scale.{name}", value, unit, digits=digits, label=label, source=SOURCE)
