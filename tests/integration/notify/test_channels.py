"""Channels through Apprise, against servers on loopback: what arrives, and what a dead or deaf end answers."""

import asyncio
import time
import tomllib
from pathlib import Path

import pytest
from tests.integration.notify.sinks import HttpSink, http_sink, listening, smtp_sink

from vitals.errors import ConfigurationError
from vitals.notify import config
from vitals.notify.apprise_channel import AT_ONCE, AppriseChannel
from vitals.notify.base import Answer, Channel, Message, Outcome, Receipt
from vitals.notify.channels import open_channel, open_channels
from vitals.notify.memory import MemoryChannel

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
    names = [channel.name for several in open_channels(settings).values() for channel in several]
    assert names[:2] == ["ingrid/1 ntfys", "ingrid/2 mailtos"]


async def test_the_memory_channel_keeps_what_it_takes() -> None:
    channel = MemoryChannel("n/1 memory", [Outcome.RETRY, Outcome.REFUSED])
    answers = [await channel.send(MESSAGE) for _ in range(3)]
    assert [answer.outcome for answer in answers] == [Outcome.RETRY, Outcome.REFUSED, Outcome.SENT]
    assert [answer.receipt for answer in answers] == [Receipt.UNKNOWN, Receipt.QUEUED, Receipt.DELIVERED]
    assert list(channel.messages) == [MESSAGE]
    assert isinstance(open_channel("n/1", "memory://anything"), MemoryChannel)
