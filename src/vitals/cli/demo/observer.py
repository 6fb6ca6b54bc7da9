"""A console client without a screen: it hears an alarm as a page does, and acknowledges it."""

from typing import Any

from vitals.cli.remote import events, post
from vitals.clock import Clock
from vitals.errors import LinkError


def hear_alarm(url: str, *, condition: str, priority: str, clock: Clock) -> tuple[dict[str, Any], int]:
    """The first sounding alarm of that condition and priority, and when it was heard (monotonic milliseconds).

    Blocks; run it in a thread. Raises LinkError when the stream ends first.
    """
    for name, value in events(url, "/api/v1/stream"):
        for alarm in _alarms(name, value):
            if alarm["condition"] == condition and alarm["priority"] == priority and alarm["sounding"]:
                return alarm, clock.monotonic_ms()
    raise LinkError(f"the stream of {url} ended")


def acknowledge(url: str, alarm: dict[str, Any]) -> dict[str, Any]:
    """Acknowledge *alarm* as the console's own button does; the answer is the alarm as it is then.

    Raises:
        LinkError: the server refused it.
    """
    path = f"/api/v1/alarms/{alarm['episode']}/acknowledge"
    status, answer = post(url, path, {"version": alarm["version"], "key": f"demo-{alarm['episode']}"})
    if status != 200:
        raise LinkError(f"the acknowledgement was refused: {status} {answer}")
    acknowledged: dict[str, Any] = answer
    return acknowledged


def _alarms(name: str, value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON is what it is
    if name == "alarm":
        return [value]
    return list(value["alarms"]) if name == "snapshot" else []
