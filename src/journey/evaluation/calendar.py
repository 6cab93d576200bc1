"""What the simulator planted in the calendar, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from journey.errors import JourneyError
from journey.evaluation.truth import truth_folder


@dataclass(frozen=True)
class PlantedCalendar:
    """What the simulator planted, and when.

    Attributes
    ----------
    drift_from
        First day of the shift.
    promotion
        Days of the promotion weekend.
    raised
        Channels that the shift makes likelier.
    intent
        What the shift adds to the log-odds of every purchase.
    """

    drift_from: date
    promotion: tuple[date, ...]
    raised: tuple[str, ...]
    intent: float


def planted_calendar(store: Path) -> PlantedCalendar:
    """Read the planted shift and promotion of a simulated store.

    Raises
    ------
    JourneyError
        When the store has no truth or it does not say.
    """
    file = truth_folder(store) / "parameters.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        effects = zip(values["planted"]["channels"], values["planted"]["drift_channel"], strict=True)
        return PlantedCalendar(
            date.fromisoformat(values["drift_from"]),
            tuple(map(date.fromisoformat, values["promotion_days"])),
            tuple(channel for channel, effect in effects if effect > 0),
            float(values["planted"]["drift_intent"]),
        )
    except (OSError, ValueError, KeyError) as error:
        raise JourneyError(
            f"{file}: does not tell the shift ({error}); run `journey simulate` again"
        ) from error
