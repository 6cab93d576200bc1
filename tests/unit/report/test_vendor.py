"""Copies of third-party scripts: checked before anything is read from them, whole or not at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import tarfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.work import copy_duckdb
from journey.report import vendor
from journey.report.sqllibrary import show_live
from journey.report.vendor import ARROW, DUCKDB, PLOTLY, OutOfReachError, Package, copy_packages, copy_plotly

FILES = {"dist/a.js": b"let a;", "dist/a.wasm": bytes(1000)}


def archive() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as packed:
        for path, content in FILES.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return sink.getvalue()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called npm that puts a prepared archive where it is run."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "a.tgz").write_bytes(archive())
    program = tmp_path / "bin" / "npm"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncp {tmp_path}/a.tgz a-1.0.0.tgz\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def package(content: bytes) -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package("a", "1.0.0", digest, {"dist/a.js": "a.js", "dist/a.wasm": "a.wasm.gz"})


def test_files_are_copied_and_compressed_and_old_ones_go(npm: Path):
    folder = npm / "vendor"
    folder.mkdir()
    (folder / "old.js").write_text("old")
    copy_packages((package((npm / "a.tgz").read_bytes()),), folder)
    assert sorted(each.name for each in folder.iterdir()) == ["a.js", "a.wasm.gz"]
    assert (folder / "a.js").read_bytes() == FILES["dist/a.js"]
    assert gzip.decompress((folder / "a.wasm.gz").read_bytes()) == FILES["dist/a.wasm"]
    asked = (npm / "asked").read_text()
    assert "a@1.0.0" in asked
    assert "--ignore-scripts" in asked


@pytest.mark.parametrize("harm", ["another archive", "a file that is not in it"])
def test_what_is_not_pinned_is_refused_and_leaves_the_folder(npm: Path, harm: str):
    folder = npm / "vendor"
    folder.mkdir()
    (folder / "old.js").write_text("old")
    wanted = package((npm / "a.tgz").read_bytes())
    if harm == "another archive":
        (npm / "a.tgz").write_bytes(archive() + b"more")
        message = "not the archive that is pinned"
    else:
        wanted, message = replace(wanted, files={"dist/b.js": "b.js"}), "has no file dist/b.js"
    with pytest.raises(JourneyError, match=message) as caught:
        copy_packages((wanted,), folder)
    assert not isinstance(caught.value, OutOfReachError)
    assert [each.name for each in folder.iterdir()] == ["old.js"]


@pytest.mark.parametrize(
    ("program", "message"), [(None, "npm is not installed"), ("exit 1", "network"), ("", "network")]
)
def test_without_npm_or_the_network_it_says_so(
    npm: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, message: str
):
    if program is None:
        (npm / "bin" / "npm").unlink()
        monkeypatch.setenv("PATH", str(npm / "bin"))
    else:
        (npm / "bin" / "npm").write_text(f"#!/bin/sh\n{program}\n")
    with pytest.raises(OutOfReachError, match=message):
        copy_packages((package(b""),), npm / "vendor")
    assert not (npm / "vendor").exists()


def test_the_small_plotly_is_taken_where_npm_gives_it(npm: Path, monkeypatch: pytest.MonkeyPatch):
    small = replace(package((npm / "a.tgz").read_bytes()), files={"dist/a.js": "plotly.min.js"})
    monkeypatch.setattr(vendor, "PLOTLY", small)
    assert copy_plotly(npm / "plotly.min.js") == ""
    assert (npm / "plotly.min.js").read_bytes() == FILES["dist/a.js"]


def test_another_archive_than_the_pinned_one_leaves_no_plotly(npm: Path):
    with pytest.raises(JourneyError, match="not the archive that is pinned"):
        copy_plotly(npm / "plotly.min.js")
    assert not (npm / "plotly.min.js").exists()


@pytest.mark.parametrize("program", [None, "exit 1", ""])
def test_without_npm_the_whole_plotly_takes_its_place_and_says_so(
    npm: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
):
    if program is None:
        (npm / "bin" / "npm").unlink()
        monkeypatch.setenv("PATH", str(npm / "bin"))
    else:
        (npm / "bin" / "npm").write_text(f"#!/bin/sh\n{program}\n")
    assert "loads the whole plotly.js" in copy_plotly(npm / "plotly.min.js")
    whole = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    assert (npm / "plotly.min.js").read_bytes() == whole


def test_what_the_library_needs_is_pinned():
    for each in (DUCKDB, ARROW, PLOTLY):
        assert len(base64.b64decode(each.sha512)) == 64
        assert each.version.replace(".", "").isdigit()


def test_the_library_offers_to_run_only_what_could_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert copy_duckdb(Paths(tmp_path)) is False
    assert (
        "npm is not installed. The SQL library is built without its Run buttons." in capsys.readouterr().err
    )
    show_live()
    assert capsys.readouterr().out == ""
    program = tmp_path / "assets" / "vendor" / "duckdb" / "duckdb-eh.wasm.gz"
    program.parent.mkdir(parents=True)
    program.write_bytes(bytes(1_250_000))
    show_live()
    shown = capsys.readouterr().out
    assert "(1.2 MB)" in shown
    assert 'tools/sql.js" data-policy="wasm-unsafe-eval"' in shown
