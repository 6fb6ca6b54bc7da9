"""What people arranged for one patient, and what waits for them: suspensions, requests, alarms that are off."""

import msgspec

from vitals.collector import asking, inactivation, noanswer, suspension
from vitals.collector.asking import Asked
from vitals.collector.inactivation import Inactivation, Inactivations
from vitals.collector.noanswer import NoAnswer
from vitals.collector.suspension import Suspension


class Arranged:
    """Each part is kept under a name of its own; *unkept* are those that the registry does not know so."""

    def __init__(self, no_answer: NoAnswer) -> None:
        self.no_answer = no_answer
        self.suspension: Suspension | None = None
        self.inactivations = Inactivations()
        self.asked: Asked | None = None
        self._unkept: set[str] = set()

    @property
    def unkept(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self._unkept) or self.no_answer.unkept

    @property
    def suspended(self) -> bool:
        """Whether nobody is to watch for a while (S15)."""
        return self.suspension is not None and self.suspension.lasts

    @property
    def waiting(self) -> bool:
        """Whether anything has an end of its own, or a next step."""
        return (
            self.suspended
            or self.asked is not None
            or self.no_answer.sequence is not None
            or next(iter(self.inactivations), None) is not None
        )

    def covers(self, at_ms: float) -> bool:
        """Whether nobody was to watch at that moment, as far as the last suspension goes."""
        return self.suspension is not None and self.suspension.covers(at_ms)

    def suspend(self, suspension_: Suspension) -> None:
        """Take up a suspension as it stands."""
        self.suspension = suspension_
        self._unkept.add(suspension.CONDITION)

    def ask(self, asked: Asked | None) -> None:
        """The patient asks for something, or for nothing more."""
        self.asked = asked
        self._unkept.add(asking.CONDITION)

    def inactivate(self, made: Inactivation) -> None:
        """An alarm is off from now on."""
        self.inactivations.begin(made)
        self._unkept.add(inactivation.CONDITION)

    def reactivate(self, condition: str, at_ms: int) -> Inactivation | None:
        """An alarm is on again; None if it was not off."""
        self._unkept.add(inactivation.CONDITION)
        return self.inactivations.end(condition, at_ms)

    def keep(self) -> dict[str, bytes | None]:
        """By name, what changed since the last time; None where nothing is left of it."""
        kept = {name: self._encoded(name) for name in self._unkept}
        if self.no_answer.unkept:
            kept[noanswer.KEPT] = self.no_answer.keep()
        self._unkept = set()
        self.no_answer.unkept = False
        return kept

    def restore(self, name: str, state: bytes) -> bool:
        """Take up what :meth:`keep` gave; False where *name* is none of it."""
        match name:
            case suspension.CONDITION:
                self.suspension = msgspec.msgpack.decode(state, type=Suspension)
            case asking.CONDITION:
                self.asked = msgspec.msgpack.decode(state, type=Asked)
            case inactivation.CONDITION:
                self.inactivations = inactivation.restore(state)
            case noanswer.KEPT:
                self.no_answer.restore(state)
            case _:
                return False
        return True

    def _encoded(self, name: str) -> bytes | None:
        if name == inactivation.CONDITION:
            return self.inactivations.keep()
        part = self.suspension if name == suspension.CONDITION else self.asked
        return None if part is None else msgspec.msgpack.encode(part)
