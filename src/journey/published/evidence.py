"""Results on real data as they were committed; the chapters compute them again where the data are present."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from journey.errors import JourneyError
from journey.paths import project


@cache
def committed(name: str) -> Any:
    """The results of one committed evidence, never computed here.

    Raises
    ------
    JourneyError
        When the file is missing or is not evidence.
    """
    path = project().evidence / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError) as error:
        raise JourneyError(f"{path} holds no results ({error}): restore it from the repository") from error
