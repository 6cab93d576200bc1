"""Write a file whole or not at all."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; rename it over `target` when the block succeeds.

    Works for a file or a folder. When the block raises, the old target is untouched and the temporary
    path is removed.

    Raises
    ------
    OSError
        When nothing can be made beside `target` or renamed over it; an old folder is then put back.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    temporary = holder / target.name
    try:
        yield temporary
        previous = holder / "previous"
        if target.is_dir():
            target.rename(previous)
        try:
            temporary.replace(target)
        except OSError:
            if previous.exists():
                previous.rename(target)
            raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text in one step."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write sorted, indented JSON in one step; NaN is refused."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_text(target, text + "\n")


def compressed(content: bytes) -> bytes:
    """Bytes as gzip, the same for the same bytes; higher levels save a percent and take thrice as long."""
    return gzip.compress(content, 6, mtime=0)
