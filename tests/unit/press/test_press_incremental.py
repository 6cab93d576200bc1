"""What is unchanged is neither executed nor rendered again; what fails leaves the site as it was."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from support.press_site import CONFIG

import press
from press import site as press_site
from press.kernel import Runner
from press.source import Page

Small = Callable[..., Path]
PAGE = '---\ntitle: Counted\n---\n\nWords.\n\n```{python}\n#| output: asis\nprint("value", 1)\n```\n'


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages whose code was executed, in order."""
    executed: list[str] = []
    original = Runner.execute

    def counted(self: Runner, page: Page) -> list[str]:
        executed.append(page.path)
        return original(self, page)

    monkeypatch.setattr(Runner, "execute", counted)
    return executed


def rendered(root: Path, rests: str = "one") -> list[str]:
    """Render, and give the pages that it tells of; `rests` is what the code of the first page rests on."""
    with contextlib.redirect_stderr(io.StringIO()) as told:
        press.render(root, depends={"index.qmd": rests})
    return re.findall(r"^\[\d+/\d+\] (\S+)", told.getvalue(), flags=re.MULTILINE)


def test_only_what_changed_is_done_again(small: Small, runs: list[str]) -> None:
    root = small(PAGE)
    assert rendered(root) == ["index.qmd"]
    first = (root / "_site" / "index.html").read_bytes()
    assert rendered(root) == []

    (root / "index.qmd").write_text(PAGE.replace("Words.", "Other words."), "utf-8")
    assert rendered(root) == ["index.qmd"]
    assert "Other words." in (root / "_site" / "index.html").read_text("utf-8")
    assert runs == ["index.qmd"]

    (root / "index.qmd").write_text(PAGE, "utf-8")
    rendered(root)
    assert (root / "_site" / "index.html").read_bytes() == first
    assert runs == ["index.qmd"]

    assert rendered(root, "two") == ["index.qmd"]
    (root / "index.qmd").write_text(PAGE.replace("1)", "2)"), "utf-8")
    rendered(root, "two")
    assert "value 2" in (root / "_site" / "index.html").read_text("utf-8")
    assert runs == ["index.qmd"] * 3


def test_without_dependencies_code_always_runs(small: Small, runs: list[str]) -> None:
    root = small(PAGE)
    for _ in range(2):
        press.render(root)
    assert runs == ["index.qmd"] * 2


def test_a_command_after_finishes_pages_before_they_are_published(small: Small) -> None:
    config = CONFIG.replace("type: website", "type: website\n  post-render: finish.py word.txt")
    finish = (
        "import os, sys; from pathlib import Path\n"
        "for page in Path(os.environ['QUARTO_PROJECT_OUTPUT_DIR']).rglob('*.html'):\n"
        "    page.write_text(page.read_text().replace('Words', Path(sys.argv[1]).read_text()))\n"
    )
    root = small(PAGE, config, finish__py=finish, word__txt="Finished")
    assert rendered(root) == ["index.qmd"]
    assert "Finished" in (root / "_site" / "index.html").read_text("utf-8")
    assert rendered(root) == []
    (root / "word.txt").write_text("Other", "utf-8")
    assert rendered(root) == ["index.qmd"]
    assert "Other" in (root / "_site" / "index.html").read_text("utf-8")
    (root / "finish.py").write_text("1 / 0", "utf-8")
    with pytest.raises(press.PressError, match=r"post-render command failed: finish\.py word\.txt"):
        rendered(root)
    assert "Other" in (root / "_site" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_text("<p>other</p>")])
def test_what_was_done_to_the_site_is_undone(
    small: Small, runs: list[str], harm: Callable[..., None]
) -> None:
    root = small(PAGE)
    rendered(root)
    page = root / "_site" / "index.html"
    whole = page.read_bytes()
    harm(page)
    assert rendered(root) == ["index.qmd"]
    assert page.read_bytes() == whole
    assert runs == ["index.qmd"]


