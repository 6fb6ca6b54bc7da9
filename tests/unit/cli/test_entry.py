"""Every foreseen error is one line on stderr and a stable exit code."""

import errno

import cyclopts
import pytest

from vitals.cli.entry import Exit, run
from vitals.errors import ConfigurationError, DecodeError


def app(error: Exception | None = None) -> cyclopts.App:
    made = cyclopts.App(name="tool")

    @made.default
    def main(*, number: int = 0) -> int:
        if error is not None:
            raise error
        return number

    return made


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DecodeError("bytes are short"), Exit.FAILED),
        (ConfigurationError("mode must be real, test or demo"), Exit.USAGE),
        (OSError(errno.ENOSPC, "No space left on device"), Exit.FAILED),
    ],
)
def test_foreseen_error_is_one_line(error: Exception, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app(error), []) == code
    assert capsys.readouterr().err == f"tool: {error}\n"


def test_wrong_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app(), ["--number", "many"]) == Exit.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("tool: ")


def test_unknown_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app(), ["--nonsense"]) == Exit.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert "--nonsense" in line


def test_a_command_s_own_code_is_kept() -> None:
    assert run(app(), ["--number", "3"]) == Exit.NOT_MET


def test_an_unforeseen_error_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(app(ZeroDivisionError()), [])
