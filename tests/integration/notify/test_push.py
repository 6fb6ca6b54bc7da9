"""Web Push against a push service on loopback: what arrives can be read by its browser alone, and says no more."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from tests.integration.notify.sinks import HttpSink, http_sink
from tests.push_browser import Browser, claims

from vitals.cli.app import app
from vitals.cli.entry import Exit, run
from vitals.clock import ManualClock
from vitals.errors import ConfigurationError
from vitals.notify import push_keys
from vitals.notify.base import Answer, Message, Outcome, Receipt
from vitals.notify.push_channel import PushChannel
from vitals.notify.push_services import SERVICES, require_address
from vitals.registry import Registry, open_registry

TEXT = "High priority alarm, open the console: K7QF3DMX"
MESSAGE = Message(
    key="K7QF3DMX-2/nurse-1",
    title="OpenVitals K7QF3DMX-2",
    text=f"{TEXT}\nhttps://console.example/a/K7QF3DMX-2-7QD4",
    priority="high",
    word="K7QF3DMX-2-7QD4",
)
HANDED_OVER = Answer(Outcome.SENT, Receipt.HANDED_OVER)
LOOPBACK = ("http://127.0.0.1",)


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = open_registry("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def key(tmp_path: Path) -> push_keys.PushKey:
    return push_keys.make(tmp_path / "push.pem")


def channel(registry: Registry, key: push_keys.PushKey, within_s: float = 10.0) -> PushChannel:
    clock = ManualClock(utc_ms=1_800_000_000_000)
    return PushChannel(
        "nurse-1/1 push", "nurse-1", registry.duty, key, "it@ward.example", LOOPBACK, clock, within_s=within_s
    )


def register(registry: Registry, sink: HttpSink, *names: str) -> list[Browser]:
    browsers = [Browser(f"http://127.0.0.1:{sink.port}/{name}") for name in names]
    for browser in browsers:
        registry.duty.add_device(browser.device)
    return browsers


async def test_what_arrives_is_for_that_browser_alone_and_names_nobody(
    registry: Registry, key: push_keys.PushKey
) -> None:
    async with http_sink() as sink:
        phone, tablet = register(registry, sink, "phone", "tablet")
        assert await channel(registry, key).send(MESSAGE) == HANDED_OVER
        by_path = {request.path: request for request in sink.requests}
    headers, body = by_path["/phone"].headers, by_path["/phone"].raw
    said = {"title": MESSAGE.title, "body": TEXT, "key": MESSAGE.key, "word": MESSAGE.word}
    assert phone.decrypt(body) == said
    assert tablet.decrypt(by_path["/tablet"].raw) == said
    with pytest.raises(InvalidTag):
        tablet.decrypt(body)
    assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("600", "high", "K7QF3DMX")
    assert headers["content-encoding"] == "aes128gcm"
    claimed, public = claims(headers["authorization"])
    assert public == key.public
    assert (claimed["sub"], claimed["aud"]) == ("mailto:it@ward.example", "http://127.0.0.1")


async def test_a_self_test_is_less_urgent(registry: Registry, key: push_keys.PushKey) -> None:
    async with http_sink() as sink:
        register(registry, sink, "phone")
        await channel(registry, key).send(Message(key="self-test/1", title="OpenVitals self-test", text="x"))
        (request,) = sink.requests
    assert (request.headers["ttl"], request.headers["urgency"]) == ("3600", "normal")
    assert "topic" not in request.headers


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_removed_and_recorded(
    registry: Registry, key: push_keys.PushKey, status: int
) -> None:
    async with http_sink() as sink:
        register(registry, sink, "phone")
        sink.status = status
        push = channel(registry, key)
        answer = await push.send(MESSAGE)
        assert (answer.outcome, answer.receipt) == (Outcome.RETRY, Receipt.QUEUED)
        assert f"registered no longer ({status})" in answer.why
        assert registry.duty.devices() == []
        nobody = await push.send(MESSAGE)
        assert nobody == Answer(Outcome.RETRY, Receipt.QUEUED, "no device is registered: open /notifications on it")
        assert sink.asked == 1


async def test_one_browser_that_is_there_is_enough(registry: Registry, key: push_keys.PushKey) -> None:
    async with http_sink() as gone, http_sink() as sink:
        gone.status = 410
        register(registry, gone, "old")
        register(registry, sink, "new")
        assert await channel(registry, key).send(MESSAGE) == HANDED_OVER
    assert len(registry.duty.devices()) == 1


@pytest.mark.parametrize(
    ("status", "outcome"), [(429, Outcome.RETRY), (503, Outcome.RETRY), (403, Outcome.REFUSED), (413, Outcome.REFUSED)]
)
async def test_what_a_push_service_answers(
    registry: Registry, key: push_keys.PushKey, status: int, outcome: Outcome
) -> None:
    async with http_sink() as sink:
        register(registry, sink, "phone")
        sink.status = status
        answer = await channel(registry, key).send(MESSAGE)
    assert answer.outcome is outcome
    assert answer.why.startswith(f"127.0.0.1: {status}")
    assert len(registry.duty.devices()) == 1


async def test_a_push_service_that_is_not_there_or_hangs(registry: Registry, key: push_keys.PushKey) -> None:
    async with http_sink() as sink:
        register(registry, sink, "phone")
        sink.hanging = True
        answer = await channel(registry, key, within_s=0.3).send(MESSAGE)
        assert answer == Answer(Outcome.RETRY, Receipt.UNKNOWN, "127.0.0.1: no answer within 0.3 s")
    answer = await channel(registry, key).send(MESSAGE)
    assert (answer.outcome, answer.receipt) == (Outcome.RETRY, Receipt.UNKNOWN)


async def test_keys_that_are_none_say_so(registry: Registry, key: push_keys.PushKey) -> None:
    async with http_sink() as sink:
        (browser,) = register(registry, sink, "phone")
        registry.duty.add_device(msgspec.structs.replace(browser.device, p256dh="AAAA"))
        answer = await channel(registry, key).send(MESSAGE)
    assert "keys of this device cannot be used" in answer.why


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://10.0.0.1/x",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://me:secret@fcm.googleapis.com/x",
        "https://push.apple.com/x",
        "file:///etc/passwd",
        "https://[::1/x",
        "https://fcm.googleapis.com/" + "x" * 3000,
    ],
)
def test_nothing_is_sent_to_what_is_no_push_service(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a push service"):
        require_address(endpoint, SERVICES)
    assert require_address("https://web.push.apple.com/QA", SERVICES).hostname == "web.push.apple.com"


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "server.toml"
    config.write_text(
        'mode = "demo"\n[notify]\ntime_zone = "UTC"\n[notify.recipients.a]\nchannels = ["push://"]\n'
        '[notify.push]\nkey = "push.pem"\ncontact = "it@ward.example"\n'
    )
    assert run(app, ["notify", "test", "--config", str(config)]) == Exit.USAGE
    assert "make one with: vitals notify push-key" in capsys.readouterr().err
    command = ["notify", "push-key", "--config", str(config)]
    assert run(app, command) == Exit.DONE
    place = tmp_path / "push.pem"
    assert place.stat().st_mode & 0o777 == 0o600
    made = push_keys.load(place)
    assert len(made.public) == 87
    assert run(app, command) == Exit.USAGE
    assert "is there already" in capsys.readouterr().err
    assert push_keys.load(place) == made
    place.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        push_keys.load(place)
    place.chmod(0o600)
    place.write_text("nonsense")
    with pytest.raises(ConfigurationError, match="no push key that can be read"):
        push_keys.load(place)


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "server.toml"
    config.write_text(
        'mode = "demo"\n[notify]\ntime_zone = "UTC"\n[notify.recipients.a]\nchannels = ["push://"]\n'
        '[notify.push]\nkey = "push.pem"\ncontact = "it@ward.example"\n'
    )
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "webpush"}
    sys.modules["webpush.vapid"] = sys.modules["webpush"] = None  # type: ignore[assignment]
    try:
        assert run(app, ["notify", "push-key", "--config", str(config)]) == Exit.USAGE
    finally:
        del sys.modules["webpush"], sys.modules["webpush.vapid"]
        sys.modules.update(hidden)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("is not installed: pip install 'openvitals[push]'")
