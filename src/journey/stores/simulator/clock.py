"""When the events of a session happen."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from journey.inference.arrays import Ints
from journey.stores.simulator import planted
from journey.stores.simulator.draws import Keys, uniform
from journey.stores.simulator.intent import Sessions
from journey.stores.simulator.path import Paths
from journey.stores.simulator.population import DAY_US


def event_times(sessions: Sessions, paths: Paths, persona: Ints, keys: Keys) -> Ints:
    """Microseconds of the window for every event, to the millisecond, increasing within a session.

    Gaps are log-normal around the persona's pace, at least 5 seconds and at most 25 minutes, with a rare
    long pause; lines of one order share their moment. A session that would cross midnight is hurried to end
    before it.
    """
    pace = planted.SECONDS_BETWEEN[persona][paths.session]
    gap = planted.SHORTEST_GAP + pace * np.exp(0.9 * ndtri(uniform(keys, 40)))
    pause = uniform(keys, 41)
    gap = np.where(pause < planted.LONG_PAUSE, 300.0 + pause / planted.LONG_PAUSE * 1200.0, gap)
    gap = np.minimum(gap, planted.LONGEST_GAP)
    first = np.ones(len(gap), dtype=np.bool_)
    first[1:] = paths.session[1:] != paths.session[:-1]
    moving = ~(first | paths.same_moment)
    gap = np.where(moving, gap, 0.0)

    number = len(sessions.user)
    total = np.bincount(paths.session, weights=gap, minlength=number)
    moves = np.bincount(paths.session, weights=moving, minlength=number)
    left = (DAY_US - sessions.start_us % DAY_US) / 1e6 - 1.0
    slack = np.maximum(left - planted.SHORTEST_GAP * moves, 0.0)
    extra = np.maximum(total - planted.SHORTEST_GAP * moves, 1e-9)
    hurry = np.minimum(slack / extra, 1.0)[paths.session]
    gap = np.where(moving, planted.SHORTEST_GAP + (gap - planted.SHORTEST_GAP) * hurry, 0.0)

    passed = np.cumsum(np.floor(gap * 1000).astype(np.int64))
    passed -= passed[np.flatnonzero(first)][paths.session]
    return sessions.start_us[paths.session] + passed * 1000
