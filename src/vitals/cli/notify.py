"""``vitals notify``: try the channels, say who is on call, list what was sent."""

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cyclopts

from vitals.cli.entry import Exit
from vitals.clock import SystemClock, iso, parse_iso
from vitals.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

app: Final = cyclopts.App(name="notify", help="Notification channels: try them, who is on call, what was sent.")


@app.command(name="test")
def try_channels(*, config: Path = Path("server.toml"), recipient: str = "", json: bool = False) -> int:
    """Send a test message over every channel and say what each answered; 3 when one did not take it.

    Args:
        config: the server's configuration file.
        recipient: only this recipient's channels.
        json: print one JSON object.
    """
    result: dict[str, Any] = _server().trial(config, recipient)
    if json:
        print(json_module.dumps(result))
    else:
        for one in result["channels"]:
            why = f": {one['why']}" if one["why"] else ""
            print(f"{one['channel']:<32} {one['outcome']:<8} {one['receipt']:<12} {one['ms']:>6} ms{why}")
    if not result["recorded"]:
        print("vitals: these attempts are not recorded: the registry cannot be written", file=sys.stderr)
    return Exit.DONE if all(one["outcome"] == "sent" for one in result["channels"]) else Exit.NOT_MET


@app.command
def on_call(*, config: Path = Path("server.toml"), at: str = "", json: bool = False) -> int:
    """Say who is on call for what.

    Args:
        config: the server's configuration file.
        at: a moment such as 2026-12-24T22:00+01:00; now, if not given.
        json: print one JSON object.
    """
    try:
        utc_ms = parse_iso(at) if at else SystemClock().utc_ms()
    except ValueError:
        raise ConfigurationError(f"--at {at!r} is no moment such as 2026-12-24T22:00+01:00") from None
    teams: dict[str, dict[str, list[str]]] = _server().on_call(config, utc_ms)
    if json:
        print(json_module.dumps({"at": iso(utc_ms), "teams": teams}))
        return Exit.DONE
    for team, duties in teams.items():
        for duty, people in duties.items():
            print(f"{team:<20} {duty:<20} {', '.join(people) or 'NOBODY'}")
    return Exit.DONE


@app.command
def push_key(*, config: Path = Path("server.toml"), json: bool = False) -> int:
    """Make the key by which push services know this server; the file is for its owner alone.

    Args:
        config: the server's configuration file, with the section [notify.push].
        json: print one JSON object.
    """
    made: dict[str, str] = _server().push_key(config)
    print(json_module.dumps(made) if json else f"made {made['key']}; restart the server, then open /notifications")
    return Exit.DONE


@app.command
def log(*, config: Path = Path("server.toml"), hours: float = 24, json: bool = False) -> int:
    """List the messages of the last hours with every attempt, and what is proven of each.

    Args:
        config: the server's configuration file.
        hours: how far back.
        json: print one JSON object.
    """
    messages: list[dict[str, Any]] = _server().log(config, SystemClock().utc_ms() - round(hours * 3_600_000))
    if json:
        print(json_module.dumps({"messages": messages}))
        return Exit.DONE
    for message in messages:
        print(f"{message['at']} {message['state']:<10} {message['recipient']:<16} {message['key']}")
        for attempt in message["attempts"]:
            why = f": {attempt['why']}" if attempt["why"] else ""
            print(f"    {attempt['at']} {attempt['channel']} {attempt['outcome']}, {attempt['receipt']}{why}")
    return Exit.DONE


def _server() -> "ModuleType":
    try:
        from vitals.cli import notifying  # noqa: PLC0415 - the server's libraries are an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[server]'") from None
    return notifying
