"""The local server: only its own names, no listings; a change is seen by content."""

import http.client
import threading

import pytest

from journey.errors import JourneyError
from journey.pipeline.preview import open_server, snapshot


@pytest.fixture
def server(tmp_path):
    (tmp_path / "index.html").write_text("home")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "one.svg").write_text("<svg/>")
    opened = open_server(tmp_path, 0)
    threading.Thread(target=opened.serve_forever, daemon=True).start()
    yield opened
    opened.shutdown()
    opened.server_close()


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("127.0.0.1", "/", 200),
        ("localhost:4200", "/index.html", 200),
        ("evil.example", "/", 421),
        ("evil.example:4200", "/index.html", 421),
        ("127.0.0.1.evil.example", "/", 421),
        ("", "/", 421),
        ("localhost", "/figures/", 404),
        ("localhost", "/figures/one.svg", 200),
        ("localhost", "/../secret", 404),
    ],
)
def test_only_files_and_only_under_its_own_names(server, host, path, status):
    for method in ("GET", "HEAD"):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status == status
        connection.close()


def test_a_taken_port_is_said_before_anything_is_rendered(server, tmp_path):
    with pytest.raises(JourneyError, match=f"port {server.server_port} cannot be used"):
        open_server(tmp_path, server.server_port)


def test_an_editors_files_are_not_watched_and_content_decides(tmp_path):
    page = tmp_path / "index.qmd"
    page.write_text("one")
    (tmp_path / ".#index.qmd").symlink_to("nobody@nowhere.1")
    first = snapshot(tmp_path)
    assert list(first) == [page]
    page.touch()
    assert snapshot(tmp_path) == first
    page.write_text("two")
    assert snapshot(tmp_path) != first
