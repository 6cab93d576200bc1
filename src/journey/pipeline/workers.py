"""Processes in which stages run beside each other; they end with the build, however it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType

from journey.errors import JourneyError

#: Beyond these, memory is the limit: each may hold a gigabyte.
MOST = 4
#: Seconds between two looks of a worker at whether its build still lives.
LOOK = 1.0


class Workers:
    """A pool of processes that is started with the first task."""

    def __init__(self, number: int | None = None) -> None:
        self.number = min(os.cpu_count() or 1, MOST) if number is None else number
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.pool is None:
            return
        # What runs is of no use any more once something failed, and must not write behind the next build.
        for process in list((self.pool._processes or {}).values()) if error else []:
            process.terminate()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def start(self, task: Callable[[], object]) -> Future[object]:
        """Run a task, a picklable function without arguments, in another process."""
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                self.number, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
            )
        return self.pool.submit(task)

    @staticmethod
    def first(running: set[Future[object]]) -> Future[object]:
        """Wait until one of the tasks is done.

        Raises
        ------
        JourneyError
            When it failed with one, or its process was ended from outside.
        """
        done = next(iter(wait(running, return_when=FIRST_COMPLETED).done))
        try:
            done.result()
        except BrokenProcessPool as error:
            raise JourneyError(
                "a process of the build was ended from outside, perhaps for lack of memory; "
                "run the same command again"
            ) from error
        return done


def _begin(parent: int) -> None:
    """Set up a worker: Ctrl-C is the build's to answer, and nothing outlives the build."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # DuckDB draws bars where the main module has no file, as a prompt has none.
    sys.modules["__main__"].__dict__.setdefault("__file__", __file__)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
