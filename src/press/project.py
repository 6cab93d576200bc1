"""The project: `_quarto.yml`, a local file beside it, its pages, and the metadata that holds for a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from press import dialect
from press.errors import PressError

Meta = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """A website project below `root`; `config` is the checked `_quarto.yml`."""

    root: Path
    config: Meta
    pages: list[str]

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.root / "_quarto.yml"

    @property
    def settings(self) -> Meta:
        """The `project` settings."""
        return dict(self.config["project"])

    @property
    def website(self) -> Meta:
        """The `website` settings."""
        return self.config.get("website") or {}

    @property
    def html(self) -> Meta:
        """What holds for every page of the site."""
        return formats(self.config).get("html", {})

    @property
    def output(self) -> Path:
        """Folder of the rendered site."""
        return self.root / self.settings.get("output-dir", "_site")

    @property
    def state(self) -> Path:
        """Folder of caches and of everything half-done."""
        return self.root / ".press"

    def named(self, *names: Any) -> list[Path]:
        """The files that settings name, each a text, a list of them or nothing."""
        return [self.root / name.lstrip("/") for given in names for name in as_list(given)]

    def sources(self) -> list[Path]:
        """Files that every page is made from."""
        return self.named(
            self.html.get("css"), self.html.get("include-after-body"), self.config.get("bibliography")
        )

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command that the project runs after pages were rendered."""
        return [command.split() for command in as_list(self.settings.get("post-render"))]

    def resources(self) -> list[Path]:
        """Files to copy into the site: `resources`, style sheets and the icon.

        Raises
        ------
        PressError
            When a pattern does not start with a slash.
        """
        found = self.named(self.website.get("favicon"), self.html.get("css"))
        for pattern in as_list(self.settings.get("resources")):
            if not pattern.startswith("/"):
                message = f"resources: '{pattern}' is outside the dialect; start it with a slash"
                raise PressError(message, self.file, pattern)
            found += matching(self.root, pattern)
        return [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]


def load(root: Path) -> Project:
    """Read and check the project.

    Raises
    ------
    PressError
        For a missing or foreign `_quarto.yml`, an unknown key, a file that it names and that does not exist,
        a theme with rules, or a `render` pattern that matches no page.
    """
    file = root / "_quarto.yml"
    if not file.is_file():
        raise PressError("there is no _quarto.yml here; run press in a Quarto project or pass --root", file)
    config = dialect.read(file.read_text("utf-8"), file, dialect.PROJECT)
    local = root / "_quarto.yml.local"
    if local.is_file():
        own = dialect.read(local.read_text("utf-8"), local, {"website": dialect.PROJECT["website"]})
        config["website"] = {**(config.get("website") or {}), **(own.get("website") or {})}
    if (kind := (config.get("project") or {}).get("type")) != "website":
        raise PressError(f"project type {kind!r} is outside the dialect; only 'website'", file)
    pages: list[str] = []
    for pattern in as_list(config["project"].get("render", "**/*.qmd")):
        found = [path.relative_to(root) for path in sorted(matching(root, pattern)) if path.suffix == ".qmd"]
        if not found:
            raise PressError(f"project.render: {pattern} matches no page", file, pattern)
        pages += [path.as_posix() for path in found if not any(part[0] in "_." for part in path.parts)]
    project = Project(root, config, list(dict.fromkeys(pages)))
    styles = [name for names in (project.html.get("theme") or {}).values() for name in as_list(names)]
    styles = project.named([name for name in styles if name.endswith(".scss")])
    for path in (*project.sources(), *styles):
        if not path.is_file():
            raise PressError(f"{path.name} does not exist", file, path.name)
    for path in styles:
        if "scss:rules" in path.read_text("utf-8"):
            raise PressError(
                "rules of a theme are outside the dialect; write them into css", path, "scss:rules"
            )
    return project


def matching(root: Path, pattern: str) -> list[Path]:
    """What a pattern matches below `root`; a slash at its start means `root`, one at its end a folder."""
    return list(root.glob(pattern.strip("/")))


def formats(meta: Meta) -> dict[str, Meta]:
    """Formats and their options; `html: default` has none."""
    given = meta.get("format") or {}
    return {name: options if isinstance(options, dict) else {} for name, options in given.items()}


def as_list(value: Any) -> list[Any]:
    """A value as a list: nothing, one thing or several."""
    return [] if value is None else value if isinstance(value, list) else [value]
