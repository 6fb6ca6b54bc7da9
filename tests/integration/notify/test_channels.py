"""Channels through Apprise, against servers on loopback: what arrives, and what a dead or deaf end answers."""

import asyncio
import time
import tomllib
from pathlib import Path

import pytest
from tests.integration.notify.sinks import HttpSink, http_sink, listening, smtp_sink

from vitals.clock import SystemClock
from vitals.errors import ConfigurationError
from vitals.notify import config
from vitals.notify.apprise_channel import AT_ONCE, AppriseChannel
from vitals.notify.base import Answer, Channel, Message, Outcome, Receipt
from vitals.notify.channels import open_channel, open_channels
from vitals.notify.memory import MemoryChannel
from vitals.registry import open_registry

TEXT = "High priority alarm, open the console: K7QF3DMX"
MESSAGE = Message(key="K7QF3DMX-1/n", title="OpenVitals K7QF3DMX-1", text=TEXT, priority="high")
HANDED_OVER = Answer(Outcome.SENT, Receipt.HANDED_OVER)


async def test_a_webhook() -> None:
    async with http_sink() as sink:
        assert await open_channel("n/1", f"json://127.0.0.1:{sink.port}/hook").send(MESSAGE) == HANDED_OVER
        (request,) = sink.requests
    assert request.path == "/hook"
    assert (request.body["title"], request.body["message"], request.body["type"]) == (MESSAGE.title, TEXT, "failure")


async def test_ntfy_one_message_right_after_the_other_and_nothing_from_elsewhere() -> None:
    async with http_sink() as sink:
        channel = open_channel("n/1", f"ntfy://127.0.0.1:{sink.port}/nurse-1?priority=max")
        began = time.monotonic()  # noqa: TID251 - a bound, far above what it takes and below the service's own pause
        assert [await channel.send(MESSAGE) for _ in range(3)] == [HANDED_OVER] * 3
        assert time.monotonic() - began < 5  # noqa: TID251 - Apprise would wait 5.5 s between two
        first = sink.requests[0]
    assert first.body["topic"] == "nurse-1"
    assert (first.body["title"], first.body["message"]) == (MESSAGE.title, TEXT)
    assert "http" not in str(first.headers.get("x-icon", "")) + str(first.body)


async def test_gotify() -> None:
    async with http_sink() as sink:
        url = f"gotify://127.0.0.1:{sink.port}/Atoken1234567?priority=emergency"
        assert await open_channel("n/1", url).send(MESSAGE) == HANDED_OVER
        (request,) = sink.requests
    assert (request.path, request.headers["x-gotify-key"]) == ("/message", "Atoken1234567")
    assert request.body == {"priority": 10, "title": MESSAGE.title, "message": TEXT}


async def test_matrix_signs_in_joins_and_says_it_in_the_room() -> None:
    async with http_sink() as sink:
        sink.answers["/_matrix/client/v3/login"] = {"access_token": "t", "user_id": "@ward:x", "home_server": "x"}
        channel = open_channel("n/1", f"matrix://ward:secret@127.0.0.1:{sink.port}/!room:x?v=3")
        assert [await channel.send(MESSAGE) for _ in range(2)] == [HANDED_OVER] * 2
        said = [request for request in sink.requests if request.method == "PUT"]
        assert [request.path.rpartition("/rooms/")[2] for request in said] == [
            "%21room%3Ax/send/m.room.message/0",
            "%21room%3Ax/send/m.room.message/1",  # a server drops a second message of the same number
        ]
        assert {request.headers["authorization"] for request in said} == {"Bearer t"}
        assert MESSAGE.title in said[0].body["body"]
        assert TEXT in said[0].body["body"]
        sink.status = 403
        assert (await channel.send(MESSAGE)).outcome is Outcome.RETRY


async def test_sms_by_a_gateway_in_the_house() -> None:
    async with http_sink() as sink:
        sink.answers["/jsonrpc/sms"] = {"result": [{"message_id": 1, "status": "ok"}]}
        channel = open_channel("n/1", f"smseagle://token@127.0.0.1:{sink.port}/15551233456?priority=high")
        assert await channel.send(MESSAGE) == HANDED_OVER
        (request,) = sink.requests
        sink.answers["/jsonrpc/sms"] = {"result": [{"message_id": 0, "status": "error"}]}
        assert (await channel.send(MESSAGE)).outcome is Outcome.RETRY
    parameters = request.body["params"]
    assert (request.body["method"], parameters["to"]) == ("sms.send_sms", "15551233456")
    assert parameters["message"].split("\r\n") == [MESSAGE.title, TEXT]


@pytest.mark.parametrize("kind", ["form", "json"])
async def test_sms_by_any_service_that_takes_http(kind: str) -> None:
    async with http_sink() as sink:
        url = f"{kind}://127.0.0.1:{sink.port}/sms?:to=15551233456&:message=text&+Authorization=Bearer%20secret"
        assert await open_channel("n/1", url).send(MESSAGE) == HANDED_OVER
        (request,) = sink.requests
    assert (request.path, request.headers["authorization"]) == ("/sms", "Bearer secret")
    assert (request.body["to"], request.body["text"]) == ("15551233456", TEXT)  # fields by the names it wants


