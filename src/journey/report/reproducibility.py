"""Tables of the appendix on rebuilding: settings of the shop, committed results, real data sets."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from journey.errors import JourneyError
from journey.report.formats import format_number
from journey.stores.catalog import load_catalog
from journey.studies.registry import known

IN_BUILD, ON_REQUEST = "journey build", "journey study"


def settings_rows(manifest: Path) -> pd.DataFrame:
    """One row a setting of the simulated shop: `setting`, `value`.

    Raises
    ------
    JourneyError
        When the manifest is missing or says nothing of its parameters.
    """
    try:
        made = json.loads(manifest.read_text(encoding="utf-8"))["parameters"]
    except (OSError, ValueError, KeyError) as error:
        raise JourneyError(
            f"{manifest}: no settings of a simulated shop ({error}); run `journey build`"
        ) from error
    dirt = made.pop("dirt")
    rates = {f"dirt: {name.replace('_', ' ')}": _setting(value) for name, value in dirt.items()}
    rows = {name: _setting(value) for name, value in made.items()} | rates
    return pd.DataFrame({"setting": list(rows), "value": list(rows.values())})


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format_number(value, "count")
    return format_number(value, "share", 1) if isinstance(value, float) else str(value)


def evidence_rows(folder: Path) -> pd.DataFrame:
    """One row a committed result, the longest first.

    Returns
    -------
    DataFrame
        `name`, `data` (its data sets; none for a simulation or a published input), `seconds` it took,
        `answers`, `by` (the command that computes it).
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    frame = pd.DataFrame(
        {
            "name": each["name"],
            "answers": known(each["name"]).answers,
            "data": ", ".join(each["data_checksum"]) or None,
            "seconds": each["seconds"],
            "by": IN_BUILD if known(each["name"]).in_build else ON_REQUEST,
        }
        for each in found
    )
    return frame.sort_values(["seconds", "name"], ascending=[False, True], ignore_index=True)


def dataset_rows(catalog: Path) -> pd.DataFrame:
    """One row a real data set.

    Returns
    -------
    DataFrame
        `title` (a pair: text, home page), `name`, `licence`, `rows`.
    """
    return pd.DataFrame(
        {
            "title": (each.title, each.home),
            "name": name,
            "licence": each.licence,
            "rows": sum(file.rows or 0 for file in each.files) or None,
        }
        for name, each in load_catalog(catalog).items()
    )
