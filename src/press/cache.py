"""What is kept between runs: JSON files, and the hashes that tell whether something has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def digest(files: Iterable[Path], values: Any) -> str:
    """Hash of the contents of files and of values that JSON can hold."""
    state = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for file in sorted({path for path in files if path.is_file() and path.suffix != ".pyc"}):
        state.update(f"{file}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return state.hexdigest()


def read(file: Path) -> dict[str, Any]:
    """What was kept; nothing when there is no file."""
    kept: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return kept


def write(file: Path, kept: dict[str, Any]) -> None:
    """Keep something, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(json.dumps(kept, indent=1, sort_keys=True), "utf-8")
    temporary.replace(file)