async def test_mail() -> None:
    async with smtp_sink() as sink:
        url = f"mailto://127.0.0.1:{sink.port}/?from=ward@example.org&to=nurse@example.org"
        assert await open_channel("n/1", url).send(MESSAGE) == HANDED_OVER
        (mail,) = sink.mails
    assert (mail.sender, mail.recipients) == ("ward@example.org", ("nurse@example.org",))
    assert mail.message["subject"] == MESSAGE.title
    assert TEXT in mail.text


async def test_a_mail_server_that_refuses_is_tried_again() -> None:
    async with smtp_sink() as sink:
        sink.refusal = "451 later"
        url = f"mailto://127.0.0.1:{sink.port}/?from=ward@example.org&to=nurse@example.org"
        answer = await open_channel("n/1", url).send(MESSAGE)
    assert (answer.outcome, sink.mails) == (Outcome.RETRY, [])


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:{}/hook",
        "ntfy://127.0.0.1:{}/topic",
        "mailto://127.0.0.1:{}/?from=a@example.org&to=b@example.org",
    ],
)
async def test_nobody_there(url: str) -> None:
    async with http_sink() as sink:
        port = sink.port
    answer = await AppriseChannel("n/1", url.format(port)).send(MESSAGE)
    assert (answer.outcome, answer.receipt) == (Outcome.RETRY, Receipt.UNKNOWN)
    assert answer.why
    assert "\n" not in answer.why


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_a_service_that_answers_with_a_failure(status: int) -> None:
    async with http_sink() as sink:
        sink.status = status
        answer = await open_channel("n/1", f"json://127.0.0.1:{sink.port}/hook").send(MESSAGE)
    assert (answer.outcome, sink.asked) == (Outcome.RETRY, 1)


async def test_a_service_that_hangs_is_given_up_in_time_and_holds_no_other_channel() -> None:
    async with http_sink() as deaf, http_sink() as well:
        deaf.hanging = True
        hung = AppriseChannel("n/1", f"json://127.0.0.1:{deaf.port}/hook?rto=30", within_s=0.3)
        answers = await _together(hung, AT_ONCE + 2)
        assert {answer.outcome for answer in answers} == {Outcome.RETRY}
        assert {answer.receipt for answer in answers} == {Receipt.UNKNOWN, Receipt.QUEUED}
        assert deaf.asked == AT_ONCE  # threads that hang are bounded, too
        assert await open_channel("n/2", f"json://127.0.0.1:{well.port}/").send(MESSAGE) == HANDED_OVER


async def _together(channel: Channel, count: int) -> list[Answer]:
    async with asyncio.TaskGroup() as tasks:
        sending = [tasks.create_task(channel.send(MESSAGE)) for _ in range(count)]
    return [task.result() for task in sending]


async def test_messages_of_one_channel_do_not_wait_for_each_other() -> None:
    together = 0
    most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        while most < 2:
            await asyncio.sleep(0.01)
        await HttpSink().handle(reader, writer)
        together -= 1

    async with listening(slow) as port:
        channel = open_channel("n/1", f"json://127.0.0.1:{port}/")
        assert await _together(channel, 2) == [HANDED_OVER] * 2


@pytest.mark.parametrize("url", ["nonsense", "nosuchservice://me:secret@host", "mailto://host"])
def test_an_address_that_is_none_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^notify: Apprise knows no service for the address of n/1 "
    ) as caught:
        open_channel("n/1", url)
    assert "secret" not in str(caught.value)


def test_the_documented_addresses_are_addresses() -> None:
    page = (Path(__file__).parents[3] / "docs" / "notify.md").read_text("utf-8")
    settings = config.read(tomllib.loads(page.split("```toml\n")[1].split("```")[0])["notify"])
    assert settings is not None
    names = [
        channel.name
        for several in open_channels(settings, open_registry("sqlite://").duty, SystemClock()).values()
        for channel in several
    ]
    assert names[:2] == ["ingrid/1 ntfys", "ingrid/2 mailtos"]


async def test_the_memory_channel_keeps_what_it_takes() -> None:
    channel = MemoryChannel("n/1 memory", [Outcome.RETRY, Outcome.REFUSED])
    answers = [await channel.send(MESSAGE) for _ in range(3)]
    assert [answer.outcome for answer in answers] == [Outcome.RETRY, Outcome.REFUSED, Outcome.SENT]
    assert [answer.receipt for answer in answers] == [Receipt.UNKNOWN, Receipt.QUEUED, Receipt.DELIVERED]
    assert list(channel.messages) == [MESSAGE]
    assert isinstance(open_channel("n/1", "memory://anything"), MemoryChannel)
