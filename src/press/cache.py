"""What is kept between runs: the files of every page in the site, and the results of its code."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from press.kernel import Results
from press.source import Cell, Page


@dataclass(frozen=True)
class Done:
    """A rendered page: the key of all it was made from, and its files in the site."""

    key: str
    files: list[str]


def digest(files: Iterable[Path], values: Any) -> str:
    """Hash of the contents of files and of values that JSON can hold."""
    state = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for file in sorted({path for path in files if path.is_file() and path.suffix != ".pyc"}):
        state.update(f"{file}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return state.hexdigest()


def code_key(page: Page, *values: Any) -> str:
    """Hash of the code of a page, in order, and of what else its results rest on."""
    code: list[Any] = [
        [part.code, part.options] if isinstance(part, Cell) else [text for text, _ in part.expressions()]
        for part in page.parts
    ]
    return digest([], [code, *values])


def read_pages(file: Path) -> dict[str, Done]:
    """Rendered pages by path."""
    if not file.is_file():
        return {}
    return {path: Done(**entry) for path, entry in json.loads(file.read_text("utf-8")).items()}


def write_pages(file: Path, pages: dict[str, Done]) -> None:
    """Keep the rendered pages."""
    write(file, json.dumps({path: asdict(done) for path, done in sorted(pages.items())}, indent=1))


def read_results(file: Path, key: str) -> Results | None:
    """Kept results, when they are of this key."""
    kept = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if kept.get("key") != key:
        return None
    return Results({int(number): outputs for number, outputs in kept["outputs"].items()}, kept["inline"])


def write_results(file: Path, key: str, results: Results) -> None:
    """Keep results under their key."""
    write(file, json.dumps({"key": key, **asdict(results)}))


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text, "utf-8")
    temporary.replace(file)


def copy(file: Path, target: Path) -> None:
    """Copy a file unless the same is there already."""
    if not target.exists() or target.read_bytes() != file.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
