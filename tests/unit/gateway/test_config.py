"""The configuration file: what it means, and the one line for what is wrong with it."""

from pathlib import Path

import pytest

from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals_gateway.config import Address, broker_address, load

LEAST = 'gateway = "gw-1"\nmode = "real"\n[broker]\nurl = "mqtt://broker"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    config = load(written(tmp_path, LEAST))
    assert config.generation_mode is GenerationMode.REAL
    assert (config.time_scale, config.sensors) == (1.0, [])
    assert (config.spool.days, config.spool.max_bytes, config.spool.batch_ms) == (7.0, 268_435_456, 200)
    assert (config.radio.kind, config.radio.adapter, config.radio.slots) == ("bluez", "hci0", 32)


def test_the_spool_lies_beside_the_file_unless_its_path_is_absolute(tmp_path: Path) -> None:
    assert load(written(tmp_path, LEAST)).spool.path == str(tmp_path / "spool.db")
    absolute = tmp_path / "elsewhere" / "s.db"
    assert load(written(tmp_path, f'{LEAST}[spool]\npath = "{absolute}"\n')).spool.path == str(absolute)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            'gateway = "gw_2"\nmode = "demo"\ntime_scale = 0.1\nsensors = ["F0:00:00:00:01:02"]\n'
            '[broker]\nurl = "mqtts://u:p@broker:1234"\n[spool]\npath = "s.db"\ndays = 1\nmax_bytes = 300000\n'
            'batch_ms = 20\n[radio]\nkind = "bumble"\ntransport = "unix-client:/x"\nslots = 4\n',
        )
    )
    assert (config.time_scale, config.spool.batch_ms, config.radio.transport) == (0.1, 20, "unix-client:/x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["missing required field `gateway`"]),
        ("gateway = [", ["is not TOML"]),
        (LEAST.replace("gw-1", "gw 1"), ["gateway:", "letters"]),
        (LEAST.replace("real", "prod"), ["mode:", "prod"]),
        ("time_scale = 0.1\n" + LEAST, ["time_scale", "real mode"]),
        ("time_scale = 0\n" + LEAST, ["time_scale"]),
        (LEAST.replace("mqtt://broker", "http://broker"), ["broker.url", "mqtt://HOST:PORT"]),
        (LEAST.replace("mqtt://broker", "mqtt://"), ["broker.url"]),
        (LEAST.replace("mqtt://broker", "mqtt://broker:99999"), ["broker.url"]),
        (LEAST + '[spool]\ndays = "x"\n', ["spool.days", "float"]),
        (LEAST + "[spool]\nbatch_ms = 2000\n", ["spool.batch_ms", "1000"]),
        (LEAST + "[spool]\nmax_bytes = 10\n", ["spool.max_bytes", "262144"]),
        (LEAST + "[spool]\nsize = 10\n", ["spool", "size"]),
        (LEAST + '[radio]\nkind = "wifi"\n', ["radio.kind", "wifi"]),
        (LEAST + '[radio]\nkind = "bumble"\n', ["radio.transport"]),
    ],
)
def test_an_error_is_one_line_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, words: list[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in [str(path), *words]:
        assert word in message


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "none.toml")
    path = tmp_path / "gateway.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(path)


def test_a_broker_is_shown_without_its_password() -> None:
    address = broker_address("mqtts://gw%401:se%2Fcret@broker.example")
    assert address == Address("broker.example", 8883, tls=True, username="gw@1", password="se/cret")
    assert address.shown == "mqtts://broker.example:8883"
    with pytest.raises(ConfigurationError) as caught:
        broker_address("http://user:secret@broker")
    assert "secret" not in str(caught.value)
