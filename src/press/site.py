"""Renders a project: plans what is stale, renders it aside, moves it into the site, indexes it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from press import html, pdf, source
from press.cells import assemble
from press.errors import PressError
from press.kernel import Results, execute
from press.navigation import Navigation
from press.project import Meta, Project, as_list, load
from press.source import Cell, Page

Progress = Callable[[str, int, int], None]
FORMAT_NAMES = {"typst": "Typst", "ipynb": "Jupyter"}


def render(
    root: Path,
    pages: list[Path] | None = None,
    progress: Progress | None = None,
    *,
    pre_render: bool = True,
    fresh: bool = False,
) -> Path:
    """Render a Quarto website project.

    Parameters
    ----------
    root
        Folder of `_quarto.yml`.
    pages
        Pages to render; all when `None`.
    progress
        Called with the page just done, how many are done, and how many there are.
    pre_render
        Whether to run the project's pre-render commands first.
    fresh
        Whether to ignore all caches.

    Returns
    -------
    Path
        Folder of the site.

    Raises
    ------
    PressError
        For anything outside the dialect and for a failing cell. The site is then as it was before.
    """
    root = root.resolve()
    project = load(root)
    if pre_render:
        _pre_render(project, whole=pages is None)
        project = load(root)
    if fresh:
        shutil.rmtree(project.state, ignore_errors=True)
    return Site(project).build(pages, progress or _report)


def _report(page: str, done: int, total: int) -> None:
    print(f"[{done}/{total}] {page}", file=sys.stderr, flush=True)


def _pre_render(project: Project, whole: bool) -> None:
    environment = os.environ | {"QUARTO_PROJECT_OUTPUT_DIR": str(project.output)}
    environment |= {"QUARTO_PROJECT_ROOT": str(project.root)}
    environment |= {"QUARTO_PROJECT_RENDER_ALL": "1"} if whole else {}
    for command in as_list(project.config["project"].get("pre-render")):
        words = command.split()
        words = [sys.executable, *words] if words[0].endswith(".py") else words
        if subprocess.run(words, cwd=project.root, env=environment, check=False).returncode:
            raise PressError(f"pre-render command failed: {command}", project.root / "_quarto.yml")


@dataclass
class Done:
    """What is known of a rendered page: the key of its sources and the files it has in the site."""

    key: str
    files: list[str]


class Site:
    """One rendering of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.pages = {path: source.read(project, path) for path in project.pages}
        titles = {path: str(page.front.get("title", page.stem)) for path, page in self.pages.items()}
        self.navigation = Navigation(project, titles)
        self.aside = project.state / "aside"
        self.record = project.state / "pages.json"
        self.common = _digest(
            [*Path(__file__).parent.rglob("*"), *self._dependencies(), *self._shared_files()],
            [project.config, project.variables, titles],
        )

    def _dependencies(self) -> list[Path]:
        patterns = as_list((self.project.config.get("press") or {}).get("depends"))
        return [path for pattern in patterns for path in self.project.root.glob(pattern)]

    def _shared_files(self) -> list[Path]:
        meta = self.project.metadata({}, "html") | self.project.metadata({}, "typst")
        named = [item for key in ("bibliography", "csl", "theme") for item in _flat(meta.get(key))]
        named += [item for key in meta if key.startswith("include-") for item in _flat(meta[key])]
        return [Path(name) for name in named if Path(name).is_absolute() and Path(name).is_file()]

    def build(self, chosen: list[Path] | None, progress: Progress) -> Path:
        """Render what is stale, then move it into the site."""
        known = self._known()
        wanted = [self._path(page) for page in chosen] if chosen else list(self.pages)
        keys = {path: _digest(self.pages[path].files, [self.common, path]) for path in wanted}
        stale = [path for path in wanted if not self._current(known.get(path), keys[path])]
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir(parents=True)
        done: dict[str, Done] = {}
        with ThreadPoolExecutor(2) as pool:
            futures = {pool.submit(self._page, path): path for path in stale}
            try:
                for future in as_completed(futures):
                    path = futures[future]
                    done[path] = Done(keys[path], future.result())
                    progress(path, len(done), len(stale))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._publish(known, done, whole=chosen is None)
        return self.project.output

    def _path(self, page: Path) -> str:
        path = page if page.is_absolute() else self.project.root / page
        name = path.relative_to(self.project.root).as_posix()
        if name not in self.pages:
            raise PressError("this is not a page of the project (see project.render)", path)
        return name

    def _known(self) -> dict[str, Done]:
        if not self.record.is_file():
            return {}
        return {path: Done(**entry) for path, entry in json.loads(self.record.read_text("utf-8")).items()}

    def _current(self, done: Done | None, key: str) -> bool:
        return bool(
            done and done.key == key and all((self.project.output / file).exists() for file in done.files)
        )

    def _page(self, path: str) -> list[str]:
        """Render every format of one page aside; return its files in the site."""
        page = self.pages[path]
        formats = self.project.formats(page.front)
        folder = (self.aside / path).parent
        folder.mkdir(parents=True, exist_ok=True)
        others = [(self._output(page, fmt), FORMAT_NAMES[fmt]) for fmt in formats if fmt != "html"]
        files: set[str] = set()
        for fmt in formats:
            meta = self.project.metadata(page.front, fmt)
            results = self._results(page, fmt, meta)
            name = f"{page.file.stem}_files/figure-{fmt}"
            link = name if fmt == "html" else "/" + (folder / name).relative_to(self.project.root).as_posix()
            markdown = assemble(page, results, fmt, meta, folder / name, link)
            if fmt == "html":
                text, needed = html.render(self.project, page, markdown, meta, self.navigation, others)
                (folder / f"{page.file.stem}.html").write_text(text, "utf-8")
                files |= {f"{page.stem}.html", *needed}
                for file in needed:
                    _copy(self.project.root / file, self.aside / file)
            elif fmt == "typst":
                pdf.render(self.project, page, markdown, meta, folder / self._output(page, fmt))
                shutil.rmtree(folder / name, ignore_errors=True)
                files.add(str(Path(path).with_name(self._output(page, fmt))))
        figures = folder / f"{page.file.stem}_files"
        return sorted(files | {file.relative_to(self.aside).as_posix() for file in figures.rglob("*.*")})

    def _output(self, page: Page, fmt: str) -> str:
        meta = self.project.metadata(page.front, fmt)
        suffix = {"typst": "pdf"}.get(fmt, fmt)
        return str(meta.get("output-file", f"{page.file.stem}.{suffix}"))

    def _results(self, page: Page, fmt: str, meta: Meta) -> Results:
        """Results of the page's code: kept ones when nothing they rest on has changed."""
        code: list[Any] = [self.common_code(), fmt, meta.get("execute"), meta.get("jupyter")]
        for part in page.parts:
            code.append(
                [part.code, part.options] if isinstance(part, Cell) else [e for e, _ in part.expressions()]
            )
        key = _digest([], code)
        file = self.project.state / "results" / f"{page.stem.replace('/', '--')}.{fmt}.json"
        if file.is_file():
            kept = json.loads(file.read_text("utf-8"))
            if kept["key"] == key:
                return Results(
                    {int(number): outputs for number, outputs in kept["outputs"].items()}, kept["inline"]
                )
        results = execute(self.project, page, fmt, meta)
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, json.dumps({"key": key, **asdict(results)}))
        return results

    def common_code(self) -> str:
        """Key of everything that code in any page may rest on."""
        return _digest(self._dependencies(), [sys.version])

    def _publish(self, known: dict[str, Done], done: dict[str, Done], whole: bool) -> None:
        """Move what was rendered into the site, together with resources and the search index."""
        output = self.project.output
        for file in sorted(self.aside.rglob("*")):
            if file.is_file():
                target = output / file.relative_to(self.aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                file.replace(target)
        kept = {path: entry for path, entry in known.items() if path in self.pages}
        current = kept | done
        alive = {file for entry in current.values() for file in entry.files}
        for name in {name for entry in known.values() for name in entry.files} - alive:
            (output / name).unlink(missing_ok=True)
        _write(
            self.record,
            json.dumps({path: asdict(entry) for path, entry in sorted(current.items())}, indent=1),
        )
        self._assets()
        if done or len(kept) < len(known) or not (output / "pagefind").is_dir():
            self._index()

    def _assets(self) -> None:
        """Copy press's own files, style sheets and the project's resources."""
        output, root = self.project.output, self.project.root
        for file in (Path(__file__).parent / "static").iterdir():
            _copy(file, output / "site_libs" / "press" / file.name)
        for scheme, rules in html.theme_rules(self.project).items():
            target = output / "site_libs" / "theme" / f"{scheme}.css"
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, rules)
        patterns = [
            pattern.rstrip("/") for pattern in as_list(self.project.config["project"].get("resources"))
        ]
        files = [path for pattern in patterns for path in root.glob(pattern)]
        files += [Path(name) for name in as_list(self.project.metadata({}, "html").get("css"))]
        files += [root / icon for icon in as_list(self.project.website.get("favicon"))]
        for path in files:
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file():
                    _copy(file, output / file.relative_to(root))

    def _index(self) -> None:
        """Build the search index aside and put it in place."""
        fresh, target = self.project.state / "pagefind", self.project.output / "pagefind"
        command = [sys.executable, "-m", "pagefind", "--site", str(self.project.output), "--quiet"]
        finished = subprocess.run(
            [*command, "--output-path", str(fresh)], capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise PressError(f"pagefind: {finished.stdout}{finished.stderr}")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def _flat(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _flat(item)]
    return [text for item in value for text in _flat(item)] if isinstance(value, list) else as_list(value)


def _digest(files: Any, values: Any) -> str:
    state = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for file in sorted(path for path in set(files) if path.is_file() and path.suffix != ".pyc"):
        state.update(str(file).encode() + b"\0" + file.read_bytes())
    return state.hexdigest()


def _copy(file: Path, target: Path) -> None:
    if not target.exists() or target.read_bytes() != file.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def _write(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(file)
