"""Each chapter as a Jupyter notebook: its prose with the numbers in place, its cells with what they show.

A chapter's cells print pandoc Markdown for the page. In a notebook that would be read as markup, so what is
printed is shown as tables, figures and text instead (`shown`): here when a notebook is written, and in a
reader's own run by `%load_ext journey.report.notebooks`, which every notebook's first cell does.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from journey.errors import JourneyError
from journey.files import write_json, write_text
from journey.report.drawing.paper import on_paper
from journey.report.markup import markdown_text
from journey.report.notebooks_work import work

Data = dict[str, Any]
Results = dict[str, list[str]]
WORKERS = 2
EXTENSION = "%load_ext journey.report.notebooks"
#: Rows of the data behind a figure that a notebook shows.
ROWS = 24
HOW_TO_RUN = (
    "This is a page of the report as a notebook. To run it, clone the project and run `make site` there, "
    "which installs everything and computes what is loaded below. Then open `{file}` in an editor of "
    "notebooks, with the Python of `.venv`, or run it without one: "
    "`.venv/bin/jupyter execute --inplace {file}`. The outputs below are those of the page."
)

_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_CELL = re.compile(r"^```\{python\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OPTION = re.compile(r"^#\| *(.*\n)", re.MULTILINE)
_INLINE = re.compile(r"`\{python\} ([^`]+)`")
_RAW = re.compile(r"^(`{3,})\{=(html|typst)\}\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)
_FIGURE = re.compile(r'<figcaption class="figure-title">(.*?)</figcaption>.*?aria-label="([^"]*)"', re.DOTALL)
_PICTURE = re.compile(r"<svg .*?</svg>", re.DOTALL)
_FIGURE_NOTE = re.compile(r'<p class="figure-source">(Source: .*?)</p>')
_FIGURE_DATA = re.compile(r'<details class="figure-data".*?</summary>\n(.*?)\n</details>', re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>\n?", re.DOTALL)
_SQL = re.compile(r'<code class="sql">(.*?)</code>', re.DOTALL)
_NUMBERED = re.compile(r"^::: \{#(tbl-[a-z0-9-]+)\}$(.*?)^:::$", re.DOTALL | re.MULTILINE)
_ESCAPED = re.compile(r"\\([^\w\s])")
_AUTHORS = re.compile(r"@\w+\{(\w+?)(\d{4}),.*?author\s*=\s*\{(.*?)\}", re.DOTALL)


def write_notebooks(
    root: Path,
    pages: Mapping[Path, str],
    *,
    kept: Path,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the notebook of every page beside its source; the same pages and results give the same bytes.

    Parameters
    ----------
    pages
        Page -> digest of what its code rests on besides the page.
    kept
        Folder for what cells printed: a page whose code and digest are as before is not run again.

    Raises
    ------
    JourneyError
        For a page without front matter, and for code that fails (page, cell, error).
    """
    works = _works(root / "references.bib")
    sources = [_read(root, page) for page in pages]
    keys = [_digest(pages[source.page], *source.code, *source.expressions) for source in sources]
    files = [kept / f"{source.page.stem}.json" for source in sources]
    known = {place: found for place, file in enumerate(files) if (found := _kept(file, keys[place]))}
    stale = {place: source.page for place, source in enumerate(sources) if place not in known}
    for place, result in known.items():
        # A build takes away what it does not write again: the page would run again at every other change.
        write_json(files[place], {"key": keys[place], **result})
    for done, (place, result) in enumerate(_executed(root, stale), 1):
        known[place] = result
        write_json(files[place], {"key": keys[place], **result})
        report(done, len(stale))
    for place, source in enumerate(sources):
        write_text(source.page.with_suffix(".ipynb"), notebook(source, known[place], works))


@dataclass(frozen=True)
class Source:
    """A page taken apart: prose and code in turn, prose first and last."""

    page: Path
    file: str
    title: str
    subtitle: str
    parts: list[str]

    @property
    def code(self) -> list[str]:
        """The cells without their options."""
        return [_OPTION.sub("", part).strip() for part in self.parts[1::2]]

    @property
    def expressions(self) -> list[str]:
        """The inline expressions of all prose, in order."""
        return [found for part in self.parts[::2] for found in _INLINE.findall(part)]


def _read(root: Path, page: Path) -> Source:
    text = page.read_text(encoding="utf-8")
    front = _FRONT.match(text)
    if front is None:
        raise JourneyError(f"{page.name} has no front matter, so it is no page of the report")
    meta = yaml.safe_load(front[1])
    file = page.relative_to(root).with_suffix(".ipynb").as_posix()
    whole = f"{text[front.end() :]}{work(page.stem)}"
    return Source(page, file, meta["title"], meta.get("subtitle", ""), _CELL.split(whole))


