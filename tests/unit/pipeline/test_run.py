"""Running stages: skips what is up to date, makes again what was harmed, survives a kill."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest
from rich.console import Console

from journey.errors import JourneyError
from journey.files import replacing, write_text
from journey.pipeline.run import Build
from journey.pipeline.stage import Stage
from journey.pipeline.state import State, file_digest

QUIET = Console(quiet=True)
MID, OUT = "data/results/mid", "data/results/out"


class Look:
    """Stands for all that a build may read: files of one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.code = self

    def forget(self):
        pass

    def keep(self):
        pass


def reads(name, look):
    return {name: file_digest(look.folder / name)}


def build(stages, folder):
    return Build(stages, State(folder / "state", folder), partial(Look, folder))


def run_stages(stages, selected, folder):
    return build(stages, folder).run(selected, QUIET)


def chain(folder, log):
    """Two stages: `first` copies the input, `second` copies the output of `first`."""

    def copy(name, source, target):
        def run(report, look):
            log.append(name)
            report(1, 1)
            write_text(folder / target, (folder / source).read_text())

        return Stage(name, name, run, partial(reads, source), (target,))

    return [copy("second", MID, OUT), copy("first", "in", MID)]


def test_runs_what_is_needed_and_skips_what_is_up_to_date(tmp_path):
    (tmp_path / "in").write_text("a")
    log: list[str] = []
    stages = chain(tmp_path, log)
    assert run_stages(stages, ["second"], tmp_path) == ["first", "second"]
    assert run_stages(stages, ["second"], tmp_path) == []
    (tmp_path / "in").write_text("b")
    assert run_stages(stages, ["second"], tmp_path) == ["first", "second"]
    assert (tmp_path / OUT).read_text() == "b"
    assert log == ["first", "second"] * 2


def test_a_stage_that_could_not_finish_is_tried_again_and_leaves_the_rest_alone(tmp_path):
    (tmp_path / "in").write_text("a")
    answers = [False, True]
    stage = Stage("far", "far", lambda report, look: answers.pop(0), partial(reads, "in"))
    stages = [stage, *chain(tmp_path, [])]
    assert set(run_stages(stages, ["far", "second"], tmp_path)) == {"far", "first", "second"}
    assert run_stages(stages, ["far", "second"], tmp_path) == ["far"]
    assert run_stages(stages, ["far", "second"], tmp_path) == []


def test_a_removed_output_is_made_again(tmp_path):
    (tmp_path / "in").write_text("a")
    stages = chain(tmp_path, [])
    run_stages(stages, ["second"], tmp_path)
    (tmp_path / OUT).unlink()
    assert run_stages(stages, ["second"], tmp_path) == ["second"]
    assert run_stages(stages, ["second"], tmp_path) == []


@pytest.mark.parametrize("output", ["numbers.json", "results/data/numbers.json"])
def test_what_an_import_took_away_from_its_store_is_made_again(tmp_path, output):
    (tmp_path / "in").write_text("a")
    target = f"data/stores/mine/{output}"

    def copy(report, look):
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        write_text(tmp_path / target, (tmp_path / "in").read_text())

    stages = [Stage("data", "data", copy, partial(reads, "in"), (target,))]
    run_stages(stages, ["data"], tmp_path)
    shutil.rmtree(tmp_path / "data/stores/mine")
    assert run_stages(stages, ["data"], tmp_path) == ["data"]
    assert run_stages(stages, ["data"], tmp_path) == []


@pytest.mark.parametrize("text", ["", "edited"])
def test_an_edited_or_truncated_output_is_made_again(tmp_path, text):
    (tmp_path / "in").write_text("whole")
    stages = chain(tmp_path, [])
    run_stages(stages, ["second"], tmp_path)
    (tmp_path / MID).write_text(text)
    assert build(stages, tmp_path).stale() == {"first": [MID], "second": [MID]}
    # The other's input is as it was in the end, so it does not run.
    assert run_stages(stages, ["second"], tmp_path) == ["first"]
    assert (tmp_path / MID).read_text() == "whole"


