"""Hold what the simulator's ledger says was sent against what the store holds.

sent = committed + dropped (declared) + quarantined + unexplained, in observations. Sender and gateway share one
machine's monotonic clock here, which is what makes the two comparable; the product itself never compares them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from vitals import gatt
from vitals.errors import DecodeError
from vitals.observation import Observation
from vitals.series.base import Reader

DELIVERY_MS: Final = 3000
"""A notification reaches the gateway within this time of being sent, or it counts as another one."""
EDGE_MS: Final = 500
"""How far a declared gap reaches beyond its own ends: a notification is on its way when the link breaks."""

Key = tuple[str, str]
"""Sensor and characteristic."""


class Sent(msgspec.Struct, frozen=True):
    """One notification of the simulator's ledger."""

    sensor: str
    characteristic: str
    at_ms: int
    payload: bytes
    observations: int


class Stored(msgspec.Struct, frozen=True):
    """One notification in the store: recorded, or quarantined with the payload as it came."""

    sensor: str
    characteristic: str
    at_ms: int
    observations: tuple[Observation, ...]
    payload: bytes | None = None


class Declared(msgspec.Struct, frozen=True):
    """A stretch in which the gateway declared that it lost notifications, and why."""

    sensor: str
    characteristic: str
    from_ms: int
    to_ms: int
    reason: str


class Account(msgspec.Struct, kw_only=True):
    """The balance, in observations except *notifications_sent*; *dropped_by* splits *dropped* by reason."""

    notifications_sent: int = 0
    observations_sent: int = 0
    observations_committed: int = 0
    dropped: int = 0
    quarantined: int = 0
    unexplained: int = 0
    doubled: int = 0
    redelivered: int = 0
    dropped_by: dict[str, int] = {}
    unexplained_sent: list[Sent] = []
    doubled_stored: list[Stored] = []


def read_store(store: Reader) -> tuple[list[Stored], list[Declared]]:
    """What a store holds, notification by notification, and what it was told is lost."""
    stored = [Stored(item.sensor, item.characteristic, item.at_ms, item.observations) for item in store.everything()]
    stored += [
        Stored(item.sensor, item.characteristic, item.at_ms, (), item.payload)
        for item in store.quarantined()
        if item.arrival is None
    ]
    gaps = [item.gap for item in store.gaps()]
    declared = [Declared(gap.sensor, gap.characteristic, gap.from_ms, gap.to_ms, gap.reason) for gap in gaps]
    declared += [Declared("*", "*", item.void.from_ms, item.void.to_ms, item.void.reason) for item in store.voids()]
    return stored, declared


def reconcile(sent: Sequence[Sent], stored: Sequence[Stored], declared: Sequence[Declared]) -> Account:
    """Match every stored notification with the one that was sent, and name what is left over on either side."""
    account = Account(notifications_sent=len(sent), observations_sent=sum(item.observations for item in sent))
    sent_by: dict[Key, list[Sent]] = defaultdict(list)
    stored_by: dict[Key, list[Stored]] = defaultdict(list)
    for notification in sent:
        sent_by[notification.sensor, notification.characteristic].append(notification)
    for row in stored:
        stored_by[row.sensor, row.characteristic].append(row)
    for key in sent_by.keys() | stored_by.keys():
        excuses = [item for item in declared if item.sensor in {key[0], "*"} and item.characteristic in {key[1], "*"}]
        _match(account, sent_by[key], stored_by[key], excuses)
    return account


def _match(account: Account, sent: list[Sent], stored: list[Stored], excuses: list[Declared]) -> None:
    sent.sort(key=lambda item: item.at_ms)
    reasons = [_excuse(item, excuses) for item in sent]
    said = [_content(item) for item in sent]
    taken = [False] * len(sent)
    first = 0
    for row in sorted(stored, key=lambda item: item.at_ms):
        while first < len(sent) and sent[first].at_ms < row.at_ms - DELIVERY_MS:
            first += 1
        content = row.payload if row.payload is not None else _multiset(row.observations)
        index = _pick(sent, said, taken, reasons, first, row.at_ms, content)
        if index is None:
            account.doubled += len(row.observations) or 1
            account.doubled_stored.append(row)
            continue
        taken[index] = True
        if row.payload is None:
            account.observations_committed += len(row.observations)
        else:
            account.quarantined += sent[index].observations
    for item, was_taken, reason in zip(sent, taken, reasons, strict=True):
        if was_taken:
            continue
        if reason is None:
            account.unexplained += item.observations
            account.unexplained_sent.append(item)
        else:
            account.dropped += item.observations
            account.dropped_by[reason] = account.dropped_by.get(reason, 0) + item.observations


def _pick(
    sent: list[Sent],
    said: list[object],
    taken: list[bool],
    reasons: list[str | None],
    first: int,
    at_ms: int,
    content: object,
) -> int | None:
    """The earliest free equal notification; one that nothing excuses goes before one that a gap covers."""
    covered = None
    for index in range(first, len(sent)):
        if sent[index].at_ms > at_ms:
            break
        if taken[index] or said[index] != content:
            continue
        if reasons[index] is None:
            return index
        if covered is None:
            covered = index
    return covered


def _content(item: Sent) -> object:
    try:
        return _multiset(gatt.read(item.characteristic, item.payload).observations)
    except DecodeError:
        return item.payload


def _multiset(observations: Iterable[Observation]) -> tuple[tuple[int, int, int, int], ...]:
    """Observations without their order: columns keep it within a metric only."""
    return tuple(sorted((item.metric, item.raw, item.validity, item.missing) for item in observations))


def _excuse(item: Sent, excuses: list[Declared]) -> str | None:
    for excuse in excuses:
        if excuse.from_ms - EDGE_MS <= item.at_ms <= excuse.to_ms + EDGE_MS:
            return excuse.reason
    return None
