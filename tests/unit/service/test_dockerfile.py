"""The Dockerfile, as far as it can be held without Docker: what it copies, pins, starts, and who runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import typer

from journey.cli import app
from journey.paths import project

ROOT = project().root


def instructions() -> list[tuple[str, str]]:
    """Instructions and their arguments, in order."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def copied() -> list[str]:
    """Sources that are copied from the checkout."""
    found = [arguments.split() for name, arguments in instructions() if name == "COPY"]
    return [source for parts in found if not parts[0].startswith("--from") for source in parts[:-1]]


def let_through() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]


def test_everything_that_is_copied_exists_and_is_let_through():
    assert len(copied()) >= 8
    for source in copied():
        assert list(ROOT.glob(source)), source
        assert any(source == each or source.startswith(f"{each}/") for each in let_through()), source
    for each in let_through():
        assert any(source == each or source.startswith(f"{each}/") for source in copied()), each


def test_every_package_is_pinned_with_a_hash_and_installed_without_others():
    lock = (ROOT / "requirements-api.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", lock)
    pinned = [entry for entry in entries if not entry.startswith("#")]
    assert len(pinned) > 50
    assert [entry for entry in pinned if "==" not in entry or "--hash=sha256:" not in entry] == []
    names = {entry.split("==")[0] for entry in pinned}
    assert {"fastapi", "uvicorn", "orjson", "prometheus-client", "xgboost-cpu", "hatchling"} <= names
    readers = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.M))
    same = dict(re.findall(r"^([\w.-]+)==(\S+)", readers, re.M))
    assert {name for name in same if versions.get(name) != same[name]} == set()
    runs = [arguments for name, arguments in instructions() if name == "RUN" and "pip install" in arguments]
    assert len(runs) == 2
    assert all("--no-deps" in arguments for arguments in runs)
    assert "--require-hashes" in runs[0]
    assert "--no-build-isolation" in runs[1]


def test_it_runs_as_somebody_without_rights_and_names_no_host_but_its_own():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    names = [name for name, _ in instructions()]
    user = dict(instructions())["USER"]
    assert int(user) > 0
    assert names.index("USER") < names.index("CMD")
    assert [arguments.split()[0] for name, arguments in instructions() if name == "FROM"] == [
        "python:3.11-slim"
    ] * 2
    assert set(re.findall(r"https?://([^/:']+)", text)) == {"127.0.0.1"}


def test_its_command_is_one_that_the_program_takes():
    program, *arguments = json.loads(dict(instructions())["CMD"])
    assert program == "journey"
    command = typer.main.get_command(app)
    context = command.make_context("journey", arguments, resilient_parsing=False)
    name, serve, rest = command.resolve_command(context, arguments)  # type: ignore[attr-defined]
    given = serve.make_context(name, rest, parent=context).params
    assert name == "serve"
    assert (given["host"], str(given["models"]), given["workers"]) == ("0.0.0.0", "/models", 2)
    assert given["port"] == int(dict(instructions())["EXPOSE"])
    assert f":{given['port']}/health" in dict(instructions())["HEALTHCHECK"]


def test_what_is_copied_is_enough_to_install_and_to_load_the_models(tmp_path: Path):
    pytest.importorskip("hatchling", reason="hatchling builds the package; it is not installed")
    pytest.importorskip("fastapi", reason="the extra api is not installed")
    build, models, wheels = (tmp_path / name for name in ("build", "models", "wheels"))
    for folder in (build, models, wheels):
        folder.mkdir()
    for source in copied():
        for file in ROOT.glob(source):
            if "models" in file.parts:
                shutil.copy(file, models)
            elif file.is_dir():
                shutil.copytree(file, build / file.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(file, build)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)],
        cwd=build,
        check=True,
        capture_output=True,
    )
    unpacked = tmp_path / "installed"
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        assert [name for name in wheel.namelist() if fnmatch(name, "journey/service/*.py")]
        wheel.extractall(unpacked)
    code = (
        "from pathlib import Path; import journey; from journey.service.app import create_app; "
        "from journey.service.load import load_landed; "
        "assert Path(journey.__file__).is_relative_to(UNPACKED); "
        "create_app(load_landed(Path(MODELS), 'after_3_events'), Path('.')); print('ready')"
    ).replace("UNPACKED", repr(str(unpacked)))
    found = subprocess.run(
        [sys.executable, "-c", code.replace("MODELS", repr(str(models)))],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert found.stdout == "ready\n", found.stderr