def notebook(source: Source, result: Results, works: dict[str, str]) -> str:
    """The notebook as JSON, from what its cells printed and its expressions came to."""
    opening = (f"# {source.title}", source.subtitle, HOW_TO_RUN.format(file=source.file))
    cells = [new_markdown_cell("\n\n".join(part for part in opening if part))]
    captions = {id: _caption(body) for text in result["printed"] for id, body in _NUMBERED.findall(text)}
    values = iter(result["values"])
    for place, part in enumerate(source.parts):
        number = (place + 1) // 2
        if place % 2:
            code = source.code[number - 1]
            outputs = [new_output("display_data", data=data) for data in shown(result["printed"][number - 1])]
            code = f"{EXTENSION}\n{code}" if number == 1 else code
            cells.append(new_code_cell(code, execution_count=number, outputs=outputs))
        elif text := plain_markdown(_INLINE.sub(lambda _: next(values), part), captions, works):
            cells.append(new_markdown_cell(text))
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return f"{nbformat.writes(new_notebook(cells=cells, metadata=metadata))}\n"


def _executed(root: Path, pages: dict[int, Path]) -> Iterator[tuple[int, Results]]:
    """Run pages in processes of their own: what a chapter imports would be out of date in a later build."""
    finished: SimpleQueue[tuple[int, Results] | JourneyError | None] = SimpleQueue()

    def follow(places: list[int]) -> None:
        command = [sys.executable, "-m", __name__, *(str(pages[place]) for place in places)]
        with Popen(
            command, cwd=root, env=os.environ | {"JOURNEY_ROOT": str(root)}, stdout=PIPE, stderr=PIPE
        ) as run:
            for place, line in zip(places, run.stdout or (), strict=False):
                finished.put((place, json.loads(line)))
            message = (run.stderr.read() if run.stderr else b"").decode(errors="replace").strip()
        finished.put(
            JourneyError(message.splitlines()[-1] if message else "a notebook stopped")
            if run.wait()
            else None
        )

    groups = [group for first in range(WORKERS) if (group := list(pages)[first::WORKERS])]
    for group in groups:
        Thread(target=follow, args=(group,), daemon=True).start()
    for _ in range(len(pages) + len(groups)):
        answer = finished.get()
        if isinstance(answer, JourneyError):
            raise answer
        if answer is not None:
            yield answer


def run_page(source: Source) -> Results:
    """Run a page from top to bottom: what its cells print, what its inline expressions come to."""
    shell = _shell()
    printed: list[str] = []
    values: list[str] = []
    cells = iter(source.code)
    for place, part in enumerate(source.parts):
        if place % 2:
            printed.append(_run(shell, next(cells), f"{source.page.name}, cell {len(printed) + 1}"))
        else:
            values += [_value(shell, expression, source.page) for expression in _INLINE.findall(part)]
    return {"printed": printed, "values": values}


def shown(printed: str) -> list[Data]:
    """What a cell printed for pandoc, as MIME bundles in order: tables, figures, plain Markdown."""
    printed = _NUMBERED.sub(lambda match: f"\n**{_caption(match[2])}**\n{_blocks_only(match[2])}", printed)
    bundles: list[Data] = []
    start = 0
    for block in _RAW.finditer(printed):
        bundles += _text(printed[start : block.start()])
        bundles += _rich(block[3]) if block[2] == "html" else []
        start = block.end()
    return bundles + _text(printed[start:])


