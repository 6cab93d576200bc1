"""What holds for every test."""

import signal
import threading

import pytest
from hypothesis import settings

# A deadline measures the machine, not the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# A shell that starts the tests in the background makes them, and all they start, ignore Ctrl-C.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sql-mistakes", metavar="FILE", help="put mistakes into one part of the SQL, results to FILE"
    )
    parser.addoption("--long", action="store_true", help="every mutation instead of a sample (half an hour)")
