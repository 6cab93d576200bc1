"""The build graph: skips what is up to date, survives a kill, writes whole files or none."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from rich.console import Console

from journey.errors import JourneyError
from journey.files import replacing, write_text
from journey.pipeline.run import Stage, run_stages

QUIET = Console(quiet=True)


def chain(folder, log):
    """Two stages: `first` copies the input, `second` copies the output of `first`."""

    def copy(name, source, target):
        def run(report):
            log.append(name)
            report(1, 1)
            write_text(target, source.read_text())

        return Stage(name, name, run, (source,), (target,))

    return [
        copy("first", folder / "in", folder / "mid"),
        copy("second", folder / "mid", folder / "out"),
    ]


def test_runs_what_is_needed_and_skips_what_is_up_to_date(tmp_path):
    (tmp_path / "in").write_text("a")
    log: list[str] = []
    stages = chain(tmp_path, log)
    assert run_stages(stages, ["second"], tmp_path / "state", QUIET) == ["first", "second"]
    assert run_stages(stages, ["second"], tmp_path / "state", QUIET) == []
    (tmp_path / "in").write_text("b")
    assert run_stages(stages, ["second"], tmp_path / "state", QUIET) == ["first", "second"]
    assert (tmp_path / "out").read_text() == "b"
    assert log == ["first", "second"] * 2


def test_a_removed_output_is_made_again(tmp_path):
    (tmp_path / "in").write_text("a")
    stages = chain(tmp_path, [])
    run_stages(stages, ["second"], tmp_path / "state", QUIET)
    (tmp_path / "out").unlink()
    assert run_stages(stages, ["second"], tmp_path / "state", QUIET) == ["second"]


def test_a_damaged_state_file_costs_a_rebuild_only(tmp_path):
    (tmp_path / "in").write_text("a")
    stages = chain(tmp_path, [])
    run_stages(stages, ["second"], tmp_path / "state", QUIET)
    (tmp_path / "state").write_text("{ broken")
    assert run_stages(stages, ["second"], tmp_path / "state", QUIET) == ["first", "second"]


def test_an_error_keeps_its_sentence_and_stops_the_rest(tmp_path):
    (tmp_path / "in").write_text("a")
    log: list[str] = []
    good, after = chain(tmp_path, log)

    def fail(report):
        raise JourneyError("orders.csv lacks column ts")

    bad = Stage("first", "first", fail, good.inputs, good.outputs)
    with pytest.raises(JourneyError, match=r"orders\.csv lacks column ts"):
        run_stages([bad, after], ["second"], tmp_path / "state", QUIET)
    assert log == []
    assert not (tmp_path / "mid").exists()


def test_unknown_stage_lists_the_known_ones(tmp_path):
    with pytest.raises(JourneyError, match="unknown stage 'third'; stages are first, second"):
        run_stages(chain(tmp_path, []), ["third"], tmp_path / "state", QUIET)


SLOW = """
import sys, time
from pathlib import Path
from rich.console import Console
from journey.files import replacing
from journey.pipeline.run import Stage, run_stages

folder, wait = Path(sys.argv[1]), float(sys.argv[2])

def first(report):
    (folder / "first.log").open("a").write("x")
    (folder / "mid").write_text("whole")

def second(report):
    with replacing(folder / "out") as temporary:
        temporary.write_text("half")
        (folder / "started").write_text("")
        time.sleep(wait)
        temporary.write_text("whole")

run_stages(
    [
        Stage("first", "first", first, (folder / "in",), (folder / "mid",)),
        Stage("second", "second", second, (folder / "mid",), (folder / "out",)),
    ],
    ["second"], folder / "state", Console(quiet=True),
)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_build_killed_in_the_middle_leaves_nothing_half_and_resumes(tmp_path, how):
    (tmp_path / "in").write_text("a")
    script = tmp_path / "slow.py"
    script.write_text(textwrap.dedent(SLOW))
    process = subprocess.Popen([sys.executable, script, tmp_path, "60"], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline, "the second stage never started"
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(timeout=30) != 0
    assert not (tmp_path / "out").exists()

    subprocess.run([sys.executable, script, tmp_path, "0"], check=True, timeout=60)
    assert (tmp_path / "out").read_text() == "whole"
    assert (tmp_path / "first.log").read_text() == "x", "the finished stage was not run again"


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    target = tmp_path / "store"
    with replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("new")
        raise RuntimeError
    assert (target / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
