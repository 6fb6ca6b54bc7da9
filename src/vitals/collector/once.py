"""What people do is done once by its key, and answered when it is recorded (S9)."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from vitals.collector.journal import Journal
from vitals.collector.standing import Moment
from vitals.errors import ConflictError
from vitals.registry import Action
from vitals.ward import MissedEvent, ShownAlarm, ShownEntry, ShownInactivation, ShownRequest, ShownSuspension

_ANSWERS: Final[dict[str, Any]] = {
    "acknowledge": ShownAlarm,
    "pause_audio": ShownAlarm,
    "resume_audio": ShownAlarm,
    "resolve": ShownAlarm,
    "offer": ShownAlarm,
    "accept": ShownAlarm,
    "suspend": ShownSuspension,
    "resume": None,
    "review": MissedEvent,
    "enter": tuple[ShownEntry, ...],
    "request_suspension": ShownRequest,
    "accept_request": ShownSuspension,
    "refuse_request": None,
    "inactivate": ShownInactivation,
    "reactivate": None,
}

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what done to which *version* of something; *detail* is more to be recorded of it, in JSON."""

    action: str
    about: str
    actor: str
    key: str
    version: int = 0
    detail: str = ""


class _Answer(msgspec.Struct):
    action: str
    about: str
    detail: str
    shown: Any
    recorded: bool


class Once:
    """Deeds by key. *now* tells the time; an answer waits up to *confirm_s* seconds to be recorded."""

    def __init__(self, journal: Journal, now: Callable[[], Moment], confirm_s: float) -> None:
        self._journal = journal
        self._now = now
        self._confirm_s = confirm_s
        self._answers: dict[str, _Answer] = {}

    def recall(self, actions: Iterable[Action]) -> None:
        """Give the same answers to the same keys as before a restart."""
        for action in actions:
            shown = msgspec.msgpack.decode(action.answer, type=_ANSWERS[action.action])
            self._answers[action.key] = _Answer(action.action, action.episode, action.detail, shown, recorded=True)

    def recorded(self, actions: Iterable[Action]) -> None:
        """The registry has them."""
        for action in actions:
            answer = self._answers[action.key]
            answer.shown = _as_recorded(answer.shown)
            answer.recorded = True

    async def perform(self, request: Request, act: Callable[[Moment], T]) -> T:
        """What *act* answers, or what it answered to the same key before. Raises as *act* does.

        Raises:
            ConflictError: the key did something else before.
        """
        answer = self._answers.get(request.key)
        if answer is None:
            answer = self._performed(request, act)
        elif (answer.action, answer.about, answer.detail) != (request.action, request.about, request.detail):
            raise ConflictError("this key did something else, or to another alarm, before; nothing was done")
        if not answer.recorded:
            await self._journal.settled(request.key, self._confirm_s)
        shown: T = answer.shown
        return shown

    def _performed(self, request: Request, act: Callable[[Moment], object]) -> _Answer:
        moment = msgspec.structs.replace(self._now(), actor=request.actor)
        shown = act(moment)
        answer = self._answers[request.key] = _Answer(
            request.action, request.about, request.detail, shown, recorded=False
        )
        self._journal.action(
            Action(
                key=request.key,
                actor=request.actor,
                action=request.action,
                episode=request.about,
                version=request.version,
                at_utc_ms=moment.utc_ms,
                answer=msgspec.msgpack.encode(_as_recorded(shown)),
                detail=request.detail,
            )
        )
        return answer


def _as_recorded(shown: object) -> object:
    return msgspec.structs.replace(shown, recorded=True) if isinstance(shown, ShownAlarm) else shown
