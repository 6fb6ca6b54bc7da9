"""A newcomer who types ``vitals`` is told what each command does."""

import re

import pytest

from vitals.cli.app import app
from vitals.cli.entry import Exit, run


def test_every_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--help"]) == Exit.DONE
    listed = capsys.readouterr().out
    for command in ("demo", "serve", "status", "tail", "decode", "alarms", "score", "rhythm"):
        assert re.search(rf"^\W*{command}\s+[A-Z]\w+", listed, re.MULTILINE), f"{command} in:\n{listed}"