def test_an_input_that_changes_while_a_stage_runs_leaves_it_out_of_date(tmp_path):
    (tmp_path / "in").write_text("a")
    second, first = chain(tmp_path, [])

    def meanwhile(report, look):
        first.run(report, look)
        (tmp_path / "in").write_text("b")

    stages = [second, Stage("first", "first", meanwhile, first.inputs, first.makes)]
    run_stages(stages, ["first"], tmp_path)
    assert run_stages([second, first], ["first"], tmp_path) == ["first"]
    assert run_stages([second, first], ["first"], tmp_path) == []
    assert (tmp_path / MID).read_text() == "b"


def test_times_of_files_decide_nothing(tmp_path):
    source = tmp_path / "in"
    source.write_text("a")
    run_stages(chain(tmp_path, []), ["second"], tmp_path)
    before = source.stat()
    source.write_text("b")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run_stages(chain(tmp_path, []), ["second"], tmp_path) == ["first", "second"]
    os.utime(source)
    assert run_stages(chain(tmp_path, []), ["second"], tmp_path) == []


def test_what_a_stage_makes_no_more_goes(tmp_path):
    def writes(*names):
        def run(report, look):
            for name in names:
                write_text(tmp_path / "data/results" / name, name)

        return [Stage("only", "only", run, lambda look: {"names": str(names)})]

    run_stages(writes("a", "b"), ["only"], tmp_path)
    run_stages(writes("b"), ["only"], tmp_path)
    assert [path.name for path in (tmp_path / "data/results").iterdir()] == ["b"]


def test_a_moved_folder_is_up_to_date(tmp_path):
    root = tmp_path / "here"
    root.mkdir()
    (root / "in").write_text("a")
    run_stages(chain(root, []), ["second"], root)
    moved = root.rename(tmp_path / "there")
    assert run_stages(chain(moved, []), ["second"], moved) == []


def test_a_damaged_state_file_costs_a_rebuild_only(tmp_path):
    (tmp_path / "in").write_text("a")
    stages = chain(tmp_path, [])
    run_stages(stages, ["second"], tmp_path)
    (tmp_path / "state").write_text("{ broken")
    assert run_stages(stages, ["second"], tmp_path) == ["first", "second"]


def test_an_error_keeps_its_sentence_and_stops_the_rest(tmp_path):
    (tmp_path / "in").write_text("a")
    log: list[str] = []
    after, good = chain(tmp_path, log)

    def fail(report, look):
        raise JourneyError("orders.csv lacks column ts")

    bad = Stage("first", "first", fail, good.inputs, good.makes)
    with pytest.raises(JourneyError, match=r"orders\.csv lacks column ts"):
        run_stages([bad, after], ["second"], tmp_path)
    assert log == []
    assert not (tmp_path / MID).exists()


def test_unknown_stage_lists_the_known_ones(tmp_path):
    with pytest.raises(JourneyError, match="unknown stage 'third'; stages are second, first"):
        run_stages(chain(tmp_path, []), ["third"], tmp_path)


SLOW = """
import sys, time
from pathlib import Path
from rich.console import Console
from journey.files import replacing, write_text
from journey.pipeline.run import Build
from journey.pipeline.stage import Stage
from journey.pipeline.state import State, file_digest

folder, wait = Path(sys.argv[1]), float(sys.argv[2])

class Look:
    def forget(self):
        pass
    keep = forget
    code = property(lambda self: self)

def first(report, look):
    (folder / "first.log").open("a").write("x")
    write_text(folder / "mid", "whole")

def second(report, look):
    with replacing(folder / "out") as temporary:
        temporary.write_text("half")
        (folder / "started").write_text("")
        time.sleep(wait)
        temporary.write_text("whole")

stages = [
    Stage("first", "first", first, lambda look: {"in": file_digest(folder / "in")}, ("mid",)),
    Stage("second", "second", second, lambda look: {"mid": file_digest(folder / "mid")}),
]
Build(stages, State(folder / "state", folder), Look).run(["second"], Console(quiet=True))
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
