"""The scoring service: scores of the batch path, a sentence for a wrong row, counts, drift, a real start."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import socket
from pathlib import Path

import numpy as np
import pytest
from support.asgi import Answer, ask

from journey.cli import run
from journey.models.calibration import logit
from journey.paths import project
from journey.service import drift
from journey.service.load import load_landed
from journey.service.serve import EXTRA, LIBRARIES
from journey.studies.service_load import client

WHY = f"a library of the extra {EXTRA} is not installed: {', '.join(LIBRARIES)}"
service_app = pytest.importorskip("journey.service.app", reason=WHY)
rows = pytest.importorskip("journey.service.rows", reason=WHY)
study = pytest.importorskip("journey.studies.service_load.study", reason=WHY)

DECISION = study.DECISION
LANDED = load_landed(project().results / "models", DECISION)


@pytest.fixture(scope="module")
def matrix():
    return study.judged_rows(project())


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return service_app.create_app(LANDED, tmp_path, most_rows=1000)


def row_of(values) -> dict[str, float]:
    return dict(zip(LANDED.names, np.asarray(values).tolist(), strict=True))


def score(app, value: object) -> Answer:
    return ask(app, "POST", "/score", json.dumps(value).encode())


def samples(text: str) -> dict[str, float]:
    """Every sample of the text form of Prometheus; a line that is none is an error."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            parts = re.fullmatch(r'(\w+(?:\{(?:\w+="[^"]*",?)+\})?) (\S+)', line)
            assert parts, line
            assert parts[1] not in found
            found[parts[1]] = float(parts[2])
    return found


def test_a_thousand_rows_score_as_in_the_batch_path_one_by_one_and_together(app, matrix):
    assert len(matrix) == 1000
    expected = study.batch_scores(LANDED, matrix)
    together = score(app, {"rows": [row_of(values) for values in matrix]}).json["probabilities"]
    single = [score(app, {"row": row_of(values)}).json["probability"] for values in matrix]
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-9)
    assert expected.std() > 0.01


def test_names_decide_and_not_their_order(app, matrix):
    row = row_of(matrix[0])
    turned = dict(reversed(row.items()))
    assert score(app, {"row": turned}).json == score(app, {"row": row}).json


def test_contributions_are_given_on_request_and_add_up(app, matrix):
    plain = score(app, {"row": row_of(matrix[0])}).json
    assert set(plain) == {"probability", "model"}
    assert plain["model"]["digest"] == LANDED.digest
    one = score(app, {"row": row_of(matrix[0]), "contributions": True}).json
    assert set(one["contributions"]) == set(LANDED.names)
    # This decision needs no calibration, so its score is its probability.
    assert LANDED.calibration.method == "none"
    total = one["base"] + sum(one["contributions"].values())
    assert total == pytest.approx(float(logit(one["probability"])), abs=2e-5)
    many = score(app, {"rows": [row_of(values) for values in matrix[:3]], "contributions": True}).json
    assert many["contributions"][0] == pytest.approx(one["contributions"])
    assert len(many["contributions"]) == 3


