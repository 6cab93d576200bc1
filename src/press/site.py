"""Renders a project: plans what is stale, renders it aside, moves it into the site, indexes it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import Any

import psutil

from press import html, pdf, source
from press.cells import assemble
from press.errors import PressError
from press.filters import published
from press.kernel import Results, execute
from press.navigation import Navigation, other_formats
from press.project import Meta, Project, as_list, load, named_files
from press.source import Cell, Page

Progress = Callable[[str, int, int], None]
HERE = Path(__file__).parent
SITEMAP = """\
<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{}</urlset>
"""


def render(
    root: Path,
    pages: list[Path] | None = None,
    progress: Progress | None = None,
    *,
    pre_render: bool = True,
    fresh: bool = False,
    depends: Mapping[str, str] | None = None,
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
        Whether to ignore everything kept from earlier runs.
    depends
        A page's path below the root -> digest of what its code rests on besides the page. The code of a page
        that is not named always runs. Pre-render commands may give more (see `run_before`).

    Returns
    -------
    Path
        Folder of the site.

    Raises
    ------
    PressError
        For anything outside the dialect and for a failing cell. The site is then as it was before.
    """
    project = load(root.resolve())
    depends = dict(depends or {})
    if pre_render:
        depends |= run_before(project, whole=pages is None)
    if fresh:
        shutil.rmtree(project.state, ignore_errors=True)
    start = time.monotonic()

    def report(page: str, done: int, total: int) -> None:
        left = (time.monotonic() - start) / done * (total - done)
        estimate = f" (about {left:.0f} s left)" if done < total else ""
        print(f"[{done}/{total}] {page}{estimate}", file=sys.stderr, flush=True)

    Site(project, depends).build(pages, progress or report)
    return project.output


def run_before(project: Project, whole: bool) -> Meta:
    """Run the project's pre-render commands, with the variables that Quarto sets.

    One more, PRESS_DEPENDS, names a file into which a command may write what `render` takes as `depends`.
    """
    answer = project.state / "depends.json"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    variables = {"QUARTO_PROJECT_OUTPUT_DIR": str(project.output), "QUARTO_PROJECT_ROOT": str(project.root)}
    variables |= {"PRESS_DEPENDS": str(answer)} | ({"QUARTO_PROJECT_RENDER_ALL": "1"} if whole else {})
    for command in as_list(project.settings.get("pre-render")):
        words = [sys.executable, *command.split()] if command.split()[0].endswith(".py") else command.split()
        finished = subprocess.run(words, cwd=project.root, env=os.environ | variables, check=False)
        if finished.returncode:
            raise PressError(f"pre-render command failed: {command}", project.root / "_quarto.yml")
    return kept(answer)