def plain_markdown(text: str, captions: dict[str, str], works: dict[str, str]) -> str:
    """Pandoc's Markdown as any notebook shows it: no divs, attributes, references by id or citation keys."""
    text = re.sub(r'^::: \{[^}]*title="([^"]*)"[^}]*\}$', r"**\1**", text, flags=re.MULTILINE)
    text = re.sub(r"^:::.*$\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=[\w\]\s])\s*\{[#.][^}]*\}", "", text)
    text = re.sub(r"@(tbl-[a-z0-9-]*[a-z0-9])", lambda match: f"the table “{captions[match[1]]}”", text)
    text = re.sub(r"\[@(\w+)\]", lambda match: f"({works[match[1]]})", text)
    text = re.sub(r"(?<!\w)@(\w+)", lambda match: works[match[1]], text)
    text = re.sub(r"\]\(([^):]+)\.qmd", r"](\1.html", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def load_ipython_extension(shell: Any) -> None:
    """Show in a reader's notebook what chapter cells print: each cell's text is held back, then published."""
    held = io.StringIO()
    usual = sys.stdout

    def before(*_: object) -> None:
        nonlocal usual
        usual, sys.stdout = sys.stdout, held

    def after(*_: object) -> None:
        sys.stdout = usual
        printed = held.getvalue()
        held.seek(0)
        held.truncate()
        for data in shown(printed):
            shell.display_pub.publish(data)

    shell.events.register("pre_run_cell", before)
    shell.events.register("post_run_cell", after)


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    shell = InteractiveShell.instance(config=settings)
    shell.reset(new_session=False)
    # The shell puts a module of its own in the place of the main one; who starts processes asks for its spec.
    vars(sys.modules["__main__"]).setdefault("__spec__", None)
    return shell


def _run(shell: Any, code: str, place: str) -> str:
    from IPython.utils.capture import capture_output

    with capture_output() as caught:
        result = shell.run_cell(code)
    if error := result.error_before_exec or result.error_in_exec:
        raise JourneyError(f"{place} failed: {type(error).__name__}: {error}")
    return str(caught.stdout)


def _value(shell: Any, expression: str, page: Path) -> str:
    try:
        value = eval(expression, shell.user_ns)
    except Exception as error:
        raise JourneyError(f"{page.name}: `{expression}` failed: {type(error).__name__}: {error}") from error
    return markdown_text(str(value))


def _text(markdown: str) -> list[Data]:
    """Markdown that stands between raw blocks; nothing when it only opens and closes divs."""
    plain = plain_markdown(markdown, {}, {})
    return [{"text/markdown": plain, "text/plain": _ESCAPED.sub(r"\1", plain)}] if plain else []


def _rich(source: str) -> list[Data]:
    """A raw HTML block: a figure, a table or text; what only a page can use is left out."""
    if figure := _FIGURE.search(source):
        title, alt = (html.unescape(part) for part in figure.groups())
        picture = _PICTURE.search(source)
        note = _FIGURE_NOTE.search(source)
        bundles: list[Data] = [{"text/markdown": f"**{title}**", "text/plain": title}]
        if picture is not None:
            bundles.append({"image/svg+xml": on_paper(picture[0], alt), "text/plain": alt})
        if data := _FIGURE_DATA.search(source):
            bundles += _table(data[1], most=ROWS)
        return bundles + ([{"text/markdown": note[1], "text/plain": html.unescape(note[1])}] if note else [])
    if "<form" in source:
        return []
    if code := _SQL.search(source):
        sql = html.unescape(re.sub(r"<[^>]+>", "", code[1]))
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", sql)), default=0))
        return [{"text/markdown": f"{fence}sql\n{sql}\n{fence}", "text/plain": sql}]
    return _table(source)


def _table(source: str, most: int | None = None) -> list[Data]:
    """HTML without what only a page can use; of a table with more rows than `most` the first ones."""
    bare = re.sub(r' (?:class|id|role|tabindex|scope|aria-[a-z]+|data-[a-z-]+)="[^"]*"', "", source)
    bare = re.sub(r"</?(?:div|span)>", "", bare)
    lines = list(_ROW.finditer(bare))[1:]
    if most and len(lines) > most:
        note = f"<p>The first {most} of {len(lines)} rows.</p>"
        bare = f"{bare[: lines[most].start()]}{bare[lines[-1].end() :].partition('<p>')[0]}{note}"
    # Seconds differ from build to build; a notebook does not.
    bare = re.sub(r" Time: [\d,]+ ms\.", "", bare)
    rows = re.sub(r"</t[hd]><t[hd]>", " | ", bare)
    return [{"text/html": bare, "text/plain": html.unescape(re.sub(r"<[^>]+>", "", rows)).strip()}]


def _blocks_only(body: str) -> str:
    return "\n".join(block[0] for block in _RAW.finditer(body))


def _caption(body: str) -> str:
    """The caption of a numbered table: what its div holds besides raw blocks."""
    return _ESCAPED.sub(r"\1", _RAW.sub("", body).strip())


def _digest(*parts: str) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(f"{len(part)}:{part}".encode())
    return state.hexdigest()


def _kept(file: Path, key: str) -> Results | None:
    """What a page printed when it was last run on just this; None when it must run."""
    try:
        entry = json.loads(file.read_text(encoding="utf-8"))
        return {"printed": entry["printed"], "values": entry["values"]} if entry["key"] == key else None
    except (OSError, ValueError, KeyError):
        return None


def _works(bibliography: Path) -> dict[str, str]:
    """Citation key -> author and year."""
    works = {}
    for name, year, authors in _AUTHORS.findall(bibliography.read_text(encoding="utf-8")):
        first, *others = authors.split(" and ")
        works[name + year] = f"{first.partition(',')[0]}{' et al.' if others else ''} {year}"
    return works


def main() -> int:
    """Run the pages named on the command line; print what came of each as a line of JSON."""
    root = Path.cwd()
    # What a library writes past Python, such as DuckDB's progress bar on a busy machine, is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        for name in sys.argv[1:]:
            print(json.dumps(run_page(_read(root, Path(name)))), file=answers, flush=True)
    except JourneyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
