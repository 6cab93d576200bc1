"""How a command ends early: a signal, or a file that cannot be written."""

from __future__ import annotations

import errno
import os

CANNOT_WRITE = {
    errno.EROFS: "the disk is read-only; work in a copy that you can write to",
    errno.EACCES: "you may not write there; work in a copy that you can write to",
    errno.EPERM: "you may not write there; work in a copy that you can write to",
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your share of the disk is full; free some space and run the same command again",
}


class Stopped(SystemExit):
    """Somebody ended this process by a signal; its code is 128 and the signal's number."""


def stop(number: int, frame: object) -> None:
    """End as an interrupt does, so that nothing half-done stays.

    Raises
    ------
    Stopped
        For every signal, with the code 128 and its number.
    """
    raise Stopped(128 + number)


def unwritten(error: OSError) -> str | None:
    """Why a file cannot be written and what to do, in one sentence; None for any other error."""
    if error.errno not in CANNOT_WRITE:
        return None
    where = error.filename or "a file"
    return f"{where} cannot be written ({os.strerror(error.errno)}): {CANNOT_WRITE[error.errno]}"
