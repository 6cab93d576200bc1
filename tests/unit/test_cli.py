"""The command line: bad input is one sentence and exit status 2."""

import pytest

from journey.cli import run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["build", "nosuch"], "unknown stage 'nosuch'"),
        (["render", "nosuch.qmd"], "nosuch.qmd does not exist"),
        (["render", "--engine", "word"], "unknown engine 'word'"),
        (["simulate", "--users", "many"], "a valid integer"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(arguments, message, capsys):
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "command", ["simulate", "fetch", "build", "numbers", "check", "render", "preview", "bench"]
)
def test_every_command_explains_itself(command, capsys):
    assert run([command, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
