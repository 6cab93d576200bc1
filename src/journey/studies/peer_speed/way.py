"""What a way to do a compared thing is, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from journey.inference.arrays import Floats

SEED = 7
#: Does the work once. One row a kind of answer: what is compared stands in the same row.
Once = Callable[[], Floats]


def timed(once: Once, repeats: int) -> tuple[Floats, dict[str, list[float]]]:
    """The answers, and `seconds` by the clock and of the `processor` (all threads) of every repetition."""
    seconds, processor = [], []
    for _ in range(repeats):
        start, before = time.perf_counter(), time.process_time()
        answers = once()
        processor.append(time.process_time() - before)
        seconds.append(time.perf_counter() - start)
    return answers, {"seconds": seconds, "processor": processor}
