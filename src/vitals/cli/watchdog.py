"""``vitals watchdog``: page people when the path of a server fails, from elsewhere, over a channel of its own (S4)."""

import asyncio

from vitals.errors import ConfigurationError


def watchdog(
    *,
    url: str,
    channel: list[str],
    within_s: float = 60.0,
    repeat_s: float = 600.0,
    life_s: float = 86_400.0,
    once: bool = False,
    json: bool = False,
) -> int:
    """Look at a server's health again and again; page when it fails, and when it is well again.

    Run it on another machine, with channels that the server does not use. It ends with 0 on SIGTERM. With --once: 0
    when the path is healthy, 3 when it is not and was paged, 1 when no channel took the page.

    Args:
        url: the address that is healthy only if the whole path is, for example http://ward:8470/healthz.
        channel: an Apprise address; give it again for each further one.
        within_s: how soon after a failure the page is out.
        repeat_s: while it lasts, page again so often; 0 never.
        life_s: send a sign of life so often, and one at the start; 0 never.
        once: look once, page if it is not healthy, and end.
        json: print one JSON object a line.
    """
    try:
        from vitals.cli.watching import Watching  # noqa: PLC0415 - the server's libraries are an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[server]'") from None
    if within_s <= 0 or repeat_s < 0 or life_s < 0:
        raise ConfigurationError("--within-s must lie above 0, --repeat-s and --life-s not below")
    if not all(channel):
        raise ConfigurationError("--channel is empty: a watchdog that can page nobody watches for nothing")
    watching = Watching(url, channel, within_s=within_s, repeat_s=repeat_s, life_s=life_s, as_json=json)
    return asyncio.run(watching.once() if once else watching.run())
