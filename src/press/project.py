"""The project: `_quarto.yml`, `_variables.yml`, its pages, and the metadata that holds for a page."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from press import dialect, mapping
from press.errors import PressError

Meta = dict[str, Any]
_LISTS = {
    "css",
    "bibliography",
    "include-in-header",
    "include-before-body",
    "include-after-body",
    "font-paths",
}
_FILES = _LISTS | {"csl", "template-partials", "theme"}


@dataclass(frozen=True)
class Project:
    """A website project below `root`; `config` is the checked `_quarto.yml`."""

    root: Path
    config: Meta
    variables: Meta
    pages: tuple[str, ...]

    @property
    def output(self) -> Path:
        """Folder of the rendered site."""
        return self.root / self.config["project"].get("output-dir", "_site")

    @property
    def state(self) -> Path:
        """Folder of caches and of everything half-done."""
        return self.root / ".press"

    @property
    def website(self) -> Meta:
        """The `website` settings."""
        return self.config.get("website") or {}

    def formats(self, front: Meta) -> tuple[str, ...]:
        """Output formats of a page: its own, or else those of the project."""
        own = front.get("format") or self.config.get("format") or {"html": None}
        return (own,) if isinstance(own, str) else tuple(own)

    def metadata(self, front: Meta, fmt: str) -> Meta:
        """Everything that holds for a page in one format; the page wins over the project."""
        shared = {key: self.config[key] for key in dialect.HTML | {"theme": {}} if key in self.config}
        merged: Meta = {}
        for layer in (shared, _of(self.config, fmt), front, _of(front, fmt)):
            merged = merge(merged, {key: value for key, value in layer.items() if key != "format"})
        return merged

    def resources(self) -> list[Path]:
        """Files to copy into the site: `resources`, style sheets and the icon."""
        patterns = [pattern.rstrip("/") for pattern in as_list(self.config["project"].get("resources"))]
        named = [path for pattern in patterns for path in self.root.glob(pattern)]
        named += [Path(name) for name in as_list(self.metadata({}, "html").get("css"))]
        named += [
            self.root / name for name in (self.website.get("favicon"), self.website.get("image")) if name
        ]
        found = [file for path in named for file in ([path] if path.is_file() else path.rglob("*"))]
        return [file for file in found if file.is_file()]

    def named_files(self, front: Meta) -> list[Path]:
        """Files that the settings of a page name, such as style sheets, includes and bibliographies."""
        layers = [self.metadata(front, fmt) for fmt in self.formats(front)]
        values: list[Any] = [layer.get(key) for layer in layers for key in _FILES]
        files = []
        while values:
            value = values.pop()
            if isinstance(value, (dict, list)):
                values += value.values() if isinstance(value, dict) else value
            elif isinstance(value, str) and value.startswith("/"):
                files.append(Path(value))
        return files


def _of(meta: Meta, fmt: str) -> Meta:
    formats = meta.get("format")
    options = formats.get(fmt) if isinstance(formats, dict) else None
    return options if isinstance(options, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A value as a list: nothing, one thing or several."""
    return [] if value is None else value if isinstance(value, list) else [value]


def merge(low: Meta, high: Meta) -> Meta:
    """`high` over `low`; mappings merge key by key, lists of files add up."""
    merged = dict(low)
    for key, value in high.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        elif key in _LISTS and key in merged:
            merged[key] = as_list(merged[key]) + as_list(value)
        else:
            merged[key] = value
    return merged


def absolute(meta: Any, base: Path, root: Path, kind: str = "") -> Any:
    """Metadata with every file name resolved against `base` (or `root`, when it starts with a slash)."""
    if isinstance(meta, dict):
        kinds = {key: key if key in _FILES else kind if key != "text" else "" for key in meta}
        return {key: absolute(value, base, root, kinds[key]) for key, value in meta.items()}
    if isinstance(meta, list):
        return [absolute(value, base, root, kind) for value in meta]
    if not kind or not isinstance(meta, str) or (kind == "theme" and not meta.endswith(".scss")):
        return meta
    return str(root / meta.lstrip("/") if meta.startswith("/") else base / meta)


def load(root: Path) -> Project:
    """Read and check the project.

    Raises
    ------
    PressError
        For a missing or foreign `_quarto.yml`, an unknown key, or a `render` list that matches no page.
    """
    file = root / "_quarto.yml"
    if not file.is_file():
        raise PressError("there is no _quarto.yml here; run press in a Quarto project or pass --root", file)
    config, lines = mapping.read(file.read_text("utf-8"), file)
    mapping.check(config, dialect.PROJECT, file, lines, "key")
    kind = (config.get("project") or {}).get("type")
    if kind != "website":
        raise PressError(f"project type {kind!r} is outside the dialect; only 'website'", file)
    named = root / "_variables.yml"
    variables = mapping.read(named.read_text("utf-8"), named)[0] if named.is_file() else {}
    pages = _pages(root, as_list(config["project"].get("render") or ["**/*.qmd"]))
    if not pages:
        raise PressError("project.render matches no page", file, lines.get(("project", "render"), 1))
    return Project(root, absolute(config, root, root), variables, pages)


def _pages(root: Path, patterns: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.startswith("!"):
            dropped = fnmatch.filter(found, pattern[1:])
            found = {page: None for page in found if page not in dropped}
            continue
        for path in sorted(root.glob(pattern)):
            page = path.relative_to(root)
            if path.suffix == ".qmd" and not any(part[0] in "_." for part in page.parts):
                found[page.as_posix()] = None
    return tuple(found)


def lookup(data: Meta, dotted: str) -> Any:
    """The value at a dotted path, or `None`."""
    value: Any = data
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