WRONG = [
    ({"hour": 25}, "feature 'hour' is 25; it must be a whole number from 0 to 23"),
    ({"hour": -1}, "feature 'hour' is -1; it must be a whole number from 0 to 23"),
    ({"hour": 7.5}, "feature 'hour' is 7.5; it must be a whole number from 0 to 23"),
    ({"hour": "7"}, "feature 'hour' is text, not a number; it must be a whole number from 0 to 23"),
    ({"hour": None}, "feature 'hour' is null; where there is nothing to measure give 0"),
    ({"item_rating": None}, "feature 'item_rating' is null; where there is nothing to measure give 3"),
    ({"on_mobile": True}, "feature 'on_mobile' is true or false, not a number"),
    ({"item_price": [3]}, "feature 'item_price' is a list, not a number"),
    ({"item_price": float("nan")}, "feature 'item_price' is not a number (NaN)"),
    ({"item_price": float("-inf")}, "feature 'item_price' is infinite"),
    ({"item_price": 1e39}, "feature 'item_price' is 1e+39; it must be a number from 0 to 1,000,000"),
    ({"item_price": 10**400}, "feature 'item_price' is 1000"),
    ({"past_cart_rate": 1.01}, "feature 'past_cart_rate' is 1.01; it must be a number from 0 to 1"),
    ({"houre": 3}, "'houre' is not a feature of this model; did you mean 'hour'?"),
    ({"zzzz" * 100: 3}, "is not a feature of this model; leave it out"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG)
def test_a_wrong_value_is_one_sentence_with_the_name_of_its_feature(change, sentence, app, matrix):
    row = row_of(matrix[0])
    answer = score(app, {"row": row | change})
    assert answer.status == 422
    assert set(answer.json) == {"error"}
    said = answer.json["error"]
    assert sentence in said
    assert len(said) < 200
    assert "\n" not in said
    later = score(app, {"rows": [row, row, row | change]})
    assert later.status == 422
    assert later.json["error"] == f"row 3: {said}"


@pytest.mark.parametrize("name", ["hour", LANDED.names[0], LANDED.names[-1]])
def test_a_missing_feature_is_named(name, app, matrix):
    row = row_of(matrix[0])
    del row[name]
    answer = score(app, {"row": row})
    assert (answer.status, answer.json["error"].split(";")[0]) == (422, f"feature {name!r} is missing")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "the body is not JSON"),
        (b"{", 400, "the body is not JSON"),
        (b"\xff\xfe", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "the body is not JSON"),
        (b"[1]", 422, 'send an object with either "row"'),
        (b"{}", 422, 'send an object with either "row"'),
        (b'{"row": {}, "rows": []}', 422, 'send an object with either "row"'),
        (b'{"rows": []}', 422, '"rows" must be a list with at least one row'),
        (b'{"rows": 3}', 422, '"rows" must be a list with at least one row'),
        (b'{"row": 3}', 422, "a row is 3, not an object of features"),
        (b'{"row": {}}', 422, "feature 'days_since_last_session' is missing"),
        (b'{"row": {}, "top": 3}', 422, "'top' is not known beside row, rows, contributions"),
        (b'{"row": {}, "contributions": 1}', 422, '"contributions" is 1; give true or false'),
        (b'{"rows": [' + b"{}," * 1000 + b"{}]}", 413, "1,001 rows were sent; send at most 1,000 at once"),
        (b" " * (service_app.MOST_BYTES + 1), 413, "the body is longer than 4,000,000 bytes"),
        (b" " * (service_app.DRAINED + 100_000), 413, "the body is longer than 4,000,000 bytes"),
    ],
)
def test_a_body_of_another_form_is_one_sentence(body, status, sentence, app):
    answer = ask(app, "POST", "/score", body)
    assert answer.status == status
    assert sentence in answer.json["error"]


def test_a_body_that_never_ends_is_not_read_to_its_end(app):
    sent = 0

    async def receive():
        nonlocal sent
        sent += 1_000_000
        return {"type": "http.request", "body": bytes(1_000_000), "more_body": True}

    with pytest.raises(rows.TooLargeError):
        asyncio.run(service_app.body_of(service_app.Request({"type": "http", "headers": []}, receive)))
    assert sent <= service_app.DRAINED + 1_000_000


def test_health_says_which_model_answers(app):
    answer = ask(app, "GET", "/health")
    assert answer.status == 200
    assert answer.json["status"] == "ok"
    model = answer.json["model"]
    assert (model["decision"], model["kind"], model["digest"]) == (DECISION, LANDED.chosen, LANDED.digest)


