"""The one error a reader of a build log is meant to see."""

from __future__ import annotations

from pathlib import Path


class PressError(Exception):
    """Something the renderer cannot or will not do, in one sentence, with the place where it stands.

    `line` counts from 1, or is text by which to find the line; `detail` is more lines for the log.
    """

    def __init__(self, message: str, file: Path | None = None, line: int | str = 1, detail: str = "") -> None:
        if file and isinstance(line, str):
            lines = enumerate(file.read_text("utf-8").splitlines(), 1)
            line = next((number for number, text in lines if line in text), 1)
        place = f"{file}:{line}: " if file else ""
        super().__init__(place + message + (f"\n{detail}" if detail else ""))
