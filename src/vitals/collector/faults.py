"""Parts of the server that say of themselves that they fail, as technical alarms: a notice is read, an alarm is heard.

Which notices alarm, and how urgently, is the table :data:`ALARMING`. None survives a restart: whoever said it says it
again if it still holds.
"""

import re
from typing import Final

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.collector.standing import Moment, Standing, Tell
from vitals.delays import Delays

SUBJECT: Final = "server:faults"
"""Among subjects: no patient's identifier has a colon."""

ALARMING: Final = {
    "notification_channel": Priority.LOW,
    "notifications_not_recorded": Priority.LOW,
    "notifier_failed": Priority.MEDIUM,
    "nobody_told": Priority.MEDIUM,
    "stations_silent": Priority.MEDIUM,
}
"""By the code of a notice, up to a colon. What follows the colon is which one of several it is."""
_UNFIT: Final = re.compile(r"[^A-Za-z0-9.-]+")


class Faults:
    """Every fault that was ever told; *changed*: the registry does not know so yet."""

    def __init__(self, delays: Delays, tell: Tell) -> None:
        self.changed = False
        self._standings: dict[str, Standing] = {}
        self._realarm_ms = delays.realarm_s * 1000
        self._tell = tell

    def standings(self) -> tuple[Standing, ...]:
        """Every condition that holds or did."""
        return tuple(self._standings.values())

    def say(self, code: str, text: str | None, moment: Moment) -> bool:
        """A notice begins, says more, or ends (None); whether it is one that alarms."""
        name, _, which = code.partition(":")
        priority = ALARMING.get(name)
        if priority is None:
            return False
        standing = self._standing(name, which)
        if text is not None:
            standing.words = text
            self._step(standing, lapse.Absent(moment.at_ms, moment.at_ms, priority), moment)
        elif not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)
        return True

    def come_back(self, moment: Moment) -> None:
        """The server was away: what it had said is over, or is said again."""
        for standing in self.standings():
            if not standing.state.quiet:
                self._step(standing, lapse.Returned(), moment)

    def tick(self, moment: Moment) -> None:
        """Let time pass."""
        for standing in self.standings():
            if not standing.state.quiet:
                self._step(standing, crossing.Ticked(), moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act."""
        self._step(standing, deed, moment)

    def restore(self, condition: str, state: bytes) -> None:
        """Take up what the last process left."""
        name, _, which = condition.partition(":")
        self._standing(name, which).restore(state)

    def _standing(self, name: str, which: str) -> Standing:
        part = _UNFIT.sub(".", which)  # it stands in the address of the alarm
        key = f"{name}:{part}"
        if key not in self._standings:
            self._standings[key] = Standing(SUBJECT, name, part=part, words=name.replace("_", " "))
        return self._standings[key]

    def _step(self, standing: Standing, event: lapse.Happening, moment: Moment) -> None:
        transitions = standing.step(event, moment.at_ms, self._realarm_ms)
        self.changed = self.changed or bool(transitions)
        if transitions:
            self._tell(standing, transitions, moment)
