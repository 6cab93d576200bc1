"""Some chapters run and rendered by the offline renderer, beside their notebooks by nbconvert.

Neither gives what the other gives. nbconvert runs each notebook in a kernel of its own, one after the other,
and writes a page without a site around it. The renderer runs the chapters side by side, in kernels that are
forked, and makes pages of the site: numbered references, navigation, figures for a phone and a wide page,
what a browser may load, the index of the search. So what both have to hold is compared: every cell of every
table, and numbers of the ledger.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from journey.errors import JourneyError
from journey.paths import Paths

PRESS, NBCONVERT = "press", "nbconvert"
CHAPTERS = ("01-data-audit", "03-journeys", "04-segments", "07-recommendations")
#: Renders pages; pages, root and modules come as JSON.
RENDER = """
import json, sys
from pathlib import Path
import press
given = json.loads(sys.argv[1])
press.render(Path(given["root"]), [Path(page) for page in given["pages"]], modules=given["modules"])
"""
#: Seconds between two looks at the processes; what one uses after the last look does not count.
LOOK = 0.05
CODE = re.compile(r"^```\{python\}\n", re.MULTILINE)
IMPORTED = re.compile(r"^from (journey[\w.]*) import", re.MULTILINE)
NUMBER = re.compile(r"`\{python\} n\.(\w+\.\w+)`")
CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def render_pages(way: str, paths: Paths) -> tuple[dict[str, str], dict[str, float]]:
    """Run and render the chapters once, with nothing kept from before.

    Returns
    -------
    pages
        Chapter -> its page.
    taken
        `seconds` by the clock, and of the `processor` in all processes.

    Raises
    ------
    JourneyError
        When a notebook is missing, or the way fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command, made = (as_site if way == PRESS else as_notebooks)(paths, folder)
        taken = measured(command, folder, os.environ | {"JOURNEY_ROOT": str(paths.root)})
        return {
            chapter: (made / f"{chapter}.html").read_text(encoding="utf-8") for chapter in CHAPTERS
        }, taken


def as_site(paths: Paths, folder: Path) -> tuple[list[str], Path]:
    """The command that renders pages of the site in a copy of the project, and where they will be.

    Modules that pages import are imported once, as the build has it.
    """
    for entry in paths.root.iterdir():
        if not entry.name.startswith(".") and entry != paths.site:
            (folder / entry.name).symlink_to(entry)
    pages = [f"chapters/{chapter}.qmd" for chapter in CHAPTERS]
    shared = paths.root / "src" / "journey" / "report" / "chapter.py"
    texts = [file.read_text(encoding="utf-8") for file in (shared, *(paths.root / page for page in pages))]
    modules = {name for text in texts for name in IMPORTED.findall(text)} - {"journey.report.chapter"}
    given = {"root": str(folder), "pages": pages, "modules": sorted(modules)}
    return [sys.executable, "-c", RENDER, json.dumps(given)], folder / paths.site.name / "chapters"


def as_notebooks(paths: Paths, folder: Path) -> tuple[list[str], Path]:
    """The command that runs and converts the chapters' notebooks, and where their pages will be.

    Cells that only a notebook has, which compute figures again, are left out.

    Raises
    ------
    JourneyError
        When the notebook of a chapter is missing.
    """
    for chapter in CHAPTERS:
        source = paths.root / "chapters" / f"{chapter}.ipynb"
        if not source.is_file():
            raise JourneyError(f"{source.name} is missing; run `journey build`, then compare")
        book = json.loads(source.read_text(encoding="utf-8"))
        number = len(CODE.findall(source.with_suffix(".qmd").read_text(encoding="utf-8")))
        code = [place for place, cell in enumerate(book["cells"]) if cell["cell_type"] == "code"]
        only_here = set(code[number:])
        book["cells"] = [cell for place, cell in enumerate(book["cells"]) if place not in only_here]
        (folder / source.name).write_text(json.dumps(book), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", "pages"]
    return [*command, *(f"{chapter}.ipynb" for chapter in CHAPTERS)], folder / "pages"


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run a command in a folder: seconds by the clock, and of the processor with all that it starts.

    Kernels that are forked are no children of who waits for them, so processes are looked at while they run.

    Raises
    ------
    JourneyError
        With the last line of what it said, when it fails.
    """
    used: dict[tuple[int, str], float] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        start = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said) as run:
            while run.poll() is None:
                used |= processors(run.pid)
                time.sleep(LOOK)
        seconds = time.perf_counter() - start
        if run.returncode:
            said.seek(0)
            last = (said.read().strip().splitlines() or ["nothing"])[-1]
            raise JourneyError(f"the chapters were not rendered; it said: {last}")
    return {"seconds": seconds, "processor": sum(used.values())}


def processors(first: int) -> dict[tuple[int, str], float]:
    """Processor seconds of a process and of all below it, by number and time of start (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    found: dict[int, tuple[int, str, float]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            # After the name in brackets: state, parent, ..., user and system time, ..., start.
            words = text[text.rindex(")") + 2 :].split()
            found[int(folder.name)] = int(words[1]), words[19], (int(words[11]) + int(words[12])) / ticks
    below = {first}
    while more := {number for number, one in found.items() if one[0] in below} - below:
        below |= more
    return {(number, found[number][1]): found[number][2] for number in below if number in found}


def check_pages(ours: dict[str, str], theirs: dict[str, str], paths: Paths) -> dict[str, int]:
    """Hold the pages of two ways against each other.

    Returns
    -------
    dict
        `cells`: cells of tables that both have. `numbers`: of the ledger, that both have.

    Raises
    ------
    JourneyError
        When a cell of their tables, or a number of the ledger that the prose names, is not on a page.
    """
    told = json.loads(paths.numbers.read_text(encoding="utf-8"))["numbers"]
    # Narrow spaces count as spaces, here as in `plain`.
    ledger = {each["id"]: " ".join(each["text"].split()) for each in told}
    same = {"cells": 0, "numbers": 0}
    for chapter in CHAPTERS:
        there = cells(theirs[chapter])
        if missing := there - cells(ours[chapter]):
            raise JourneyError(
                f"{chapter}: {next(iter(missing))!r} is a cell of one page alone; no time is shown"
            )
        prose = (paths.root / "chapters" / f"{chapter}.qmd").read_text(encoding="utf-8")
        texts = plain(ours[chapter]), plain(theirs[chapter])
        for name in sorted(set(NUMBER.findall(prose))):
            if not all(ledger[name] in text for text in texts):
                raise JourneyError(f"{chapter}: the number {name} is not on both pages; no time is shown")
            same["numbers"] += 1
        same["cells"] += there.total()
    if not all(same.values()):
        raise JourneyError("the pages have nothing that could be compared; no time is shown")
    return same


def cells(page: str) -> Counter[str]:
    """What the cells of all tables say, and how often."""
    return Counter(text for cell in CELL.findall(page) if (text := plain(cell)))


def plain(page: str) -> str:
    """A page's text without markup and what keeps words together, on one line."""
    return " ".join(html.unescape(TAG.sub(" ", page)).replace("\u2060", "").split())
