"""The collector itself under watch: that it was away."""

from typing import Final

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Phase
from vitals.collector.standing import Moment, Standing, Tell
from vitals.delays import Delays

SUBJECT: Final = "server:collector"
"""Among subjects: no patient's identifier has a colon."""


class House:
    """What is wrong with the collector; *changed*: the registry does not know so yet."""

    def __init__(self, delays: Delays, tell: Tell) -> None:
        self.restarted = Standing(SUBJECT, "restarted", words="Collector restarted")
        self.changed = False
        self._delays = delays
        self._tell = tell

    def began(self, away_ms: int, moment: Moment) -> None:
        """The collector is back after *away_ms*. What is late by now raised nothing: somebody must hear of that."""
        if away_ms < self._delays.late_s * 1000:
            return
        monitored = away_ms < self._delays.not_monitored_alarm_s * 1000
        self.restarted.words = f"Collector was away for {_lasting(away_ms)}: nothing alarmed meanwhile"
        priority = Priority.LOW if monitored else Priority.MEDIUM
        if not self.restarted.state.quiet:
            self._step(lapse.Returned(), moment)
        self._step(lapse.Absent(moment.at_ms, moment.at_ms, priority), moment)

    def tick(self, moment: Moment) -> None:
        """Let time pass: once somebody knows, it is over."""
        if self.restarted.state.quiet:
            return
        taken = self.restarted.state.alarm.phase is Phase.ACKNOWLEDGED
        self._step(lapse.Returned() if taken else crossing.Ticked(), moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act."""
        assert standing is self.restarted
        self._step(deed, moment)

    def _step(self, event: lapse.Happening, moment: Moment) -> None:
        transitions = self.restarted.step(event, moment.at_ms, self._delays.realarm_s * 1000)
        self.changed = self.changed or bool(transitions)
        if transitions:
            self._tell(self.restarted, transitions, moment)


def _lasting(milliseconds: int) -> str:
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
