"""The command line: bad input is one sentence and exit status 2; a stop says how to go on."""

import errno
import importlib.util
import re
import shutil
import signal
import subprocess
import sys

import pytest

from journey.cli import run
from journey.paths import Paths, project


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["build", "nosuch"], "unknown stage 'nosuch'"),
        (["render", "nosuch.qmd"], "nosuch.qmd does not exist"),
        (["render", "--engine", "word"], "unknown engine 'word'"),
        (["simulate", "--users", "many"], "a valid integer"),
        (["simulate", "--dirt", "nan"], "Parameter dirt is nan"),
        (["simulate", "--dirt", "inf"], "Dirt rate duplicate is inf"),
        (["simulate", "--users", "800"], "a shop of 800 users is too small for the report"),
        (["simulate", "--days", "60"], "a shop of 60 days cannot be compared with the committed ones"),
        (["simulate", "--users", "-5"], "Parameter users is -5"),
        (["preview", "--port", "99999"], "'--port'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(arguments, message, capsys):
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "command", ["simulate", "fetch", "build", "numbers", "check", "render", "preview", "bench", "serve"]
)
def test_every_command_explains_itself(command, capsys):
    assert run([command, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.fixture
def empty_project(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for name in ("_quarto.yml", "sql", "assumptions.toml", "data/evidence", "data/datasets.toml"):
        (tmp_path / name).symlink_to(project().root / name)
    # What the build found in the code when it was last read; reading it all takes seconds.
    if (known := project().processed / ".sights.json").is_file():
        (tmp_path / "data/processed").mkdir()
        shutil.copy(known, tmp_path / "data/processed")
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    return Paths(tmp_path)


def test_refused_settings_are_not_kept(empty_project):
    assert run(["simulate", "--users", "-5"]) == 2
    assert not (empty_project.raw / "shop.json").exists()


@pytest.mark.parametrize(
    "text", ["", '{"users": 10', "[3]", '{"userz": 3}', '{"users": "many"}', '{"users": -5}']
)
def test_a_damaged_settings_file_is_one_sentence(empty_project, text, capsys):
    empty_project.raw.mkdir(parents=True)
    (empty_project.raw / "shop.json").write_text(text)
    assert run(["build", "simulate"]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "shop.json" in error or "Parameter users" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "command", ["simulate", "build", "numbers", "check", "render", "study --list", "fetch"]
)
def test_a_missing_project_is_said_and_nothing_is_made(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path / "nowhere"))
    assert run(command.split()) == 2
    assert "is no checkout of the project" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_has_changed_is_listed_and_computed(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr("journey.studies.running.stale", lambda paths: ["drift_twins", "sequence_model"])
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else found(name))
    monkeypatch.setattr("journey.studies.running.run_studies", lambda names, paths: ran.extend(names) or [])
    assert run(["study", "--changed"]) == 0
    assert ran == ["drift_twins"]
    told = " ".join(capsys.readouterr().err.split())
    assert "Left out: study sequence_model needs torch" in told
    assert run(["study", "--list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert [lines[name].split()[1] for name in ("drift_twins", "birth_weights")] == ["changed", "current"]
    assert re.search(r"current +\d+ s  How often do daily looks .*\? \(asos\)$", lines["asos_peeking"])


@pytest.mark.parametrize("command", ["simulate", "build", "numbers", "render", "study birth_weights"])
@pytest.mark.parametrize(("number", "told"), [(errno.EROFS, "read-only"), (errno.ENOSPC, "disk is full")])
def test_what_cannot_be_written_is_one_sentence(command, number, told, empty_project, monkeypatch, capsys):
    def refuse(*arguments, **options):
        raise OSError(number, "no", "some/file")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    monkeypatch.setattr("journey.studies.running.run_studies", refuse)
    assert run(command.split()) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "some/file cannot be written" in error
    assert told in error


def test_an_interrupt_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("journey.stores.catalog.load_catalog", interrupted)
    assert run(["fetch", "--list"]) == 130
    assert "Interrupted. Run the same command again" in capsys.readouterr().err


WAITS = """
import time
import journey.stores.catalog
from journey import cli
from journey.files import replacing

def wait(path):
    with replacing(FOLDER / "made") as temporary:
        print("ready", flush=True)
        time.sleep(60)

from pathlib import Path
import sys
FOLDER = Path(sys.argv.pop())
journey.stores.catalog.load_catalog = wait
cli.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stop_leaves_nothing_half_made(name, tmp_path):
    command = [sys.executable, "-c", WAITS, "fetch", "--list", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=project().root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        _, told = process.communicate(timeout=30)
    assert process.returncode == 128 + getattr(signal, name)
    assert "Interrupted." in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