def test_the_interface_is_described_from_the_catalogue_and_loads_nothing_from_elsewhere(app):
    described = ask(app, "GET", "/openapi.json").json
    schema = described["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    row = schema["oneOf"][0]["properties"]["row"]
    assert tuple(row["properties"]) == tuple(row["required"]) == LANDED.names
    assert row["properties"]["hour"] == {"type": "integer", "minimum": 0.0, "maximum": 23.0}
    assert ask(app, "GET", "/docs").status == ask(app, "GET", "/redoc").status == 404


def test_requests_rows_and_latencies_are_counted(app, matrix):
    row = row_of(matrix[0])
    score(app, {"row": row})
    score(app, {"rows": [row, row]})
    score(app, {"row": row | {"hour": 99}})
    for path in ("/a", "/b", "/c"):
        ask(app, "GET", path)
    found = samples(ask(app, "GET", "/metrics").body.decode())
    assert found['journey_requests_total{path="/score",status="200"}'] == 2
    assert found['journey_requests_total{path="/score",status="422"}'] == 1
    assert found['journey_requests_total{path="other",status="404"}'] == 3
    assert found["journey_rows_scored_total"] == 3
    buckets = [value for name, value in found.items() if 'bucket{le="' in name and '"/score"' in name]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found['journey_request_seconds_count{path="/score"}'] == 3
    assert found['journey_request_seconds_sum{path="/score"}'] > 0
    assert [name for name in found if "a" in name and LANDED.digest in name]


def test_a_request_that_fails_inside_is_counted_as_an_error(app, matrix, monkeypatch):
    monkeypatch.setattr(type(LANDED), "predict", lambda self, matrix: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        score(app, {"row": row_of(matrix[0])})
    found = samples(ask(app, "GET", "/metrics").body.decode())
    assert found['journey_requests_total{path="/score",status="500"}'] == 1


def test_drift_is_told_only_with_enough_rows_and_sees_what_moved(app, matrix):
    def watched() -> dict[str, float]:
        return samples(ask(app, "GET", "/metrics").body.decode())

    def index(found: dict[str, float], variable: str, watched: str, end: str = "") -> float:
        return found[f'journey_stability_index{end}{{variable="{variable}",watched="{watched}"}}']

    few = drift.LEAST - 1
    score(app, {"rows": [row_of(values) for values in matrix[:few]]})
    found = watched()
    assert found["journey_watch_rows"] == few
    assert not [name for name in found if name.startswith("journey_stability_index")]
    score(app, {"rows": [row_of(values) for values in matrix[few:]]})
    found = watched()
    assert found["journey_watch_rows"] == 1000
    assert found["journey_watch_reference_rows"] == LANDED.reference.rows
    # Rows of the reference itself: nothing is far away, not even by the standard of independent rows.
    names = [name for name in found if name.startswith("journey_stability_index{")]
    assert len(names) == len(LANDED.names) + 1
    beyond = [name for name in names if found[name] > 2 * found[name.replace("index{", "index_chance{")]]
    assert beyond == []
    assert index(found, "score", "yes") < 0.1
    moved = matrix.copy()
    moved[:, LANDED.names.index("from_social")] = 1
    score(app, {"rows": [row_of(values) for values in moved]})
    found = watched()
    assert index(found, "from_social", "yes") > 10 * index(found, "from_social", "yes", "_chance")
    assert index(found, "item_price", "no") < 0.1


def test_the_watch_forgets_old_rows_and_joins_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(drift.os, "getpid", lambda: 1)
    one = drift.Recent(tmp_path, 2, last=10)
    monkeypatch.setattr(drift.os, "getpid", lambda: 2)
    two = drift.Recent(tmp_path, 2, last=10)
    clock = iter(range(1, 100))
    monkeypatch.setattr(drift.time, "time", lambda: next(clock))
    given = np.arange(24.0).reshape(12, 2)
    one.add(given[:4], np.full(4, 0.1))
    one.add(given, np.full(12, 0.2))
    two.add(given[:3], np.full(3, 0.3))
    found = drift.recent_rows(tmp_path, 2, last=10)
    assert sorted(found[:, -1]) == [0.2] * 7 + [0.3] * 3
    everything = drift.recent_rows(tmp_path, 2, last=100)
    # A process keeps its last ten: of the first twelve rows in one request, the last ten.
    assert sorted(everything[everything[:, -1] == 0.2, 0]) == given[2:, 0].tolist()


def test_the_command_serves_on_this_machine_with_processes_that_count_together(matrix):
    expected = study.batch_scores(LANDED, matrix[:50])
    bodies = [client.request_bytes(json.dumps({"row": row_of(values)}).encode()) for values in matrix[:50]]
    with study.service(project()) as port:
        found = [json.loads(client.ask(port, [body])[0])["probability"] for body in bodies]
        text = client.ask(port, [b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"])[0].decode()
        addresses = Path("/proc/net/tcp").read_text() if Path("/proc/net/tcp").is_file() else ""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    # Each request came over a connection of its own, so both processes answered some; either tells all.
    assert samples(text)['journey_requests_total{path="/score",status="200"}'] == 50
    if addresses:
        assert f"0100007F:{port:04X} 00000000:0000 0A" in addresses
        assert f"00000000:{port:04X} 00000000:0000 0A" not in addresses


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_missing_library_is_named_with_the_extra(library, monkeypatch, capsys):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == library else found(name))
    assert run(["serve"]) == 2
    said = capsys.readouterr().err
    assert f"journey serve needs {library}, which is not installed; run `pip install '.[api]'`" in said


def test_an_address_that_is_taken_and_an_unknown_decision_are_one_sentence(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be served (Address already in use); choose another --port" in capsys.readouterr().err
    assert run(["serve", "--decision", "later"]) == 2
    assert "unknown decision 'later'" in capsys.readouterr().err
    assert run(["serve", "--models", str(tmp_path)]) == 2
    assert "run `journey build prediction`" in capsys.readouterr().err
