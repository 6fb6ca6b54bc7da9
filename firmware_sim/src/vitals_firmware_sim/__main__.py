"""``vitals-sim``: simulated sensors behind a virtual Bluetooth controller.

Exit codes are those of every OpenVitals command (``vitals.cli.entry``): 0 done, 1 failed, 2 used wrongly.
"""

import asyncio
import json as json_module
import logging
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import cyclopts
import msgspec
from cyclopts import Parameter

from vitals import recording
from vitals.cli import entry
from vitals.clock import SystemClock
from vitals.delays import require_time_scale
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals_firmware_sim import scenarios as scenario_table
from vitals_firmware_sim.replay import Series, describe_junk, parse_columns, read_series

app: Final = cyclopts.App(
    name="vitals-sim",
    help="Simulated vital-signs sensors for OpenVitals, behind a virtual Bluetooth controller.",
    version=lambda: version("openvitals-firmware-sim"),
)


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """The options of run and replay, checked."""

    listen: tuple[str, ...]
    ledger: Path | None
    time_scale: float
    stop_after_s: float | None


@app.command
def run(
    *,
    listen: list[str],
    person: list[str] | None = None,
    ledger: Path | None = None,
    seed: int = 7,
    time_scale: float = 1.0,
    garbage: int | None = None,
    stop_after: float | None = None,
) -> int:
    """Simulate people, each with a heart-rate strap and a pulse oximeter, until SIGTERM or Ctrl-C.

    Prints ``ready`` when the sensors advertise. A person's script begins when one of its sensors is first subscribed.

    Parameters
    ----------
    listen
        unix-server:PATH or tcp-server:HOST:PORT; one for every gateway.
    person
        NUMBER=SCENARIO, for example 1=desaturation; repeat for more people. Without any: 1=stable.
    ledger
        A file to which every notification is appended before it is sent.
    seed
        The same seed gives the same people.
    time_scale
        Multiplies every delay: 0.1 is ten times faster.
    garbage
        Make every so many-th heart-rate notification unreadable.
    stop_after
        Stop sending and drop the links so many seconds after the first subscription, times the time scale.
    """
    if garbage is not None and garbage < 1:
        raise ConfigurationError(f"--garbage must be at least 1, not {garbage}")
    people = parse_people(person or ["1=stable"])
    common = _common(listen, ledger, time_scale, stop_after)
    return _simulate(common, people=people, seed=seed, garbage=garbage)


@app.command
def replay(
    file: Path,
    *,
    columns: str,
    listen: list[str],
    ledger: Path | None = None,
    time_scale: float = 1.0,
    stop_after: float | None = None,
) -> int:
    """Play a recorded series through a pulse oximeter, at its own rate, until SIGTERM or Ctrl-C.

    The series begins when the oximeter is first subscribed; at its end the sensor leaves the air.

    Parameters
    ----------
    file
        A CSV file with a header and a column of times (HH:MM:SS or seconds).
    columns
        Which columns to play: spo2="SpO2 1",pulse="Pulse 1",pi="PI 1"; time=NAME where it is not called Time.
    listen
        unix-server:PATH or tcp-server:HOST:PORT; one for every gateway.
    ledger
        A file to which every notification is appended before it is sent.
    time_scale
        Multiplies every delay: 0.1 is ten times faster.
    stop_after
        Stop sending and drop the link so many seconds after the first subscription, times the time scale.
    """
    common = _common(listen, ledger, time_scale, stop_after)
    series = _read_recording(file, columns)
    junk = describe_junk(series)
    if junk:
        print(f"{app.name[0]}: {file}: {junk}", file=sys.stderr)
    return _simulate(common, recording=series)


@app.command
def scenarios(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """List the scenarios that a person can be given.

    Parameters
    ----------
    json
        Print one JSON array.
    """
    rows = [{"name": row.name, "summary": row.summary} for row in scenario_table.SCENARIOS.values()]
    if json:
        print(json_module.dumps(rows))
    else:
        width = max(len(row["name"]) for row in rows)
        for row in rows:
            print(f"{row['name']:{width}}  {row['summary']}")
    return entry.Exit.DONE


def parse_people(texts: Sequence[str]) -> tuple[tuple[int, scenario_table.Scenario], ...]:
    """Read ``NUMBER=SCENARIO`` texts.

    Raises:
        ConfigurationError: one cannot be read, or a number comes twice.
    """
    people: dict[int, scenario_table.Scenario] = {}
    for text in texts:
        number, separator, name = text.partition("=")
        if not separator or not number.isdecimal() or not 1 <= int(number) <= _LAST_PERSON:
            raise ConfigurationError(f"--person {text!r} is no NUMBER=SCENARIO with a number from 1 to {_LAST_PERSON}")
        if int(number) in people:
            raise ConfigurationError(f"--person {number} comes twice")
        people[int(number)] = scenario_table.named(name)
    return tuple(people.items())


def main() -> None:
    """Entry point of the command."""
    sys.exit(entry.run(app))


_LAST_PERSON: Final = 255


def _common(listen: list[str], ledger: Path | None, time_scale: float, stop_after_s: float | None) -> Common:
    require_time_scale(GenerationMode.TEST, time_scale)
    if stop_after_s is not None and stop_after_s < 0:
        raise ConfigurationError(f"--stop-after must not be negative, but is {stop_after_s:g}")
    if len(set(listen)) < len(listen):
        raise ConfigurationError("--listen names an address twice")
    return Common(listen=tuple(listen), ledger=ledger, time_scale=time_scale, stop_after_s=stop_after_s)


def _read_recording(file: Path, columns: str) -> Series:
    wanted = parse_columns(columns)
    return read_series(recording.load_lines(file), wanted)


def _simulate(
    common: Common,
    *,
    people: tuple[tuple[int, scenario_table.Scenario], ...] = (),
    recording: Series | None = None,
    seed: int = 0,
    garbage: int | None = None,
) -> int:
    # Only a simulation needs bumble, and it takes a moment to import.
    from vitals_firmware_sim.ledger import Ledger  # noqa: PLC0415
    from vitals_firmware_sim.listener import parse_endpoint  # noqa: PLC0415
    from vitals_firmware_sim.simulation import Settings, simulate  # noqa: PLC0415

    logging.basicConfig(level=logging.ERROR, format="vitals-sim: %(message)s")
    logging.getLogger("vitals_firmware_sim").setLevel(logging.INFO)
    settings = Settings(
        endpoints=tuple(parse_endpoint(text) for text in common.listen),
        people=people,
        recording=recording,
        seed=seed,
        time_scale=common.time_scale,
        garbage=garbage,
        stop_after_s=common.stop_after_s,
    )

    async def until_signalled() -> None:
        signalled = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, signalled.set)
        await simulate(settings, ledger, clock, ready=lambda: print("ready", flush=True), until=signalled.wait)

    clock = SystemClock()
    with Ledger(common.ledger, clock) as ledger:
        asyncio.run(until_signalled())
    return entry.Exit.DONE


if __name__ == "__main__":
    main()
