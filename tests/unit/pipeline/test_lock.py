"""One build at a time, and nothing left of those that were killed."""

import os
import subprocess
import sys
import tempfile
import threading

from rich.console import Console

from journey.paths import Paths
from journey.pipeline.lock import VARIABLE, alone

QUIET = Console(quiet=True)
HOLDS = """
import sys
from pathlib import Path
from rich.console import Console
from journey.files import replacing
from journey.paths import Paths
from journey.pipeline.lock import alone

paths = Paths(Path(sys.argv[1]))
with alone(paths, Console(quiet=True)), replacing(paths.store("simulated")) as temporary:
    temporary.mkdir()
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_build_left_goes_and_nothing_else(tmp_path):
    paths = Paths(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.kill()
    [left] = paths.raw.glob(".simulated.*")
    for target in (
        "data/results/funnel/drops.parquet",
        "numbers.json",
        "chapters/01.ipynb",
        ".press/aside",
    ):
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        tempfile.mkdtemp(prefix=f".{(tmp_path / target).name}.", dir=(tmp_path / target).parent)
    others = [tmp_path / ".venv" / "lib", tmp_path / ".git", tmp_path / "data" / "results" / "funnel"]
    for other in others:
        other.mkdir(parents=True, exist_ok=True)
    with alone(paths, QUIET):
        assert not left.exists()
        assert not list(tmp_path.rglob(".*.????????"))
        assert all(other.is_dir() for other in others)


def test_a_second_build_waits_for_the_first(tmp_path):
    paths = Paths(tmp_path)
    command = [sys.executable, "-c", HOLDS, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        let_go = threading.Timer(1, lambda: (process.stdin.write(b"\n"), process.stdin.flush()))
        let_go.start()
        with alone(paths, QUIET):
            assert (paths.raw / "simulated").is_dir(), "the first had ended"


def test_what_a_build_starts_itself_does_not_wait(tmp_path):
    with alone(Paths(tmp_path), QUIET), alone(Paths(tmp_path), QUIET):
        pass
    assert VARIABLE not in os.environ
