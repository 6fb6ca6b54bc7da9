"""What the console asks of notification: open an alarm by its word, register a browser, hand over.

Nothing here decides who is told; it records what people did, and tells the notifier.
"""

import asyncio
import secrets
from typing import Final, Protocol

import msgspec

from vitals.clock import Clock, iso
from vitals.errors import ConflictError, NotFoundError
from vitals.notify import message
from vitals.notify.config import Settings
from vitals.notify.push_services import require_address
from vitals.registry import HandOver, PushDevice, Registry

LONGEST_MINUTES: Final = 24 * 60
"""How long a hand-over may last: who is away for longer is away in the rota."""


class Told(Protocol):
    """What is to be known at once: ``notifier.Notifier``."""

    def viewed(self, key: str, recipient: str) -> None:
        """*recipient* opened what message *key* points to."""

    def delivered(self, key: str, recipient: str) -> None:
        """Message *key* was shown on a device of *recipient*."""

    def stand_in(self, hand_overs: list[HandOver]) -> None:
        """These hand-overs are offered or in force."""

    def episode(self, reference: str) -> str | None:
        """The open episode that *reference* stands for."""


class ShownRecipient(msgspec.Struct, frozen=True):
    """Somebody who can be told, how many browsers of theirs are registered, and whether they are told on those."""

    id: str
    devices: int
    pushed: bool


class ShownHandOver(msgspec.Struct, frozen=True):
    """An offer, or a hand-over in force (*accepted*), until *until* unless somebody ends it."""

    id: str
    giver: str
    taker: str
    until: str
    accepted: bool


class Overview(msgspec.Struct, frozen=True):
    """What the page of notifications shows; *push_key* is empty where this server sends no Web Push."""

    push_key: str
    recipients: list[ShownRecipient]
    hand_overs: list[ShownHandOver]


class Opened(msgspec.Struct, frozen=True):
    """What a message is about: the episode if it is open, else None; *several*: the message was for more than one."""

    episode: str | None
    several: bool = False


