"""The one error a user is meant to read."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable


class JourneyError(Exception):
    """Bad input, said in one sentence: what, where, and what to do.

    The command line prints the message and exits with status 2. Raise it before anything is written.
    """


def require(what: str, libraries: Iterable[str], extra: str) -> None:
    """Stop where a library of an extra is not installed.

    Parameters
    ----------
    what
        What needs them, as the sentence begins.

    Raises
    ------
    JourneyError
        Names the first that is missing, and what to run.
    """
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise JourneyError(
                f"{what} needs {library}, which is not installed; run `pip install '.[{extra}]'`"
            )