class Site:
    """One rendering of a project."""

    def __init__(self, project: Project, depends: Mapping[str, str]) -> None:
        self.project = project
        self.depends = depends
        self.pages = {path: source.read(project, path) for path in project.pages}
        titles = {path: str(page.front.get("title", page.file.stem)) for path, page in self.pages.items()}
        self.navigation = Navigation(project, titles)
        self.stopped = Event()
        self.aside = project.state
        self.record = project.state / "pages.json"
        common = [*HERE.rglob("*"), *named_files(project.config)]
        self.common = self.digest(common, [sys.version, project.config, project.variables, titles])

    def digest(self, files: Iterable[Path], values: Any) -> str:
        """Hash of the contents of files and of JSON values; paths are taken from the root."""
        root = self.project.root
        text = json.dumps(values, sort_keys=True, default=lambda path: os.path.relpath(path, root))
        state = hashlib.sha256(text.encode())
        for file in sorted({path for path in files if path.is_file() and path.suffix != ".pyc"}):
            state.update(f"{os.path.relpath(file, root)}\0{content(file)}\0".encode())
        return state.hexdigest()

    def rest(self, page: Page) -> str:
        """What the code of a page rests on; unknown, it counts as changed."""
        coded = any(part.code for part in page.parts)
        return self.depends.get(page.path, os.urandom(16).hex()) if coded else ""

    def stale(self, known: Mapping[str, Meta]) -> dict[str, str]:
        """Pages that are not in the site as they should be -> the key under which they will be."""
        pages = self.pages.items()
        keys = {
            path: self.digest([*page.files, *named_files(page.front)], [self.common, path, self.rest(page)])
            for path, page in pages
        }
        return {path: key for path, key in keys.items() if not self.current(known.get(path, {}), key)}

    def build(self, chosen: list[Path] | None, progress: Progress) -> None:
        """Render what is stale, then move it into the site."""
        known, wanted = self.known(), self.paths(chosen or [])
        stale = {path: key for path, key in self.stale(known).items() if path in wanted}
        remove_left(self.project.state)
        self.aside = Path(tempfile.mkdtemp(prefix=f"aside-{os.getpid()}-", dir=self.project.state))
        try:
            self.publish(known, self.render(stale, progress))
        finally:
            shutil.rmtree(self.aside, ignore_errors=True)

    def known(self) -> dict[str, Meta]:
        """The pages of earlier runs; what a record of another shape says is not known."""
        return {
            path: entry
            for path, entry in kept(self.record).items()
            if isinstance(entry, dict) and isinstance(entry.get("files"), dict)
        }

    def paths(self, chosen: list[Path]) -> list[str]:
        """The pages to render, as paths in the project; all when none is chosen."""
        root = self.project.root
        paths = [Path(os.path.relpath(root / page, root)).as_posix() for page in chosen]
        if strangers := [path for path in paths if path not in self.pages]:
            raise PressError("this is not a page of the project (see project.render)", root / strangers[0])
        return paths or list(self.pages)

    def current(self, entry: Meta, key: str) -> bool:
        """Whether a page was rendered from just this, and its files are still as they were."""
        return entry.get("key") == key and all(
            content(self.project.output / name) == was for name, was in entry["files"].items()
        )

    def render(self, stale: dict[str, str], progress: Progress) -> dict[str, Meta]:
        """Render pages aside, two at a time; an error or an interrupt stops all of them at once."""
        done: dict[str, Meta] = {}
        with ThreadPoolExecutor(2) as pool:
            futures = {pool.submit(self.page, self.pages[path]): path for path in stale}
            try:
                for future in as_completed(futures):
                    path = futures[future]
                    done[path] = {"key": stale[path], "files": dict.fromkeys(future.result(), "")}
                    progress(path, len(done), len(stale))
            except BaseException:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return done

    def page(self, page: Page) -> list[str]:
        """Render every format of one page aside; return its files in the site."""
        stem, folder = page.file.stem, (self.aside / page.path).parent
        folder.mkdir(parents=True, exist_ok=True)
        targets = {}
        for fmt in self.project.formats(page.front):
            default = f"{stem}.{'pdf' if fmt == 'typst' else fmt}"
            targets[fmt] = folder / page.metadata(fmt).get("output-file", default)
        others = other_formats(page, {fmt: file.name for fmt, file in targets.items() if fmt != "html"})
        needed: set[str] = set()
        for fmt, target in targets.items():
            language = "typst" if fmt == "typst" else "html"
            meta, figures = page.metadata(language), folder / f"{stem}_files" / f"figure-{fmt}"
            results = self.results(page, language, meta)
            if fmt == "html":
                markdown = assemble(page, results, fmt, figures, f"{stem}_files/figure-html")
                text, needed = html.render(page, markdown, meta, self.navigation, others)
                target.write_text(text, "utf-8")
            else:
                link = f"/{figures.relative_to(self.project.root).as_posix()}"
                pdf.render(page, assemble(page, results, fmt, figures, link), meta, target)
                shutil.rmtree(figures, ignore_errors=True)
        made = [*targets.values(), *(folder / f"{stem}_files").rglob("*.*")]
        return sorted({*needed, *(file.relative_to(self.aside).as_posix() for file in made)})

    def results(self, page: Page, fmt: str, meta: Meta) -> Results:
        """Results of the page's code: kept ones when nothing they rest on has changed."""
        code = [
            [part.code, part.options] if isinstance(part, Cell) else [text for text, _ in part.code]
            for part in page.parts
        ]
        key = self.digest([], [code, fmt, meta.get("jupyter"), self.rest(page)])
        file = self.project.state / "results" / f"{page.path.replace('/', '--')}.{fmt}.json"
        entry = kept(file)
        if entry.get("key") != key:
            entry = {"key": key, "results": execute(page, fmt, meta, self.stopped)}
            keep(file, entry)
        return list(entry["results"])

    def publish(self, known: dict[str, Meta], done: dict[str, Meta]) -> None:
        """Move what was rendered into the site; bring resources and the search index up to date."""
        output, root = self.project.output, self.project.root
        current = {path: entry for path, entry in (known | done).items() if path in self.pages}
        alive = {name for entry in current.values() for name in entry["files"]}
        sources = [*self.project.resources(), *(root / name for name in alive if (root / name).is_file())]
        targets = {file: self.aside / file.relative_to(root) for file in sources}
        targets |= {file: self.aside / "site_libs/press" / file.name for file in (HERE / "static").iterdir()}
        for file, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        (self.aside / "site_libs/theme").mkdir()
        for scheme, rules in html.theme_rules(self.project).items():
            (self.aside / "site_libs/theme" / f"{scheme}.css").write_text(rules, "utf-8")
        if address := self.project.website.get("site-url", "").rstrip("/"):
            urls = "".join(f"<url><loc>{address}/{published(page)}</loc></url>\n" for page in self.pages)
            (self.aside / "sitemap.xml").write_text(SITEMAP.format(urls), "utf-8")
        shutil.copytree(self.aside, output, dirs_exist_ok=True)
        for name in {name for entry in known.values() for name in entry["files"]} - alive:
            (output / name).unlink(missing_ok=True)
        if any(name.endswith(".html") for name in alive):
            self.index()
        # What was not written now counts as it was when it was written.
        written = {file.relative_to(root).as_posix() for file in sources}
        for path, entry in current.items():
            fresh = {name for name in entry["files"] if path in done or name in written}
            entry["files"] |= {name: content(output / name) for name in fresh}
        keep(self.record, current)

    def index(self) -> None:
        """Build the search index aside and put it in place."""
        fresh, target = self.aside / "pagefind", self.project.output / "pagefind"
        command: list[Any] = [sys.executable, "-m", "pagefind", "--quiet", "--site", self.project.output]
        command += ["--output-path", fresh]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            raise PressError(f"pagefind: {finished.stdout}{finished.stderr}")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def content(file: Path) -> str:
    """Hash of a file; none when it is missing."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def remove_left(state: Path) -> None:
    """Remove what a killed run left; the folder of a run names its process."""
    state.mkdir(parents=True, exist_ok=True)
    for folder in state.glob("aside-*"):
        process = folder.name.split("-")[1]
        if not (process.isdigit() and psutil.pid_exists(int(process))) or int(process) == os.getpid():
            shutil.rmtree(folder, ignore_errors=True)


def kept(file: Path) -> Meta:
    """What an earlier run kept; nothing when there is no file or it is damaged."""
    try:
        return dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def keep(file: Path, values: Meta) -> None:
    """Keep values for the next run, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(json.dumps(values, indent=1, sort_keys=True), "utf-8")
    temporary.replace(file)
