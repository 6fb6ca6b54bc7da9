"""``gateway.toml``: what one gateway is called, where it sends, where it spools, which radio it reads.

Every error is one line that names the file, the key and what is allowed there.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from vitals.delays import require_time_scale
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals.wire.topics import is_gateway_id

_MODES: Final = {mode.label: mode for mode in GenerationMode}
_SCHEMES: Final = {"mqtt": 1883, "mqtts": 8883}
_WHERE: Final = re.compile(r" - at `\$\.?(.*)`$")


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[broker]``: ``mqtt://host:1883`` or ``mqtts://user:password@host:8883``."""

    url: str


class SpoolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[spool]``: *path* is relative to the configuration file; what is older or more than the bounds is dropped.

    *max_bytes* bounds the database; its journal and the reserve beside it take up to 4 MB more.
    """

    path: str = "spool.db"
    days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 7.0
    max_bytes: Annotated[int, msgspec.Meta(ge=262_144)] = 268_435_456
    batch_ms: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class RadioConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[radio]``: the Bluetooth adapter, or a socket to a virtual controller (*transport*, bumble's name)."""

    kind: Literal["bluez", "bumble"] = "bluez"
    adapter: str = "hci0"
    transport: str = ""
    slots: Annotated[int, msgspec.Meta(ge=1, le=255)] = 32


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; *sensors* empty means every sensor that there is a driver for."""

    gateway: str
    mode: Literal["real", "test", "demo"]
    broker: BrokerConfig
    time_scale: float = 1.0
    spool: SpoolConfig = SpoolConfig()
    radio: RadioConfig = RadioConfig()
    sensors: list[str] = []

    @property
    def generation_mode(self) -> GenerationMode:
        """What every batch of this gateway says of itself (S13)."""
        return _MODES[self.mode]


class Address(msgspec.Struct, frozen=True):
    """A broker's address, taken from its URL."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = None

    @property
    def shown(self) -> str:
        """The URL without its credentials, for messages."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def load(path: Path) -> Config:
    """Read the file and refuse what cannot work.

    Raises:
        ConfigurationError: one line with the file, the key and what is allowed.
    """
    try:
        text = path.read_bytes().decode()
        config = msgspec.convert(tomllib.loads(text), Config)
        _check(config)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {_explained(str(error))}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    spool = msgspec.structs.replace(config.spool, path=str(path.parent / config.spool.path))
    return msgspec.structs.replace(config, spool=spool)


def broker_address(url: str) -> Address:
    """The parts of a broker's URL.

    Raises:
        ConfigurationError: it is no ``mqtt://`` or ``mqtts://`` URL with a host.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"broker.url: {error}") from None
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/"):
        raise ConfigurationError(f"broker.url: must be mqtt://HOST:PORT or mqtts://HOST:PORT, not {_shown(parts)!r}")
    return Address(
        host=parts.hostname,
        port=port or _SCHEMES[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _check(config: Config) -> None:
    if not is_gateway_id(config.gateway):
        raise ConfigurationError(
            f"gateway: must be letters, digits, - and _, at most 63, not {config.gateway!r}",
        )
    require_time_scale(config.generation_mode, config.time_scale)
    broker_address(config.broker.url)
    if config.radio.kind == "bumble" and not config.radio.transport:
        raise ConfigurationError("radio.transport: kind bumble needs one, for example unix-client:/run/vitals.sock")


def _explained(message: str) -> str:
    """Msgspec's message with the key in front: ``spool.days: Expected `float`, got `str```."""
    found = _WHERE.search(message)
    if found is None:
        return message
    return f"{found[1]}: {message[: found.start()]}"


def _shown(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
