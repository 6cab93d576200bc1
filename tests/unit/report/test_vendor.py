"""The copy of plotly.js: the small bundle where npm gives it, the whole one else."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tarfile
from importlib.resources import files
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.report import vendor


def archive(content: bytes = b"small") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as into:
        entry = tarfile.TarInfo(vendor.INSIDE)
        entry.size = len(content)
        into.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_the_small_bundle_is_taken_out_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    packed = archive()
    monkeypatch.setattr(vendor, "packed", lambda: packed)
    monkeypatch.setattr(vendor, "SHA512", base64.b64encode(hashlib.sha512(packed).digest()).decode())
    assert vendor.copy_plotly(tmp_path / "plotly.min.js") == ""
    assert (tmp_path / "plotly.min.js").read_bytes() == b"small"


def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vendor, "packed", lambda: archive(b"evil"))
    with pytest.raises(JourneyError, match="is not what was pinned"):
        vendor.copy_plotly(tmp_path / "plotly.min.js")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", ["no npm", "no network", "no answer"])
def test_without_npm_or_a_network_the_whole_takes_its_place_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
):
    def run(*_: object, **__: object) -> None:
        if failure == "no answer":
            raise subprocess.TimeoutExpired("npm", vendor.SECONDS)
        raise subprocess.CalledProcessError(1, "npm")

    monkeypatch.setattr("shutil.which", lambda name: None if failure == "no npm" else "/usr/bin/npm")
    monkeypatch.setattr("subprocess.run", run)
    said = vendor.copy_plotly(tmp_path / "plotly.min.js")
    assert said.startswith(f"npm gave no {vendor.BUNDLE}")
    whole = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    assert (tmp_path / "plotly.min.js").read_bytes() == whole
