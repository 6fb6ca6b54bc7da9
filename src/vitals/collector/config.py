"""The server's configuration file, ``server.toml``."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from vitals.collector.sealing import Retention
from vitals.delays import require_time_scale
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode

_MODES: Final = {mode.label: mode for mode in GenerationMode}


class BrokerSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the MQTT broker is: ``mqtt://[user:password@]host[:port]``."""

    url: str = "mqtt://127.0.0.1:1883"


Days = Annotated[int, msgspec.Meta(ge=1)]


class StoreSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of the stores, relative ones beside the configuration file, and how long measurements are kept.

    Without *numerics_days* numerics are kept for ever.
    """

    series: str = "series.db"
    registry: str = "registry.db"
    numerics_days: Days | None = None
    waveforms_days: Days | None = 30


class ConsoleSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the console listens."""

    host: str = "127.0.0.1"
    port: int = 8470


class AlarmsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A profile's name, or the path of one's file."""

    profile: str = "adult"


class PathSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of the path from sensor to screen, for it to count as whole (docs/notify.md).

    *stations*: a page that can be heard must be open while somebody is monitored; ``false`` for a site that relies on
    notification. *gateways*: ``every`` one that carries the sensor of somebody who is monitored must be in the round,
    or ``any`` of them.
    """

    stations: bool = True
    gateways: Literal["every", "any"] = "every"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: str
    time_scale: float = 1.0
    broker: BrokerSection = BrokerSection()
    store: StoreSection = StoreSection()
    console: ConsoleSection = ConsoleSection()
    alarms: AlarmsSection = AlarmsSection()
    path: PathSection = PathSection()
    notify: dict[str, Any] = {}
    scores: dict[str, str] = {}


class Broker(msgspec.Struct, frozen=True):
    """An MQTT broker's address."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @property
    def address(self) -> str:
        """Host and port, without the secret."""
        return f"{self.host}:{self.port}"


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a server is told; paths are absolute unless the caller's folder was not.

    *notify* is the section as it stands in the file: ``vitals.notify.config`` reads it. *scores* are the files of a
    site's own score tables, by the name under which a profile prescribes them.
    """

    mode: GenerationMode
    time_scale: float = 1.0
    broker: Broker = Broker("127.0.0.1", 1883)
    series: Path = Path("series.db")
    registry: Path = Path("registry.db")
    retention: Retention = Retention()
    console: ConsoleSection = ConsoleSection()
    profile: str = "adult"
    path: PathSection = PathSection()
    notify: dict[str, Any] = {}
    scores: dict[str, Path] = {}


def load(path: Path) -> ServerConfig:
    """Read a configuration file.

    Raises:
        ConfigurationError: it cannot be read or used; one line that names the key and what it may be.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = msgspec.convert(tomllib.loads(text), _File)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if found.mode not in _MODES:
        raise ConfigurationError(f"{path}: mode must be real, test or demo, not {found.mode!r}")
    mode = _MODES[found.mode]
    if not 0 < found.console.port < 65536:
        raise ConfigurationError(f"{path}: console.port must lie between 1 and 65535, not {found.console.port}")
    folder = path.parent
    return ServerConfig(
        mode=mode,
        time_scale=require_time_scale(mode, found.time_scale),
        broker=parse_broker(found.broker.url),
        series=folder / found.store.series,
        registry=folder / found.store.registry,
        retention=Retention(numerics_days=found.store.numerics_days, waveforms_days=found.store.waveforms_days),
        console=found.console,
        profile=found.alarms.profile,
        path=found.path,
        notify=found.notify,
        scores={name: folder / file for name, file in found.scores.items()},
    )


def parse_broker(url: str) -> Broker:
    """Read a broker's URL.

    Raises:
        ConfigurationError: it is no URL of a broker that this release can use.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"broker.url is no URL: {error}") from None
    if parts.scheme == "mqtts":
        raise ConfigurationError("broker.url: encrypted connections are not built yet; use mqtt:// on a closed network")
    if parts.scheme != "mqtt" or not host:  # the URL itself may hold a password: it is not repeated
        raise ConfigurationError("broker.url must have the form mqtt://[user:password@]host[:port]")
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(host, port or 1883, username, password)