class FrontDesk:
    """One for a server that notifies. *push_key*: the public one, as browsers want it."""

    def __init__(self, settings: Settings, registry: Registry, told: Told, clock: Clock, *, push_key: str = "") -> None:
        self._settings = settings
        self._registry = registry
        self._told = told
        self._clock = clock
        self._push_key = push_key

    async def overview(self) -> Overview:
        """Who can be told where, and what is handed over. Raises StoreError."""
        devices = await asyncio.to_thread(self._registry.duty.devices)
        theirs = [device.recipient for device in devices]
        return Overview(
            push_key=self._push_key,
            recipients=[
                ShownRecipient(
                    recipient.id,
                    theirs.count(recipient.id),
                    any(url.startswith("push://") for url in recipient.channels),
                )
                for recipient in self._settings.directory.recipients.values()
            ],
            hand_overs=[_show(each) for each in await self._hand_overs()],
        )

    async def add_device(self, recipient: str, endpoint: str, p256dh: str, auth: str) -> None:
        """Tell *recipient* in this browser, too.

        Raises:
            NotFoundError: there is no such recipient, or this server sends no Web Push.
            ConflictError: nothing is ever sent to *recipient* by Web Push, as the configuration stands.
            ConfigurationError: *endpoint* is no address of a push service.
            StoreError: it was not recorded.
        """
        push = self._settings.push
        if push is None or not self._push_key:
            raise NotFoundError("this server sends no Web Push: its configuration has no [notify.push]")
        found = self._settings.directory.recipients.get(recipient)
        if found is None:
            raise NotFoundError(f"there is no recipient {recipient}")
        if not any(url.startswith("push://") for url in found.channels):
            raise ConflictError(f"{recipient} is not told by Web Push: add push:// to the channels of {recipient}")
        require_address(endpoint, push.services)
        device = PushDevice(
            endpoint=endpoint, recipient=recipient, p256dh=p256dh, auth=auth, added_utc_ms=self._clock.utc_ms()
        )
        await asyncio.to_thread(self._registry.duty.add_device, device)

    async def remove_device(self, endpoint: str) -> None:
        """Send nothing to this browser any more. Raises NotFoundError or StoreError."""
        there = await asyncio.to_thread(
            lambda: self._registry.duty.remove_device(endpoint, at_utc_ms=self._clock.utc_ms(), why="by the person")
        )
        if not there:
            raise NotFoundError("this browser is not registered")

    async def opened(self, word: str) -> Opened:
        """Somebody sees what the message of *word* is about; a word from a link says whose message it was (S19).

        Raises:
            NotFoundError: no message has such a word.
            StoreError: the registry cannot say.
        """
        found = message.OPENED.fullmatch(word)
        if found is None:
            raise NotFoundError(f"{word!r} is no word of a message")
        reference, number, mark = found.groups()
        opened = await asyncio.to_thread(self._find, reference)
        for recipient in self._settings.directory.recipients:
            if mark == message.mark(reference, recipient):
                self._told.viewed(f"{reference}-{number}/{recipient}", recipient)
        return opened

    async def shown(self, key: str) -> None:
        """A browser showed message *key*. Raises NotFoundError or StoreError."""
        recipient = await asyncio.to_thread(self._registry.outbox.recipient, key)
        if recipient is None:
            raise NotFoundError("there is no such message")
        self._told.delivered(key, recipient)

    async def offer(self, giver: str, taker: str, minutes: int) -> ShownHandOver:
        """*giver* offers *taker* all they have on call for so long; nothing changes until that is accepted.

        Raises:
            NotFoundError: one of them is no recipient.
            ConflictError: they are the same, or *minutes* not between 1 and :data:`LONGEST_MINUTES`.
            StoreError: it was not recorded.
        """
        for person in (giver, taker):
            if person not in self._settings.directory.recipients:
                raise NotFoundError(f"there is no recipient {person}")
        if giver == taker:
            raise ConflictError("nobody hands over to themselves")
        if not 0 < minutes <= LONGEST_MINUTES:
            raise ConflictError(f"a hand-over lasts between 1 and {LONGEST_MINUTES} minutes")
        now_ms = self._clock.utc_ms()
        offered = HandOver(
            id=secrets.token_hex(8),
            giver=giver,
            taker=taker,
            offered_utc_ms=now_ms,
            until_utc_ms=now_ms + minutes * 60_000,
        )
        await asyncio.to_thread(self._registry.duty.offer, offered)
        return _show(offered)

    async def accept(self, id_: str) -> ShownHandOver:
        """The taker accepts: from now on they are told, and own what the giver had acknowledged (S8).

        Raises:
            NotFoundError: there is no such offer.
            ConflictError: it is over.
            StoreError: it was not recorded.
        """
        now_ms = self._clock.utc_ms()
        return await self._changed(await asyncio.to_thread(lambda: self._registry.duty.accept(id_, at_utc_ms=now_ms)))

    async def end(self, id_: str) -> ShownHandOver:
        """Declined, withdrawn, or taken back; of one that is over nothing changes. Raises NotFoundError, StoreError."""
        now_ms = self._clock.utc_ms()
        return await self._changed(await asyncio.to_thread(lambda: self._registry.duty.end(id_, at_utc_ms=now_ms)))

    async def _changed(self, hand_over: HandOver) -> ShownHandOver:
        self._told.stand_in(await self._hand_overs())
        return _show(hand_over)

    async def _hand_overs(self) -> list[HandOver]:
        return await asyncio.to_thread(lambda: self._registry.duty.hand_overs(now_utc_ms=self._clock.utc_ms()))

    def _find(self, reference: str) -> Opened:
        open_now = self._told.episode(reference)
        if open_now is not None:
            return Opened(open_now)
        outbox = self._registry.outbox
        if outbox.episode(reference) is not None:
            return Opened(None)
        references = outbox.combined_references(reference)
        if references is None:
            raise NotFoundError(f"no message has the word {reference}")
        episodes = [episode for each in references if (episode := self._told.episode(each)) is not None]
        return Opened(next(iter(episodes), None), several=True)


def _show(hand_over: HandOver) -> ShownHandOver:
    return ShownHandOver(
        hand_over.id,
        hand_over.giver,
        hand_over.taker,
        iso(hand_over.until_utc_ms),
        accepted=hand_over.accepted_utc_ms is not None,
    )
