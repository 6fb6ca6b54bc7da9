"""``vitals status``: one look at a running server."""

import json as json_module
from typing import Any

from vitals.cli.entry import Exit
from vitals.cli.remote import DEFAULT_URL, get


def status(*, url: str = DEFAULT_URL, json: bool = False) -> int:
    """Say how a running server is: mode, patients monitored, open alarms, store, gateways.

    Args:
        url: address of the server.
        json: print one JSON object.
    """
    report = get(url, "/api/v1/status")
    if json:
        print(json_module.dumps(report))
    else:
        print("\n".join(_lines(report)))
    return Exit.DONE


def _lines(report: dict[str, Any]) -> list[str]:
    patients, alarms, series = report["patients"], report["alarms"], report["series"]
    lines = [
        f"mode      {report['mode']}" + (f", time x{report['time_scale']:g}" if report["time_scale"] != 1 else ""),
        f"patients  {patients['total']}: " + (", ".join(f"{n} {s}" for s, n in patients["status"].items()) or "none"),
        f"alarms    {alarms['high']} high, {alarms['medium']} medium, {alarms['low']} low",
        (
            f"series    {series['observations']} observations, {series['quarantined']} quarantined, "
            f"{series['redelivered']} redelivered"
        ),
    ]
    path = report["path"]
    checked = "never yet" if path["checked_s"] is None else f"{path['checked_s']:g} s ago"
    lines.append(f"path      {'whole' if path['whole'] else 'BROKEN: ' + path['status']}, last full round {checked}")
    for gateway in report["gateways"]:
        word = "online" if gateway["online"] else "OFFLINE"
        lines.append(f"gateway   {gateway['gateway']} {word}, {gateway['spool_rows']} rows in its spool")
    lines += [f"notice    {text}" for text in report["notices"]]
    return lines
