"""What real Quarto needs: its modules, a version that exists, a kept .gitignore, a clear first step."""

import hashlib
import importlib
import os
import re
import subprocess
import sys

import pytest
import yaml

from journey.paths import project

ROOT = project().root
WORKFLOWS = ROOT / ".github" / "workflows"
PRE_RENDER = ROOT / "src/journey/prerender.py"
FAKE_GH = """#!/bin/sh
[ -n "$GH_FAILS" ] && { echo "release not found" >&2; exit 1; }
printf package > "quarto-$QUARTO_VERSION-linux-amd64.deb"
echo "$GH_SUM  quarto-$QUARTO_VERSION-linux-amd64.deb" > "quarto-$QUARTO_VERSION-checksums.txt"
"""


@pytest.mark.parametrize("module", ["nbclient", "nbformat", "jupyter_client", "ipykernel", "yaml"])
def test_what_quartos_engine_imports_is_installed_and_declared(module):
    assert importlib.import_module(module)
    package = {"yaml": "pyyaml"}.get(module, module.replace("_", "-"))
    assert re.search(rf'^  "{package}>=', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert re.search(rf"^{package}==", (ROOT / "requirements.lock").read_text("utf-8"), re.M)


@pytest.fixture
def workflow():
    return yaml.safe_load((WORKFLOWS / "check.yml").read_text(encoding="utf-8"))


def test_the_version_of_quarto_is_a_stable_one_named_once(workflow):
    version = workflow["env"]["QUARTO_VERSION"]
    major, minor, _ = (int(part) for part in version.split("."))
    # Odd or even says nothing of Quarto; 1.11 was in development when this was pinned.
    assert (major, minor) == (1, 10)
    texts = [file.read_text(encoding="utf-8") for file in sorted(WORKFLOWS.glob("*.yml"))]
    assert sum(text.count(version) for text in texts) == 1


def install_quarto(workflow, folder, **environment):
    """Run the workflow's own script that installs Quarto, with stand-ins for gh and sudo."""
    (script,) = (
        step["run"]
        for step in workflow["jobs"]["check"]["steps"]
        if "Quarto" in step.get("name", "") and "install" in step["name"].lower()
    )
    for name, text in {"gh": FAKE_GH, "sudo": '#!/bin/sh\necho "installed $3"\n'}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    known = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "QUARTO_VERSION": "9.9.9",
    }
    return subprocess.run(
        ["bash", "-e", "-c", script], env=known | environment, capture_output=True, text=True, check=False
    )


def test_a_version_that_does_not_exist_fails_with_one_sentence(workflow, tmp_path):
    ran = install_quarto(workflow, tmp_path, GH_FAILS="1")
    assert ran.returncode == 1
    assert ran.stdout.startswith("::error::Quarto 9.9.9 could not be downloaded: set QUARTO_VERSION to")
    assert (len(ran.stdout.splitlines()), ran.stderr) == (1, "")


def test_a_damaged_download_is_not_installed(workflow, tmp_path):
    right = hashlib.sha256(b"package").hexdigest()
    assert "installed quarto-9.9.9" in install_quarto(workflow, tmp_path, GH_SUM=right).stdout
    ran = install_quarto(workflow, tmp_path, GH_SUM="0" * 64)
    assert ran.returncode != 0
    assert "installed" not in ran.stdout


def test_the_two_sites_are_compared_where_the_workflow_puts_them(workflow):
    (step,) = (step for step in workflow["jobs"]["check"]["steps"] if "compare" in step.get("name", ""))
    published = workflow["jobs"]["check"]["steps"][-1]["with"]["path"]
    assert step["env"]["JOURNEY_SITE_QUARTO"] == published
    assert (
        step["run"].index("mv _site") < step["run"].index("--engine press") < step["run"].index("tests/site")
    )


def test_quarto_finds_the_lines_it_would_add_to_gitignore():
    assert {"/.quarto/", "**/*.quarto_ipynb"} <= set((ROOT / ".gitignore").read_text("utf-8").splitlines())


def test_a_python_without_the_project_is_told_what_to_run():
    ran = subprocess.run(
        [sys.executable, "-S", "-E", str(PRE_RENDER)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1
    assert "pip install --editable ." in ran.stderr
    assert "quarto render" in ran.stderr


def test_the_readme_names_three_ways():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [way for way in ("make site", "journey render", "quarto render") if way not in readme] == []
