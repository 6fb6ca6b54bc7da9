"""Who notifies and who is on duty: the lease of the one notifier, hand-overs, and the browsers of people."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from vitals.errors import ConflictError, NotFoundError, StoreError, VitalsError
from vitals.registry.entities import HandOver, PushDevice
from vitals.registry.tables import HandOverRow, LeaseRow, PushDeviceRow


class Lease(msgspec.Struct, frozen=True):
    """Who holds it, and until when."""

    holder: str
    until_utc_ms: int


class Duty:
    """Of an open registry: ``Registry.duty``."""

    def __init__(
        self,
        writing: Callable[[str, type[VitalsError]], AbstractContextManager[Connection]],
        reading: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._writing = writing
        self._reading = reading

    # One notifier

    def claim(
        self, name: str, wanted: Lease, *, now_utc_ms: int, over: Callable[[Lease], bool] = lambda _: False
    ) -> Lease | None:
        """Take lease *name*, or prolong it: None; or whose it is. *over* says that a holder cannot come back.

        Raises:
            StoreError: nothing was written.
        """
        with self._writing("the lease cannot be taken", StoreError) as connection:
            row = connection.execute(
                select(LeaseRow.holder, LeaseRow.until_utc_ms).where(LeaseRow.name == name)
            ).one_or_none()
            if row is not None:
                held = Lease(row.holder, row.until_utc_ms)
                if held.holder != wanted.holder and now_utc_ms < held.until_utc_ms and not over(held):
                    return held
            connection.execute(delete(LeaseRow).where(LeaseRow.name == name))
            connection.execute(insert(LeaseRow).values(name=name, **msgspec.structs.asdict(wanted)))
        return None

    def release(self, name: str, holder: str) -> None:
        """Give lease *name* back, if it is *holder*'s. Raises StoreError."""
        with self._writing("the lease cannot be given back", StoreError) as connection:
            connection.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))

    # Hand-overs

    def offer(self, hand_over: HandOver) -> None:
        """Record an offer. Raises ConflictError (that identifier was used before) or StoreError."""
        with self._writing(f"hand-over {hand_over.id} was offered before", ConflictError) as connection:
            connection.execute(insert(HandOverRow).values(**msgspec.structs.asdict(hand_over)))

    def accept(self, id_: str, *, at_utc_ms: int) -> HandOver:
        """Accept an offer; again, nothing changes.

        Raises:
            NotFoundError: there is no such offer.
            ConflictError: it is over.
            StoreError: nothing was written.
        """
        return self._change(id_, at_utc_ms, accepted_utc_ms=at_utc_ms)

    def end(self, id_: str, *, at_utc_ms: int) -> HandOver:
        """Decline, withdraw or take back; of one that is over nothing changes. Raises NotFoundError or StoreError."""
        return self._change(id_, at_utc_ms, ended_utc_ms=at_utc_ms)

    def hand_overs(self, *, now_utc_ms: int) -> list[HandOver]:
        """Offers and hand-overs that are not over, oldest first. Raises StoreError."""
        chosen = select(HandOverRow.__table__).where(
            HandOverRow.ended_utc_ms.is_(None), HandOverRow.until_utc_ms > now_utc_ms
        )
        with self._reading() as connection:
            rows = connection.execute(chosen.order_by(HandOverRow.offered_utc_ms, HandOverRow.id))
            return [HandOver(**row._asdict()) for row in rows]

    def _change(self, id_: str, at_utc_ms: int, **values: int) -> HandOver:
        with self._writing("the hand-over cannot be recorded", StoreError) as connection:
            found = _hand_over(connection, id_)
            if found is None:
                raise NotFoundError(f"there is no hand-over {id_}")
            before = HandOver(**found._asdict())
            over = before.ended_utc_ms is not None or at_utc_ms >= before.until_utc_ms
            if over and "ended_utc_ms" not in values:
                raise ConflictError(f"hand-over {id_} is over")
            if over or all(getattr(before, name) is not None for name in values):
                return before
            connection.execute(update(HandOverRow).where(HandOverRow.id == id_).values(**values))
            return msgspec.structs.replace(before, **values)

    # Browsers

    def add_device(self, device: PushDevice) -> None:
        """Keep a browser; one that is known already is from now on its new recipient's. Raises StoreError."""
        with self._writing("the browser cannot be recorded", StoreError) as connection:
            connection.execute(delete(PushDeviceRow).where(PushDeviceRow.endpoint == device.endpoint))
            connection.execute(insert(PushDeviceRow).values(**msgspec.structs.asdict(device)))

    def devices(self, recipient: str | None = None) -> list[PushDevice]:
        """Browsers that are still there, of one recipient or of all, oldest first. Raises StoreError."""
        chosen = select(PushDeviceRow.__table__).where(PushDeviceRow.gone_utc_ms.is_(None))
        if recipient is not None:
            chosen = chosen.where(PushDeviceRow.recipient == recipient)
        with self._reading() as connection:
            rows = connection.execute(chosen.order_by(PushDeviceRow.added_utc_ms, PushDeviceRow.endpoint))
            return [PushDevice(**row._asdict()) for row in rows]

    def remove_device(self, endpoint: str, *, at_utc_ms: int, why: str) -> bool:
        """Send nothing there any more; that it was there, and *why* it went, stays. Whether it was there.

        Raises:
            StoreError: nothing was written.
        """
        with self._writing("the browser cannot be removed", StoreError) as connection:
            changed = connection.execute(
                update(PushDeviceRow)
                .where(PushDeviceRow.endpoint == endpoint, PushDeviceRow.gone_utc_ms.is_(None))
                .values(gone_utc_ms=at_utc_ms, why=why, p256dh="", auth="")
            )
            return changed.rowcount > 0


def _hand_over(connection: Connection, id_: str) -> Row[Any] | None:
    return connection.execute(select(HandOverRow.__table__).where(HandOverRow.id == id_)).one_or_none()
