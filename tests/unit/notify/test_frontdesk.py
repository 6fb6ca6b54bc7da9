"""What the console asks of notification: what is refused, what a combined message opens, what is told on."""

from collections.abc import Iterator

import pytest
from tests.notify_scene import SECTION, settings

from vitals.clock import ManualClock
from vitals.errors import ConflictError, NotFoundError
from vitals.notify import message
from vitals.notify.frontdesk import FrontDesk, Opened
from vitals.registry import Dispatch, Escalation, HandOver, Notification, Registry, open_registry


class Told:
    """Implements ``frontdesk.Told``: *open* are references and their episodes."""

    def __init__(self, **open_now: str) -> None:
        self.open = open_now
        self.receipts: list[tuple[str, str, str]] = []
        self.standing: list[HandOver] = []

    def viewed(self, key: str, recipient: str) -> None:
        self.receipts.append(("viewed", key, recipient))

    def delivered(self, key: str, recipient: str) -> None:
        self.receipts.append(("delivered", key, recipient))

    def stand_in(self, hand_overs: list[HandOver]) -> None:
        self.standing = hand_overs

    def episode(self, reference: str) -> str | None:
        return self.open.get(reference)


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = open_registry("sqlite://")
    yield opened
    opened.close()


def desk(registry: Registry, told: Told) -> FrontDesk:
    return FrontDesk(settings(), registry, told, ManualClock(utc_ms=1_800_000_000_000))


def row(reference: str, *, kind: str = "alarm", state: str = "queued", combined_into: str = "") -> Notification:
    return Notification(
        key=f"{reference}-1/nurse-1",
        kind=kind,
        recipient="nurse-1",
        text="x",
        created_utc_ms=1,
        reference=reference,
        number=1,
        state=state,
        combined_into=combined_into,
    )


async def test_s19_only_the_link_of_a_copy_says_whose_message_was_viewed(registry: Registry) -> None:
    told = Told(K7QF3DMX="p-1:spo2.low:5")
    front = desk(registry, told)
    assert await front.opened("K7QF3DMX") == Opened("p-1:spo2.low:5")  # typed in: anybody may have
    assert told.receipts == []
    await front.opened(f"K7QF3DMX-2-{message.mark('K7QF3DMX', 'nurse-2')}")
    assert told.receipts == [("viewed", "K7QF3DMX-2/nurse-2", "nurse-2")]
    await front.opened(f"K7QF3DMX-2-{message.mark('K7QF3DMX', 'somebody else')}")
    assert len(told.receipts) == 1


async def test_a_combined_message_opens_the_first_that_is_open(registry: Registry) -> None:
    told = Told(CCCCCCCC="p-3:spo2.low:1")
    rows = [row("BBBBBBBB"), row("CCCCCCCC"), row("ZZZZZZZZ", kind="combined")]
    members = [row(name, state="combined", combined_into="ZZZZZZZZ-1/nurse-1") for name in ("BBBBBBBB", "CCCCCCCC")]
    registry.outbox.save(Dispatch(notifications=rows))
    registry.outbox.save(Dispatch(notifications=members))
    front = desk(registry, told)
    assert await front.opened("ZZZZZZZZ") == Opened("p-3:spo2.low:1", several=True)
    told.open.clear()
    assert await front.opened("ZZZZZZZZ") == Opened(None, several=True)


async def test_an_alarm_that_is_over_is_known_and_a_word_of_nothing_is_not(registry: Registry) -> None:
    chain = Escalation(episode="e", reference="K7QF3DMX", phase="over", state=b"", changed_utc_ms=1)
    registry.outbox.save(Dispatch(escalations=[chain]))
    front = desk(registry, Told())
    assert await front.opened("K7QF3DMX") == Opened(None)
    for word in ("BBBBBBBB", "nonsense", "K7QF3DMX-0-AAAA", "../etc"):
        with pytest.raises(NotFoundError):
            await front.opened(word)


async def test_what_a_browser_showed_is_delivered_to_whom_it_was_for(registry: Registry) -> None:
    registry.outbox.save(Dispatch(notifications=[row("K7QF3DMX")]))
    told = Told()
    front = desk(registry, told)
    await front.shown("K7QF3DMX-1/nurse-1")
    assert told.receipts == [("delivered", "K7QF3DMX-1/nurse-1", "nurse-1")]
    with pytest.raises(NotFoundError):
        await front.shown("K7QF3DMX-9/nurse-1")


async def test_s8_a_hand_over_is_told_on_when_it_is_accepted_and_when_it_ends(registry: Registry) -> None:
    told = Told()
    front = desk(registry, told)
    offered = await front.offer("nurse-1", "nurse-2", 60)
    assert told.standing == []
    assert (await front.accept(offered.id)).accepted
    assert [(each.giver, each.taker) for each in told.standing] == [("nurse-1", "nurse-2")]
    await front.end(offered.id)
    assert told.standing == []
    with pytest.raises(ConflictError, match="is over"):
        await front.accept((await front.end(offered.id)).id)


@pytest.mark.parametrize(
    ("giver", "taker", "minutes", "kind"),
    [
        ("nobody", "nurse-2", 60, NotFoundError),
        ("nurse-1", "nobody", 60, NotFoundError),
        ("nurse-1", "nurse-1", 60, ConflictError),
        ("nurse-1", "nurse-2", 0, ConflictError),
        ("nurse-1", "nurse-2", 1441, ConflictError),
    ],
)
async def test_a_hand_over_that_cannot_be(
    registry: Registry, giver: str, taker: str, minutes: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await desk(registry, Told()).offer(giver, taker, minutes)


async def test_a_server_without_web_push_registers_no_browser(registry: Registry) -> None:
    front = desk(registry, Told())
    with pytest.raises(NotFoundError, match="sends no Web Push"):
        await front.add_device("nurse-1", "https://fcm.googleapis.com/x", "a", "b")
    overview = await front.overview()
    assert overview.push_key == ""
    assert [each.id for each in overview.recipients] == list(SECTION["recipients"])