def test_a_site_half_published_is_known_as_such(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    root = small("Before.\n")
    rendered(root)
    (root / "index.qmd").write_text("After.\n", "utf-8")
    with monkeypatch.context() as killed:
        killed.setattr(press_site.Site, "index", lambda self: sys.exit("killed while publishing"))
        with pytest.raises(SystemExit):
            rendered(root)
    (root / "index.qmd").write_text("Before.\n", "utf-8")
    assert rendered(root) == ["index.qmd"]
    assert "Before." in (root / "_site" / "index.html").read_text("utf-8")


def test_one_page_rendered_does_not_vouch_for_the_others(small: Small) -> None:
    root = small("text\n")
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nText.\n", "utf-8")
    rendered(root)
    (root / "_site" / "other.html").write_text("cut", "utf-8")
    press.render(root, [root / "index.qmd"])
    assert rendered(root) == ["other.qmd"]


@pytest.mark.parametrize(
    "text", ['{"index', "[]", '{"index.qmd": {"key": "1", "files": ["index.html"]}}', "3"]
)
def test_a_damaged_record_costs_a_rendering_only(small: Small, text: str) -> None:
    root = small("text\n")
    rendered(root)
    (root / ".press" / "pages.json").write_text(text, "utf-8")
    assert rendered(root) == ["index.qmd"]


def test_a_moved_project_is_up_to_date(small: Small, tmp_path: Path) -> None:
    config = CONFIG.replace("html: default", "html: {include-after-body: end.html}")
    root = small("text\n", config, end__html="<p id='a'></p>")
    rendered(root)
    moved = tmp_path.parent / f"{tmp_path.name}-moved"
    root.rename(moved)
    assert rendered(moved) == []


def test_failure_leaves_the_site_as_it_was(small: Small) -> None:
    root = small(PAGE)
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nBefore.\n", "utf-8")
    rendered(root)
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nAfter.\n", "utf-8")
    (root / "index.qmd").write_text(PAGE + "\n```{python}\n#| include: false\n1 / 0\n```\n", "utf-8")
    with pytest.raises(press.PressError):
        rendered(root)
    assert "Before." in (root / "_site" / "other.html").read_text("utf-8")
    assert sorted(path.name for path in (root / ".press").iterdir()) == ["pages.json", "results"]


def test_page_that_is_gone_leaves_the_site(small: Small) -> None:
    root = small(PAGE)
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nText.\n", "utf-8")
    rendered(root)
    (root / "other.qmd").unlink()
    rendered(root)
    assert not (root / "_site" / "other.html").exists()
    assert (root / "_site" / "index.html").exists()


def test_one_page_of_several(small: Small) -> None:
    root = small(PAGE)
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nText.\n", "utf-8")
    press.render(root, [root / "other.qmd"])
    assert (root / "_site" / "other.html").exists()
    assert not (root / "_site" / "index.html").exists()


def test_code_runs_once_for_all_formats(small: Small, runs: list[str]) -> None:
    formats = "format-links: [html]\nformat: {html: default, typst: default}\n---"
    root = small(PAGE.replace("---\n\nWords", f"{formats}\n\nWords"), data__txt="")
    rendered(root)
    assert (root / "_site" / "index.pdf").exists()
    assert runs == ["index.qmd"]


def test_files_follow_their_sources(small: Small) -> None:
    config = CONFIG.replace("type: website", "type: website\n  resources: [/extra.txt]")
    root = small("[linked](linked.txt) and [extra](extra.txt)\n", config, linked__txt="1", extra__txt="1")
    rendered(root)
    (root / "extra.txt").write_text("2", "utf-8")
    (root / "linked.txt").write_text("2", "utf-8")
    rendered(root)
    assert (root / "_site" / "extra.txt").read_text("utf-8") == "2"
    assert (root / "_site" / "linked.txt").read_text("utf-8") == "2"
    (root / "index.qmd").write_text("no more\n", "utf-8")
    rendered(root)
    assert not (root / "_site" / "linked.txt").exists()
    assert (root / "_site" / "extra.txt").exists()


def test_named_files_make_every_page_stale(small: Small) -> None:
    config = CONFIG.replace("html: default", "html: {include-after-body: end.html}")
    root = small("text\n", config, end__html="<p id='a'></p>", data__txt="")
    rendered(root)
    assert rendered(root) == []
    (root / "end.html").write_text("<p id='b'></p>", "utf-8")
    assert rendered(root) == ["index.qmd"]
    assert "<p id='b'></p>" in (root / "_site" / "index.html").read_text("utf-8")


def test_pre_render_is_left_to_who_renders(small: Small) -> None:
    root = small("text\n", CONFIG.replace("type: website", "type: website\n  pre-render: 'false'"))
    press.render(root)
    assert (root / "_site" / "index.html").exists()


def start(root: Path) -> subprocess.Popen[bytes]:
    """Render in a process of its own."""
    command = "import sys; from pathlib import Path; import press; press.render(Path(sys.argv[1]))"
    return subprocess.Popen(
        [sys.executable, "-c", command, str(root)],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_kernels(root: Path, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes below a renderer, once its page says that it has started."""
    deadline = time.monotonic() + 60
    while not (root / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert kernels
    return kernels


def test_interrupt_stops_kernels_and_leaves_nothing(small: Small) -> None:
    root = small(
        '```{python}\n#| include: false\nopen("started", "w").close()\nimport time; time.sleep(600)\n```\n'
    )
    process = start(root)
    kernels = wait_for_kernels(root, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) != 0
    assert not [kernel for kernel in kernels if kernel.is_running() and kernel.status() != "zombie"]
    assert not (root / "_site").exists()
    assert not list((root / ".press").glob(".aside*"))


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_kernels_share_what_was_imported_for_them_and_nothing_else(small: Small) -> None:
    cell = '```{python}\n#| output: asis\nimport sys\nprint("imported", "colorsys" in sys.modules)\n'
    cell += 'import colorsys\nprint("marked", hasattr(colorsys, "mark"))\ncolorsys.mark = 1\n```\n'
    root = small(cell)
    (root / "other.qmd").write_text(f"---\ntitle: Other\n---\n\n{cell}", "utf-8")
    site = press.render(root, modules=["colorsys", "no_such_module"])
    for page in ("index.html", "other.html"):
        text = (site / page).read_text("utf-8")
        assert "imported True" in text
        assert "marked False" in text


def test_kernels_end_with_a_renderer_that_is_killed(small: Small) -> None:
    root = small('```{python}\n#| include: false\nopen("started", "w").close()\nwhile True: pass\n```\n')
    process = start(root)
    kernels = wait_for_kernels(root, process)
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(kernels, timeout=20)
    assert gone
    assert not alive
