"""What each stage read and wrote when it last ran, kept as a file below the root."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from journey.files import write_json
from journey.pipeline.inputs import ABSENT, read_json

#: What the build writes beside the pages for those who read a site otherwise.
OUTLETS = (
    "robots.txt",
    "llms.txt",
    "sitemap.xml",
    "feed.xml",
    "site.webmanifest",
    "assets/card.png",
    "assets/icons/",
)


class State:
    """The record of a build: name of a stage -> digests of its inputs and of its outputs.

    Losing it costs a rebuild, never a wrong result.
    """

    def __init__(self, file: Path, root: Path) -> None:
        self.file = file
        self.root = root
        stored = read_json(file)
        self.stages: dict[str, dict[str, dict[str, str]]] = {
            name: entry for name, entry in stored.items() if isinstance(entry, dict) and "outputs" in entry
        }

    def changes(self, name: str, inputs: dict[str, str]) -> list[str]:
        """Labels of inputs that are not what the stage ran on; all when it never ran."""
        known = self.stages.get(name, {}).get("inputs", {})
        return sorted(
            label for label in known.keys() | inputs.keys() if known.get(label) != inputs.get(label)
        )

    def damages(self, name: str) -> list[str]:
        """Outputs that are not as the stage left them."""
        outputs = self.stages.get(name, {}).get("outputs", {})
        return sorted(label for label, kept in outputs.items() if file_digest(self.root / label) != kept)

    def record(self, name: str, inputs: dict[str, str], written: Iterable[Path]) -> None:
        """Write down a finished stage; what it made earlier and does not make any more goes."""
        outputs = {file.relative_to(self.root).as_posix(): file_digest(file) for file in written}
        before = self.stages.get(name, {}).get("outputs", {})
        of_others = {
            label for other, entry in self.stages.items() if other != name for label in entry["outputs"]
        }
        for label in before.keys() - outputs.keys() - of_others:
            (self.root / label).unlink(missing_ok=True)
        self.stages[name] = {"inputs": inputs, "outputs": outputs}
        self.save()

    def drop(self, name: str) -> None:
        """Forget what a stage ran on, so that it counts as out of date; its outputs stay known."""
        if name in self.stages:
            self.stages[name]["inputs"] = {}
            self.save()

    def save(self) -> None:
        """Write the file in one step."""
        write_json(self.file, self.stages)


class Written:
    """The files that are written from now on below the folders that stages write to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.before = {file: self.identity(file) for file in self.files()}

    def files(self) -> Iterator[Path]:
        """Every file that a stage may have written; none of them is a source."""
        for folder in ("data/raw", "data/processed", "data/results", "assets/vendor", "assets/icons"):
            yield from (file for file in (self.root / folder).rglob("*") if file.is_file())
        yield from (self.root / "chapters").rglob("*.ipynb")
        # A store's folder is replaced as a whole when its log is imported again.
        for name in ("results/**/*", "numbers.json"):
            yield from (file for file in self.root.glob(f"data/stores/*/{name}") if file.is_file())
        for name in ("numbers.json", *OUTLETS):
            yield from (file for file in self.root.glob(name) if file.is_file())

    @staticmethod
    def identity(file: Path) -> tuple[int, ...]:
        """What becomes another whenever a file is replaced, even by the same bytes."""
        known = file.stat()
        return known.st_ino, known.st_mtime_ns, known.st_ctime_ns, known.st_size

    def since(self) -> list[Path]:
        """What was written; the build's own records are left out."""
        return [
            file
            for file in self.files()
            if file.name[0] != "." and self.before.get(file) != self.identity(file)
        ]


def file_digest(file: Path) -> str:
    """Digest of a file as it is on disk."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:20]
    except OSError:
        return ABSENT
