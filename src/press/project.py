"""The project: `_quarto.yml`, `_variables.yml`, its pages, and the metadata that holds for a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from press import dialect, mapping
from press.errors import PressError

Meta = dict[str, Any]
# Keys whose values name files. Those of the first kind add up when page and project both give them.
_LISTS = {
    "css",
    "bibliography",
    "include-in-header",
    "include-before-body",
    "include-after-body",
    "font-paths",
}
_FILES = _LISTS | {"template-partials", "theme"}
_NOT_OF_PAGES = {"project", "website", "press", "format"}


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
        own = front.get("format") or self.config.get("format") or "html"
        return (own,) if isinstance(own, str) else tuple(own)

    def metadata(self, front: Meta, fmt: str) -> Meta:
        """Everything that holds for a page in one format; the page wins over the project."""
        merged: Meta = {}
        for layer in (self.config, _of(self.config, fmt), front, _of(front, fmt)):
            merged = _merge(merged, layer)
        return {key: value for key, value in merged.items() if key not in _NOT_OF_PAGES}

    def resources(self) -> list[Path]:
        """Files to copy into the site: `resources`, style sheets and the icon."""
        patterns = [*as_list(self.config["project"].get("resources")), self.website.get("favicon")]
        found = [path for pattern in patterns if pattern for path in self.root.glob(pattern.rstrip("/"))]
        found += [Path(name) for name in as_list(self.metadata({}, "html").get("css"))]
        return [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]

    def named_files(self, front: Meta) -> list[Path]:
        """Files that the settings of a page name, such as style sheets, includes and bibliographies."""
        layers = [self.metadata(front, fmt) for fmt in self.formats(front)]
        return [file for layer in layers for key in _FILES for file in _absolute(layer.get(key))]


def load(root: Path) -> Project:
    """Read and check the project.

    Raises
    ------
    PressError
        For a missing or foreign `_quarto.yml`, an unknown key, or a `render` pattern that matches no page.
    """
    file, named = root / "_quarto.yml", root / "_variables.yml"
    if not file.is_file():
        raise PressError("there is no _quarto.yml here; run press in a Quarto project or pass --root", file)
    config = mapping.read(file.read_text("utf-8"), file, dialect.PROJECT)
    kind = (config.get("project") or {}).get("type")
    if kind != "website":
        raise PressError(f"project type {kind!r} is outside the dialect; only 'website'", file)
    variables = mapping.read(named.read_text("utf-8"), named, dialect.ANY) if named.is_file() else {}
    pages: dict[str, None] = {}
    for pattern in as_list(config["project"].get("render") or "**/*.qmd"):
        found = [path.relative_to(root) for path in sorted(root.glob(pattern)) if path.suffix == ".qmd"]
        if not found:
            raise PressError(f"project.render: {pattern} matches no page", file, pattern)
        pages |= {path.as_posix(): None for path in found if not any(part[0] in "_." for part in path.parts)}
    return Project(root, located(config, root, root), variables, tuple(pages))


def as_list(value: Any) -> list[Any]:
    """A value as a list: nothing, one thing or several."""
    return [] if value is None else value if isinstance(value, list) else [value]


def located(meta: Any, folder: Path, root: Path, names: str = "") -> Any:
    """Metadata with every file name made absolute; it starts from `folder`, or with a slash from `root`.

    `names` is the key above that says what a string names.
    """
    if isinstance(meta, dict):
        kinds = {key: key if key in _FILES else "" if key == "text" else names for key in meta}
        return {key: located(value, folder, root, kinds[key]) for key, value in meta.items()}
    if isinstance(meta, list):
        return [located(value, folder, root, names) for value in meta]
    if not names or not isinstance(meta, str) or (names == "theme" and not meta.endswith(".scss")):
        return meta
    return str(root / meta.lstrip("/") if meta.startswith("/") else folder / meta)


def _absolute(value: Any) -> Iterator[Path]:
    """Every absolute file name in the value of a key that names files."""
    if isinstance(value, (dict, list)):
        for inner in [value[key] for key in value if key != "text"] if isinstance(value, dict) else value:
            yield from _absolute(inner)
    elif isinstance(value, str) and Path(value).is_absolute():
        yield Path(value)


def _of(meta: Meta, fmt: str) -> Meta:
    formats = meta.get("format")
    options = formats.get(fmt) if isinstance(formats, dict) else None
    return options if isinstance(options, dict) else {}


def _merge(low: Meta, high: Meta) -> Meta:
    """`high` over `low`; mappings merge key by key."""
    merged = dict(low)
    for key, value in high.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        elif key in _LISTS and key in merged:
            merged[key] = as_list(merged[key]) + as_list(value)
        else:
            merged[key] = value
    return merged
