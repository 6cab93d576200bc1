"""The one error a reader of a build log is meant to see."""

from __future__ import annotations

from pathlib import Path


class PressError(Exception):
    """Something the renderer cannot or will not do, with the place where it stands.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    file
        The file that has to change; `None` when the fault is not in a file.
    line
        Its line, counted from 1, or text by which to find the line.
    detail
        More lines for the log, such as a failing cell with its traceback.
    """

    def __init__(self, message: str, file: Path | None = None, line: int | str = 1, detail: str = "") -> None:
        if file and isinstance(line, str):
            lines = enumerate(file.read_text("utf-8").splitlines(), 1)
            line = next((number for number, text in lines if line in text), 1)
        place = f"{file}:{line}: " if file else ""
        super().__init__(place + message + (f"\n{detail}" if detail else ""))
