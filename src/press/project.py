"""The project: `_quarto.yml`, `_variables.yml`, its pages, and the metadata that holds for a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from press import dialect
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
_NOT_OF_PAGES = {"project", "website", "format"}


@dataclass(frozen=True)
class Project:
    """A website project below `root`; `config` is the checked `_quarto.yml`."""

    root: Path
    config: Meta
    variables: Meta
    pages: list[str]

    @property
    def settings(self) -> Meta:
        """The `project` settings."""
        return self.config["project"]

    @property
    def website(self) -> Meta:
        """The `website` settings."""
        return self.config.get("website") or {}

    @property
    def output(self) -> Path:
        """Folder of the rendered site."""
        return self.root / self.settings.get("output-dir", "_site")

    @property
    def state(self) -> Path:
        """Folder of caches and of everything half-done."""
        return self.root / ".press"

    def formats(self, front: Meta) -> list[str]:
        """Output formats of a page: its own, or else those of the project."""
        return list(_formats(front) or _formats(self.config) or ["html"])

    def metadata(self, front: Meta, fmt: str) -> Meta:
        """Everything that holds for a page in one format; the page wins over the project."""
        merged: Meta = {}
        for layer in (self.config, _formats(self.config).get(fmt), front, _formats(front).get(fmt)):
            merged = _merge(merged, layer or {})
        return {key: value for key, value in merged.items() if key not in _NOT_OF_PAGES}

    def resources(self) -> list[Path]:
        """Files to copy into the site: `resources`, style sheets and the icon."""
        found = [path for it in as_list(self.settings.get("resources")) for path in self.anywhere(it)]
        found += [path for icon in as_list(self.website.get("favicon")) for path in matching(self.root, icon)]
        found += as_list(self.metadata({}, "html").get("css"))
        return [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]

    def anywhere(self, pattern: str) -> list[Path]:
        """What a pattern of `resources` names: at any depth unless it starts with a slash."""
        if pattern.startswith("!"):
            file = self.root / "_quarto.yml"
            raise PressError(
                f"resources: '{pattern}' is outside the dialect; name what to publish", file, pattern
            )
        found = matching(self.root, pattern)
        if pattern.startswith("/"):
            return found
        # Not what is hidden, made or installed.
        tops = [top for top in self.root.iterdir() if top.is_dir() and top.name[0] not in "._"]
        return found + [path for top in tops for path in top.rglob(pattern.rstrip("/"))]


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
    config = dialect.read(file.read_text("utf-8"), file, dialect.PROJECT)
    settings = config.get("project") or {}
    if settings.get("type") != "website":
        kind = settings.get("type")
        raise PressError(f"project type {kind!r} is outside the dialect; only 'website'", file)
    variables = dialect.read(named.read_text("utf-8"), named, dialect.ANY) if named.is_file() else {}
    pages: list[str] = []
    for pattern in as_list(settings.get("render", "**/*.qmd")):
        found = [path.relative_to(root) for path in sorted(matching(root, pattern)) if path.suffix == ".qmd"]
        if not found:
            raise PressError(f"project.render: {pattern} matches no page", file, pattern)
        pages += [path.as_posix() for path in found if not any(part[0] in "_." for part in path.parts)]
    return Project(root, located(config, root, root), variables, list(dict.fromkeys(pages)))


def matching(root: Path, pattern: str) -> list[Path]:
    """What a pattern matches below `root`; a slash at its start means `root`, one at its end a folder."""
    return list(root.glob(pattern.strip("/")))


def as_list(value: Any) -> list[Any]:
    """A value as a list: nothing, one thing or several."""
    return [] if value is None else value if isinstance(value, list) else [value]


def located(meta: Any, folder: Path, root: Path, names: str = "") -> Any:
    """Metadata with every file name as a path; it starts from `folder`, or with a slash from `root`.

    `names` is the key above that says what a string names.
    """
    if isinstance(meta, dict):
        kinds = {key: key if key in _FILES else "" if key == "text" else names for key in meta}
        return {key: located(value, folder, root, kinds[key]) for key, value in meta.items()}
    if isinstance(meta, list):
        return [located(value, folder, root, names) for value in meta]
    if not names or not isinstance(meta, str) or (names == "theme" and not meta.endswith(".scss")):
        return meta
    return root / meta.lstrip("/") if meta.startswith("/") else folder / meta


def named_files(meta: Any) -> Iterator[Path]:
    """Every file that located metadata names, such as style sheets, includes and bibliographies."""
    if isinstance(meta, (dict, list)):
        for value in meta.values() if isinstance(meta, dict) else meta:
            yield from named_files(value)
    elif isinstance(meta, Path):
        yield meta


def _formats(meta: Meta) -> dict[str, Meta]:
    """Formats and their options; `html` and `html: default` have none."""
    given = meta.get("format") or {}
    given = {given: {}} if isinstance(given, str) else given
    return {fmt: options if isinstance(options, dict) else {} for fmt, options in given.items()}


def _merge(low: Meta, high: Meta) -> Meta:
    """`high` over `low`; mappings merge key by key."""
    merged = low | high
    for key in low.keys() & high.keys():
        if isinstance(low[key], dict) and isinstance(high[key], dict):
            merged[key] = _merge(low[key], high[key])
        elif key in _LISTS:
            merged[key] = as_list(low[key]) + as_list(high[key])
    return merged
