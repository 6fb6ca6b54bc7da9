"""``vitals-gateway``: run a gateway, check its configuration.

Exit codes are those of every OpenVitals command (``vitals.cli.entry``): 0 done, 1 failed, 2 used wrongly.
"""

import asyncio
import json as json_module
import logging
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

import cyclopts
import msgspec

from vitals.cli import entry
from vitals.clock import SystemClock
from vitals.errors import VitalsError
from vitals_gateway import life
from vitals_gateway.config import Config, broker_address, load

app: Final = cyclopts.App(
    name="vitals-gateway",
    help="The Bluetooth gateway of OpenVitals: reads sensors, spools what they say, forwards it over MQTT.",
    version=lambda: version("openvitals-gateway"),
)


@app.command
def run(*, config: Path = Path("gateway.toml")) -> int:
    """Read sensors and forward what they say, until SIGTERM or Ctrl-C.

    Parameters
    ----------
    config
        The configuration file.
    """
    loaded = load(config)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        asyncio.run(_run(loaded))
    except* VitalsError as errors:
        raise _first(errors) from None
    return entry.Exit.DONE


@app.command
def check(*, config: Path = Path("gateway.toml"), json: bool = False) -> int:
    """Read the configuration file, say what it means, start nothing.

    Parameters
    ----------
    config
        The configuration file.
    json
        Print it as one JSON object, the broker's password left out.
    """
    loaded = load(config)
    shown = msgspec.to_builtins(loaded)
    shown["broker"]["url"] = broker_address(loaded.broker.url).shown
    if json:
        print(json_module.dumps(shown))
    else:
        print(f"{config}: gateway {loaded.gateway}, mode {loaded.mode}, broker {shown['broker']['url']}")
    return entry.Exit.DONE


@app.command
def status(*, config: Path = Path("gateway.toml"), json: bool = False) -> int:
    """Say whether anybody watches, as far as the running gateway knows. 3 where nobody does.

    Parameters
    ----------
    config
        The configuration file.
    json
        Print it as one JSON object; ages in seconds.
    """
    known = life.read(Path(load(config).spool.path), SystemClock())
    if json:
        print(json_module.dumps(known))
    else:
        print(
            f"last full round to a console and back {_ago(known['round_s'])}, a sensor heard {_ago(known['heard_s'])}"
        )
        print(f"{known['unwatched'] or 'somebody watches'} (said {_ago(known['said_s'])})")
    return entry.Exit.NOT_MET if known["unwatched"] else entry.Exit.DONE


def main() -> int:
    """Run the command line."""
    return entry.run(app)


async def _run(config: Config) -> None:
    from vitals_gateway.gateway import run as run_gateway  # noqa: PLC0415 - aiomqtt and bleak are slow to import

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run_gateway(config, SystemClock(), stop)


def _ago(age_s: float | None) -> str:
    return "never" if age_s is None else f"{age_s:g} s ago"


def _first(errors: BaseExceptionGroup[VitalsError]) -> VitalsError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, VitalsError)
    return error


if __name__ == "__main__":
    sys.exit(main())
