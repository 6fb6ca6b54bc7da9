"""How every OpenVitals command ends: one line for an error, and an exit code that stays the same.

| code | meaning |
|---|---|
| 0 | done |
| 1 | failed: one line on stderr names the cause and the fix |
| 2 | used wrongly: an option or a configuration file |
| 3 | ran, and what was asked for did not hold (no alarm came, something is unexplained) |
| 130 | interrupted |
"""

import sys
from enum import IntEnum

import cyclopts

from vitals.errors import ConfigurationError, VitalsError


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_MET = 3
    INTERRUPTED = 130


def run(app: cyclopts.App, tokens: list[str] | None = None) -> int:
    """Run *app* and return its exit code; no traceback reaches a user for an error we foresaw."""
    try:
        result = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except (cyclopts.CycloptsError, ConfigurationError) as error:
        return _say(app, " ".join(str(error).split()), Exit.USAGE)
    except BrokenPipeError:  # the reader of our output left, as `head` does
        sys.stderr.close()
        return Exit.DONE
    except (VitalsError, OSError) as error:  # an OSError that gets here is the user's: a full disk behind our output
        return _say(app, str(error), Exit.FAILED)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return int(result) if isinstance(result, int) else Exit.DONE


def _say(app: cyclopts.App, message: str, code: Exit) -> int:
    print(f"{app.name[0]}: {message}", file=sys.stderr)
    return code
