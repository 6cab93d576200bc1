"""Local copies of third-party scripts, so that no page asks another server for anything.

Of plotly.js the site needs points, lines and bars: a quarter of the whole, published as a bundle of its own.
Without npm, or without a network, the whole plotly.js that the plotly wheel carries takes its place, under
the same name: pages are the same, and exploring a figure loads more.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from journey.errors import JourneyError
from journey.files import compressed, replacing

#: Seconds that a download may take.
PATIENCE = 300


class OutOfReachError(JourneyError):
    """A package cannot be had here and now; a page does without it."""


@dataclass(frozen=True)
class Package:
    """One release on npm, and what a page needs of it.

    Attributes
    ----------
    name, version
        As npm knows it.
    sha512
        Of the archive, in base64, as npm prints it.
    files
        Path in the archive, below `package/` -> name of the copy; one that ends in `.gz` is compressed, and
        its page unpacks it, since not every server compresses.
    """

    name: str
    version: str
    sha512: str
    files: Mapping[str, str]


#: Runs SQL in a page. The build for browsers that know exceptions in WebAssembly, for one thread.
DUCKDB = Package(
    name="@duckdb/duckdb-wasm",
    version="1.32.0",
    sha512="IewXTNYEjsZCPE9weUWgtjGxUlMRo7qhX0GF6tq/KjK8bnY+RAl4cyUdYUfcdzbyb4b9ZxPC+FOsCcxgaKFWMg==",
    files={
        "dist/duckdb-eh.wasm": "duckdb-eh.wasm.gz",
        "dist/duckdb-browser-eh.worker.js": "duckdb.worker.js",
    },
)
#: Reads what DuckDB answers; the release that the one above asks for.
ARROW = Package(
    name="apache-arrow",
    version="17.0.0",
    sha512="X0p7auzdnGuhYMVKYINdQssS4EcKec9TCXyez/qtJt32DrIMGbzqiaMiQ0X6fQlQpw8Fl0Qygcv4dfRAr5Gu9Q==",
    files={
        "Arrow.esnext.min.js": "arrow.js",
        "LICENSE.txt": "arrow-licence.txt",
        "NOTICE.txt": "arrow-notice.txt",
    },
)
#: Draws the figures that a reader explores: the newest release below 350 kB once compressed. From 2.35 on the
#: same bundle weighs more, 395 kB in 4.1, for traces and options that no figure here uses.
PLOTLY = Package(
    name="plotly.js-basic-dist-min",
    version="2.34.0",
    sha512="vvVWY5At40i2HmKEuIAY4r8X8RIL80EQwiAvxP4/8trbVp2w2EUVralmp5wiCi1ZUHaPEefWyLwLfyi/dwXwWg==",
    files={"plotly-basic.min.js": "plotly.min.js"},
)


def copy_plotly(target: Path) -> str:
    """Put plotly.js at `target`: the small bundle, or else the whole.

    Returns
    -------
    str
        Why it is the whole, in a sentence; empty for the small bundle.

    Raises
    ------
    JourneyError
        When an archive is not what was pinned, and when the installed plotly has no plotly.js.
    """
    with tempfile.TemporaryDirectory() as scratch:
        script, missing = Path(scratch) / "small" / "plotly.min.js", ""
        try:
            copy_packages((PLOTLY,), script.parent)
        except OutOfReachError as error:
            script = Path(str(files("plotly").joinpath("package_data", "plotly.min.js")))
            missing = f"{error}; exploring a figure loads the whole plotly.js, four times as much"
        if not script.is_file():
            raise JourneyError("the installed plotly package has no plotly.min.js: install it again")
        with replacing(target) as temporary:
            shutil.copyfile(script, temporary)
    return missing


def copy_packages(packages: tuple[Package, ...], folder: Path) -> None:
    """Put the files of packages into a folder, which is replaced whole or stays as it was.

    Raises
    ------
    OutOfReachError
        When npm is not installed, or a package cannot be downloaded.
    JourneyError
        When an archive is not the one that is pinned, or lacks a file.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        for package in packages:
            _unpack(package, temporary)


def _unpack(package: Package, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(_fetched(package, Path(scratch))) as archive:
        for path, name in package.files.items():
            try:
                member = archive.extractfile(f"package/{path}")
            except KeyError:
                member = None
            if member is None:
                raise JourneyError(
                    f"{package.name} {package.version} has no file {path}; correct its list of files"
                )
            content = member.read()
            (folder / name).write_bytes(compressed(content) if name.endswith(".gz") else content)


def _fetched(package: Package, folder: Path) -> Path:
    """The archive of a package, its bytes compared with the checksum before anything is read from it.

    Raises
    ------
    JourneyError
        When it is not the archive that is pinned.
    OutOfReachError
        When npm is not installed or cannot fetch it.
    """
    release = f"{package.name}@{package.version}"
    npm = shutil.which("npm")
    if npm is None:
        raise OutOfReachError(f"{release} cannot be fetched, because npm is not installed")
    command = [npm, "pack", release, "--silent", "--prefer-offline", "--ignore-scripts", "--fetch-retries=1"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
        (archive,) = folder.glob("*.tgz")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise OutOfReachError(f"{release} cannot be fetched with npm; is the network reachable?") from error
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise JourneyError(
            f"{release} is not the archive that is pinned: its SHA-512 is {found}; nothing was copied"
        )
    return archive
