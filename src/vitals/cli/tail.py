"""``vitals tail``: follow values and alarms of a running server."""

import json as json_module
from typing import Any

from vitals.cli.entry import Exit
from vitals.cli.remote import DEFAULT_URL, events


def tail(*, url: str = DEFAULT_URL, count: int = 0, alarms: bool = False, json: bool = False) -> int:
    """Follow what a running server shows: a line for every patient once a second, and one for every alarm.

    Args:
        url: address of the server.
        count: end after this many lines; 0 follows until the server stops.
        alarms: only alarms, no values.
        json: print one JSON object a line.
    """
    printed = 0
    for name, value in events(url, "/api/v1/stream"):
        for line in _lines(name, value, alarms_only=alarms, as_json=json):
            print(line, flush=True)
            printed += 1
            if printed == count:
                return Exit.DONE
    return Exit.DONE


def _lines(name: str, value: Any, *, alarms_only: bool, as_json: bool) -> list[str]:  # noqa: ANN401 - JSON
    if name == "alarm":
        return [json_module.dumps({"alarm": value}) if as_json else _alarm(value)]
    if name != "snapshot" or alarms_only:
        return []
    if as_json:
        return [json_module.dumps({"at": value["at"], "tile": tile}) for tile in value["tiles"]]
    return [_tile(value["at"], tile) for tile in value["tiles"]]


def _alarm(alarm: dict[str, Any]) -> str:
    who = f" {alarm['name']}" if alarm["name"] else ""
    return f"{alarm['raised_at']} ALARM {alarm['priority']} {alarm['phase']}{who}: {alarm['message']}"


def _tile(at: str, tile: dict[str, Any]) -> str:
    values = "  ".join(
        f"{shown['display']} {'--' if shown['value'] is None else format(shown['value'], 'g')} {shown['unit']}"
        for shown in tile["shown"].values()
    )
    return f"{at} {tile['name']}: {values or '--'}  [{tile['status'].replace('_', ' ')}]"
