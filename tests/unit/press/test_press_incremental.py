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


def rendered(root: Path) -> list[str]:
    """Render; the pages that it tells to have rendered."""
    with contextlib.redirect_stderr(io.StringIO()) as told:
        press.render(root)
    return re.findall(r"^\[\d+/\d+\] (\S+)", told.getvalue(), flags=re.MULTILINE)


def test_only_what_changed_is_done_again(small: Small, runs: list[str]) -> None:
    root = small(PAGE, data__txt="one")
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

    (root / "data.txt").write_text("two", "utf-8")
    assert rendered(root) == ["index.qmd"]
    (root / "index.qmd").write_text(PAGE.replace("1)", "2)"), "utf-8")
    rendered(root)
    assert "value 2" in (root / "_site" / "index.html").read_text("utf-8")
    assert runs == ["index.qmd"] * 3


def test_without_dependencies_code_always_runs(small: Small, runs: list[str]) -> None:
    root = small(PAGE, CONFIG[: CONFIG.index("press:")])
    rendered(root)
    assert rendered(root) == ["index.qmd"]
    assert runs == ["index.qmd"] * 2


def test_failure_leaves_the_site_as_it_was(small: Small) -> None:
    root = small(PAGE, data__txt="")
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nBefore.\n", "utf-8")
    rendered(root)
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nAfter.\n", "utf-8")
    (root / "index.qmd").write_text(PAGE + "\n```{python}\n#| include: false\n1 / 0\n```\n", "utf-8")
    with pytest.raises(press.PressError):
        rendered(root)
    assert "Before." in (root / "_site" / "other.html").read_text("utf-8")
    assert sorted(path.name for path in (root / ".press").iterdir()) == ["pages.json", "results"]


def test_page_that_is_gone_leaves_the_site(small: Small) -> None:
    root = small(PAGE, data__txt="")
    (root / "other.qmd").write_text("---\ntitle: Other\n---\n\nText.\n", "utf-8")
    rendered(root)
    (root / "other.qmd").unlink()
    rendered(root)
    assert not (root / "_site" / "other.html").exists()
    assert (root / "_site" / "index.html").exists()


def test_one_page_of_several(small: Small) -> None:
    root = small(PAGE, data__txt="")
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


def test_pre_render_can_be_left_out(small: Small) -> None:
    root = small("text\n", CONFIG.replace("type: website", "type: website\n  pre-render: 'false'"))
    press.render(root, pre_render=False)
    assert (root / "_site" / "index.html").exists()


def test_interrupt_stops_kernels_and_leaves_nothing(small: Small) -> None:
    root = small(
        '```{python}\n#| include: false\nopen("started", "w").close()\nimport time; time.sleep(600)\n```\n'
    )
    command = "from press.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "render", "--root", str(root)],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not (root / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert kernels
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) != 0
    assert not [kernel for kernel in kernels if kernel.is_running() and kernel.status() != "zombie"]
    assert not (root / "_site").exists()
    assert not list((root / ".press").glob("aside*"))
