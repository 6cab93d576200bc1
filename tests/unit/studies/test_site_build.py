"""The first command is timed on a clone, again after each change, and what fails is said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.paths import Paths
from journey.studies.site_build import CHANGES, CHECKED, CLEAN, PROSE, QUERY, UNCHANGED, build_site

MAKEFILE = 'site:\n\t@test -z "$$JOURNEY_DATA_DIR"\n\t@mkdir -p _site\n\t@{recipe}\n'


def project(folder: Path, recipe: str) -> Paths:
    """A checkout whose site is a count of what was built."""
    files = {"Makefile": MAKEFILE.format(recipe=recipe)} | {name: "before" for name, _ in CHANGES.values()}
    files[".ci/run"] = '#!/bin/sh\ntest -z "$JOURNEY_DATA_DIR" && make site\n'
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".ci/run").chmod(0o755)
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return Paths(folder)


def test_every_step_is_run_on_a_clone_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEY_DATA_DIR", "somewhere")
    log = tmp_path / "log"
    seen = " ".join(name for name, _ in CHANGES.values())
    paths = project(
        tmp_path / "shop", f"cat {seen} | tr -d '\\n' >> {log}; echo >> {log}; touch _site/a.html"
    )
    found = build_site(paths)
    assert [step["what"] for step in found["steps"]] == [CLEAN, UNCHANGED, PROSE, QUERY, CHECKED]
    assert all(step["seconds"] >= 0 for step in found["steps"])
    assert found["pages"] == 1
    clean, unchanged, prose, query, checked = log.read_text(encoding="utf-8").splitlines()
    assert clean == unchanged == checked == "beforebefore"
    assert prose == f"before{CHANGES[PROSE][1].strip()}before"
    assert query == f"{prose}{CHANGES[QUERY][1].strip()}"
    assert not (tmp_path / "shop" / "_site").exists(), "the checkout itself is left alone"


def test_a_build_that_fails_is_named(tmp_path: Path) -> None:
    paths = project(tmp_path / "shop", "echo 'no such thing' >&2; exit 3")
    with pytest.raises(JourneyError, match=r"^make site failed in a clone of the project: make: .*Error 3"):
        build_site(paths)
