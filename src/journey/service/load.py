"""Read the landed models of one decision from the files that a build writes."""

from __future__ import annotations

from pathlib import Path

from journey.errors import JourneyError
from journey.features import DECISIONS
from journey.models.landed import Landed, read_landed

PARTS = ("landed", "logistic", "xgboost")


def load_landed(folder: Path, decision: str) -> Landed:
    """The models of a decision.

    Parameters
    ----------
    folder
        With `<decision>_landed.json`, `_logistic.json` and `_xgboost.json`; a build writes it to
        data/results/models.
    decision
        `session_start`, `after_3_events` or `first_cart`.

    Raises
    ------
    JourneyError
        For an unknown decision, or a file that is missing, damaged or of other models.
    """
    if decision not in DECISIONS:
        raise JourneyError(f"unknown decision {decision!r}; decisions are {', '.join(DECISIONS)}")
    files = [folder / f"{decision}_{part}.json" for part in PARTS]
    if missing := next((file for file in files if not file.is_file()), None):
        raise JourneyError(f"{missing} is missing: run `journey build prediction` to make the models")
    landed, *parts = (file.read_bytes() for file in files)
    try:
        return read_landed(landed, dict(zip(PARTS[1:], parts, strict=True)))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
        raise JourneyError(
            f"{folder}: the models of {decision} cannot be read ({reason}); run `journey build prediction`"
        ) from error
