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
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any

from press import html, pdf, source
from press.errors import PressError
from press.kernel import Runner
from press.navigation import Navigation
from press.project import Meta, Project, load
from press.source import Page

HERE = Path(__file__).parent
#: Pages at a time: more than processors, for a kernel that starts or ends is waited for; memory is the limit.
THREADS = 2 + min(os.cpu_count() or 1, 4)


def render(
    root: Path,
    pages: list[Path] | None = None,
    *,
    depends: Mapping[str, str] | None = None,
    modules: Sequence[str] = (),
) -> Path:
    """Render a Quarto website project, whose pre-render commands have run.

    Parameters
    ----------
    root
        Folder of `_quarto.yml`.
    pages
        Pages to render; all when `None`.
    depends
        A page's path below the root -> digest of what its code rests on besides the page. The code of a page
        that is not named always runs.
    modules
        What most pages import, and may have imported for them: a kernel that is forked from one process that
        has it starts at once.

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
    with closing(Runner(modules)) as runner:
        Site(project, depends or {}, runner).build(pages)
    return project.output


def finish(project: Project, output: Path) -> None:
    """Run the project's post-render commands, with the variables that Quarto sets.

    Raises
    ------
    PressError
        When a command fails.
    """
    variables = {"QUARTO_PROJECT_OUTPUT_DIR": str(output), "QUARTO_PROJECT_ROOT": str(project.root)}
    for words in project.commands:
        command = [sys.executable, *words] if words[0].endswith(".py") else words
        if subprocess.run(command, cwd=project.root, env=os.environ | variables, check=False).returncode:
            raise PressError(f"post-render command failed: {' '.join(words)}", project.file)


class Site:
    """One rendering of a project."""

    def __init__(self, project: Project, depends: Mapping[str, str], runner: Runner) -> None:
        self.project = project
        self.depends = depends
        self.runner = runner
        self.pages = {path: source.read(project, path) for path in project.pages}
        titles = {path: str(page.front.get("title", page.file.stem)) for path, page in self.pages.items()}
        self.navigation = Navigation(project, titles)
        self.aside = project.state
        self.record = project.state / "pages.json"
        after = project.named(*project.commands)
        files = [*HERE.rglob("*"), *project.sources(), *after]
        self.common = self.digest(files, [sys.version, project.config, titles])

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
        return self.depends.get(page.path, os.urandom(16).hex()) if page.code else ""

    def stale(self, known: Mapping[str, Meta]) -> dict[str, str]:
        """Pages that are not in the site as they should be -> the key under which they will be."""
        keys = {
            path: self.digest([page.file, *page.partials], [self.common, path, self.rest(page)])
            for path, page in self.pages.items()
        }
        return {path: key for path, key in keys.items() if not self.current(known.get(path, {}), key)}

    def build(self, chosen: list[Path] | None) -> None:
        """Render what is stale, then move it into the site."""
        known, wanted = self.known(), self.paths(chosen or [])
        stale = {path: key for path, key in self.stale(known).items() if path in wanted}
        self.project.state.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".aside.", dir=self.project.state) as aside:
            self.aside = Path(aside)
            done = self.render(stale)
            if done:
                finish(self.project, self.aside)
            self.publish(known, done)

    def known(self) -> dict[str, Meta]:
        """The pages of earlier runs; what a record of another shape says is not known."""
        return {
            path: entry
            for path, entry in kept(self.record).items()
            if isinstance(entry, dict) and isinstance(entry.get("files"), dict)
        }

    def paths(self, chosen: list[Path]) -> list[str]:
        """The pages to render, as paths in the project; all when none is chosen.

        Raises
        ------
        PressError
            When one is no page of the project.
        """
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

    def render(self, stale: dict[str, str]) -> dict[str, Meta]:
        """Render pages aside, several at a time; an error or an interrupt stops all of them at once."""
        done: dict[str, Meta] = {}
        start = time.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            futures = {pool.submit(self.page, self.pages[path]): path for path in stale}
            try:
                for future in as_completed(futures):
                    path = futures[future]
                    done[path] = {"key": stale[path], "files": dict.fromkeys(future.result(), "")}
                    rest = len(stale) - len(done)
                    left = (time.monotonic() - start) / len(done) * rest
                    estimate = f" (about {left:.0f} s left)" if rest else ""
                    print(f"[{len(done)}/{len(stale)}] {path}{estimate}", file=sys.stderr, flush=True)
            except BaseException:
                self.runner.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return done

    def page(self, page: Page) -> list[str]:
        """Render a page aside, in every format; return its files in the site."""
        target = (self.aside / page.path).with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        markdown = page.markdown(self.results(page))
        text, needed = html.render(page, markdown, self.navigation)
        target.write_text(text, "utf-8")
        made = [target]
        if "typst" in page.formats:
            made.append(target.with_name(page.metadata("typst").get("output-file", f"{target.stem}.pdf")))
            pdf.render(page, markdown, made[-1])
        return sorted({*needed, *(file.relative_to(self.aside).as_posix() for file in made)})

    def results(self, page: Page) -> list[str]:
        """Results of the page's code: kept ones when nothing they rest on has changed."""
        code = [[code.text, code.inline, code.shown] for code in page.code]
        key = self.digest([], [code, self.project.config.get("jupyter"), self.rest(page)])
        file = self.project.state / "results" / f"{page.path.replace('/', '--')}.json"
        entry = kept(file)
        if entry.get("key") != key:
            entry = {"key": key, "results": self.runner.execute(page)}
            keep(file, entry)
        return list(entry["results"])

    def publish(self, known: dict[str, Meta], done: dict[str, Meta]) -> None:
        """Move what was rendered into the site; bring resources and the search index up to date."""
        output, root = self.project.output, self.project.root
        current = {path: entry for path, entry in (known | done).items() if path in self.pages}
        alive = {name for entry in current.values() for name in entry["files"]}
        alive |= {file.relative_to(root).as_posix() for file in self.project.resources()}
        targets = {root / name: self.aside / name for name in alive if (root / name).is_file()}
        targets |= {file: self.aside / "site_libs/press" / file.name for file in (HERE / "static").iterdir()}
        for file, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        shutil.copytree(self.aside, output, dirs_exist_ok=True)
        for name in {name for entry in known.values() for name in entry["files"]} - alive:
            (output / name).unlink(missing_ok=True)
        self.index()
        # What was not written now counts as it was when it was written.
        written = {file.relative_to(root).as_posix() for file in self.project.resources()}
        for path, entry in current.items():
            fresh = {name for name in entry["files"] if path in done or name in written}
            entry["files"] |= {name: content(output / name) for name in fresh}
        keep(self.record, current)

    def index(self) -> None:
        """Build the search index aside and put it in place.

        Raises
        ------
        PressError
            When pagefind fails.
        """
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
