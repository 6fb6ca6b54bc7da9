"""What people arrange for the patients of the rehearsal ward: suspensions, requests, alarms that are switched off."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from vitals.clock import Clock, iso
from vitals.console.rehearsal_beds import Bed
from vitals.errors import ConflictError, NotFoundError
from vitals.ward import (
    MOST_SUSPENDED_MINUTES,
    REASONS,
    ShownEntry,
    ShownRequest,
    ShownSuspension,
)

Done = TypeVar("Done")


class Arrangements:
    """That part of a ward which is about beds. *failing* is raised by whatever is asked of it."""

    def __init__(self, clock: Clock, beds: Mapping[str, Bed], time_scale: float) -> None:
        self.failing: Exception | None = None
        self._clock = clock
        self._beds = beds
        self._time_scale = time_scale
        self._answered: dict[str, tuple[object, Any]] = {}
        self._requests: dict[str, ShownRequest] = {}
        self._endings: list[Callable[[], None]] = [self._end_arrangements]

    async def suspend(self, patient: str, *, reason: str, minutes: int, actor: str, key: str) -> ShownSuspension:
        """See :class:`vitals.ward.Ward`. The time scale shortens it, as everything."""
        return self._once(
            key, ("suspend", patient, reason, minutes), lambda: self._suspend(patient, reason, minutes, actor)
        )

    async def resume(self, patient: str, *, actor: str, key: str) -> None:
        """See :class:`vitals.ward.Ward`."""

        def resume() -> None:
            if not self._bed(patient).suspended:
                raise ConflictError("the patient's monitoring is not suspended")
            self._beds[patient].suspended = None

        self._once(key, ("resume", patient, actor), resume)

    async def request_suspension(
        self, patient: str, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownRequest:
        """See :class:`vitals.ward.Ward`."""

        def ask() -> ShownRequest:
            person = msgspec.structs.asdict(self._bed(patient).person)
            _require(reason, minutes)
            before = self._requests.get(patient)
            version = 1 if before is None else before.version + 1
            now = iso(self._clock.utc_ms())
            asked = ShownRequest(version=version, reason=reason, minutes=minutes, at=now, by=actor, **person)
            self._requests[patient] = asked
            return asked

        return self._once(key, ("request", patient, reason, minutes), ask)

    async def accept_request(self, patient: str, version: int, *, actor: str, key: str) -> ShownSuspension:
        """See :class:`vitals.ward.Ward`."""

        def accept() -> ShownSuspension:
            asked = self._close(patient, version)
            return self._suspend(patient, asked.reason, asked.minutes, actor)

        return self._once(key, ("accept_request", patient), accept)

    async def refuse_request(self, patient: str, version: int, *, actor: str, key: str) -> None:
        """See :class:`vitals.ward.Ward`."""
        self._once(key, ("refuse_request", patient, actor), lambda: self._close(patient, version))

    async def reactivate(self, patient: str, condition: str, *, actor: str, key: str) -> None:
        """See :class:`vitals.ward.Ward`."""

        def reactivate() -> None:
            bed = self._bed(patient)
            left = tuple(made for made in bed.inactivated if made.condition != condition)
            if left == bed.inactivated:
                raise NotFoundError("that alarm is not switched off")
            bed.inactivated = left

        self._once(key, ("reactivate", patient, condition, actor), reactivate)

    async def enter(
        self, patient: str, *, values: dict[str, float | str], actor: str, key: str
    ) -> tuple[ShownEntry, ...]:
        """See :class:`vitals.ward.Ward`."""
        bed = self._bed(patient)
        return self._once(key, ("enter", patient, values), lambda: bed.enter(values, actor, self._clock))

    def _suspend(self, patient: str, reason: str, minutes: int, actor: str) -> ShownSuspension:
        bed = self._bed(patient)
        _require(reason, minutes)
        now = self._clock.utc_ms()
        lasts_ms = round(minutes * 60_000 * self._time_scale)
        bed.suspended_until_ms = self._clock.monotonic_ms() + lasts_ms
        bed.suspended = ShownSuspension(reason=reason, owner=actor, since=iso(now), until=iso(now + lasts_ms))
        return bed.suspended

    def _close(self, patient: str, version: int) -> ShownRequest:
        asked = self._requests.get(patient)
        if asked is None:
            raise NotFoundError("the patient asks for nothing")
        if asked.version != version:
            raise ConflictError(f"the request changed: it is at version {asked.version}, not {version}")
        return self._requests.pop(patient)

    def _once(self, key: str, request: object, act: Callable[[], Done]) -> Done:
        """What *key* was answered, or what *act* does now."""
        if self.failing:
            raise self.failing
        self._expire()
        if key not in self._answered:
            self._answered[key] = (request, act())
        requested, done = self._answered[key]
        if requested != request:
            raise ConflictError("that key was used for something else")
        answer: Done = done
        return answer

    def _expire(self) -> None:
        """What has an end of its own ends."""
        for end in self._endings:
            end()

    def _end_arrangements(self) -> None:
        now = self._clock.monotonic_ms()
        for bed in self._beds.values():
            if bed.suspended and bed.suspended_until_ms <= now:
                bed.suspended = None
            bed.inactivated = tuple(made for made in bed.inactivated if made.until > iso(self._clock.utc_ms()))

    def _bed(self, patient: str) -> Bed:
        if patient not in self._beds:
            raise NotFoundError(f"there is no patient {patient}")
        return self._beds[patient]


def _require(reason: str, minutes: int) -> None:
    if reason not in REASONS:
        raise ConflictError(f"{reason} is no reason; these are: {', '.join(REASONS)}")
    if not 1 <= minutes <= MOST_SUSPENDED_MINUTES:
        raise ConflictError(f"monitoring is suspended for 1 to {MOST_SUSPENDED_MINUTES} minutes")
