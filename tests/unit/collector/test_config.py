"""server.toml: what it may say, and one clear line for what it may not."""

from pathlib import Path

import pytest

from vitals.collector.config import Broker, ServerConfig, load, parse_broker
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode


def write(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text)
    return path


def test_a_mode_is_enough(tmp_path: Path) -> None:
    assert load(write(tmp_path, 'mode = "real"')) == ServerConfig(
        mode=GenerationMode.REAL, series=tmp_path / "series.db", registry=tmp_path / "registry.db"
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    text = (
        'mode = "demo"\ntime_scale = 0.1\n[broker]\nurl = "mqtt://me:p%40ss@broker.local:1884"\n'
        '[store]\nseries = "data/s.db"\nregistry = "/var/r.db"\n'
        '[console]\nhost = "127.0.0.1"\nport = 8471\n[alarms]\nprofile = "mine.toml"\n'
    )
    config = load(write(tmp_path, text))
    assert (config.mode, config.time_scale) == (GenerationMode.DEMO, 0.1)
    assert config.broker == Broker("broker.local", 1884, "me", "p@ss")
    assert "p@ss" not in config.broker.address
    assert (config.series, config.registry) == (tmp_path / "data/s.db", Path("/var/r.db"))
    assert (config.console.port, config.profile) == (8471, "mine.toml")


def test_the_section_of_notifications_is_handed_on_as_it_stands(tmp_path: Path) -> None:
    text = 'mode = "demo"\n[notify]\ntime_zone = "UTC"\n[notify.recipients.n]\nchannels = ["memory://"]\n'
    section = load(write(tmp_path, text)).notify
    assert section == {"time_zone": "UTC", "recipients": {"n": {"channels": ["memory://"]}}}
    assert load(write(tmp_path, 'mode = "demo"')).notify == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mode"),
        ("mode = 3", "mode"),
        ('mode = "production"', "mode must be real, test or demo, not 'production'"),
        ('mode = "real"\ntime_scale = 0.5', "refused in real mode"),
        ('mode = "demo"\ntime_scale = 0', "time_scale must lie between"),
        ('mode = "demo"\nmdoe = 1', "mdoe"),
        ('mode = "demo"\n[broker]\nuri = "x"', "uri"),
        ('mode = "demo"\n[console]\nport = 0', "console.port"),
        ('mode = "demo', "server.toml"),
        ('mode = "demo"\n[broker]\nurl = "http://x"', "mqtt://"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "server.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"server\.toml"):
        load(tmp_path / "server.toml")


@pytest.mark.parametrize("url", ["mqtt://", "mqtt://host:99999", "mqtts://host", "host:1883", "", "mqtt://u:secret@:1"])
def test_a_broker_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_broker(url)
    assert "secret" not in str(caught.value)


def test_the_usual_port() -> None:
    assert parse_broker("mqtt://host") == Broker("host", 1883)
    assert parse_broker("mqtt://[::1]:1884") == Broker("::1", 1884)
