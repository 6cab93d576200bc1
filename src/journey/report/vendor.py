"""Local copies of third-party scripts, so that no page asks another server for anything.

Of plotly.js the site needs points, lines and bars: a quarter of the whole, published as a bundle of its own.
It comes through npm, checked. Without npm, or without a network, the whole plotly.js that the plotly wheel
carries takes its place, under the same name: pages are the same, and exploring a figure loads more.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from importlib.resources import files
from pathlib import Path

from journey.errors import JourneyError
from journey.files import replacing

BUNDLE = "plotly.js-basic-dist-min@4.1.1"
INSIDE = "package/plotly-basic.min.js"
#: SHA-512 of the archive, as npm states it.
SHA512 = "1oNF8PeQx2hv/y7tqEVWKD3JGwn/MGEMQ8mL9HUwsaqG9FGy/OU5FHUHvzqbqxN4mnwZGI9abTiE775C4kkjMQ=="
SECONDS = 60


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
    source = files("plotly").joinpath("package_data", "plotly.min.js")
    missing = ""
    try:
        script = unpacked(packed())
    except (OSError, subprocess.SubprocessError) as error:
        if not source.is_file():
            raise JourneyError(
                "the installed plotly package has no plotly.min.js: install it again"
            ) from error
        missing = f"npm gave no {BUNDLE}, so exploring a figure loads the whole plotly.js, four times as much"
        script = source.read_bytes()
    with replacing(target) as temporary:
        temporary.write_bytes(script)
    return missing


def packed() -> bytes:
    """The archive of the bundle, from npm.

    Raises
    ------
    OSError, SubprocessError
        Without npm or a network.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm")
    with tempfile.TemporaryDirectory() as folder:
        options = ["--silent", "--prefer-offline", "--fetch-retries=0", "--fetch-timeout=20000"]
        subprocess.run(
            [npm, "pack", BUNDLE, *options], cwd=folder, check=True, capture_output=True, timeout=SECONDS
        )
        return next(Path(folder).glob("*.tgz")).read_bytes()


def unpacked(archive: bytes) -> bytes:
    """The script in the archive; JourneyError for any other archive than the pinned one."""
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        raise JourneyError(f"what npm gave as {BUNDLE} is not what was pinned in {Path(__file__).name}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files_in:
        script = files_in.extractfile(INSIDE)
        if script is None:
            raise JourneyError(f"{BUNDLE} has no {INSIDE}")
        return script.read()
