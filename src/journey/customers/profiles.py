"""Names of segments from what sets them apart, by one rule for all segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from journey.errors import JourneyError
from journey.inference.arrays import Floats

#: a mean nearer to that of all than this many standard deviations is no trait
NOTABLE = 0.25


def name_segments(
    centres: Floats, features: Sequence[str], words: Mapping[str, tuple[str, str]], *, traits: int = 2
) -> tuple[str, ...]:
    """Name each segment by the traits in which it is furthest from the mean of all.

    Parameters
    ----------
    centres
        (segments, features) means in standard deviations.
    words
        Feature -> what to call a segment far below the mean in it, and one far above.
    traits
        How many traits a name has; more where two names would be the same.

    Returns
    -------
    tuple of str
        One name a segment, all different. A segment without a notable trait is "average".

    Raises
    ------
    JourneyError
        When a feature has no words.
    """
    if missing := [name for name in features if name not in words]:
        raise JourneyError(f"feature {missing[0]!r} has no words: say what little and much of it are called")
    phrases = []
    for centre in centres:
        order = np.argsort(-np.abs(centre), kind="stable")
        notable = [place for place in order if abs(centre[place]) >= NOTABLE]
        phrases.append([words[features[place]][int(centre[place] > 0)] for place in notable])
    for number in range(traits, len(features) + 1):
        names = [", ".join(each[:number]) or "average" for each in phrases]
        if len(set(names)) == len(names):
            return tuple(names)
    return tuple(f"{name} ({place + 1})" for place, name in enumerate(names))
