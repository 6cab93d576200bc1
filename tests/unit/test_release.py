"""A version has its part of the changelog, and the workflow tags it once."""

import os
import re
import subprocess

import pytest
import yaml

import journey
from journey.paths import project

ROOT = project().root
FAKE_GH = """#!/bin/sh
echo "$@" >> "$TOLD"
[ "$2" = view ] && exit "$VIEW"
[ "$2" = create ] && cp notes.md "$TOLD.notes"
exit 0
"""


@pytest.fixture
def tag(tmp_path):
    """Run the workflow's own script in a copy of what it reads; gives what it asked of gh, and the notes."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["release"]["steps"][-1]["run"]
    (tmp_path / "gh").write_text(FAKE_GH)
    (tmp_path / "gh").chmod(0o755)
    for name in ("CHANGELOG.md", "src/journey/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())

    def run(view: int) -> tuple[list[str], str]:
        told = tmp_path / "told"
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "TOLD": str(told), "VIEW": str(view), "GITHUB_SHA": "abc"}
        subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True)
        notes = tmp_path / "told.notes"
        return told.read_text().splitlines(), notes.read_text() if notes.exists() else ""

    return run


def test_a_version_without_a_tag_gets_one_with_its_notes(tag):
    told, notes = tag(view=1)
    version = journey.__version__
    assert told[1] == (f"release create v{version} --target abc --title {version} --notes-file notes.md")
    assert notes.strip().startswith("- ")
    assert not re.search("^## ", notes, re.M)
    assert notes.strip() in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_version_with_a_tag_is_left_alone(tag):
    assert tag(view=0) == ([f"release view v{journey.__version__}"], "")
