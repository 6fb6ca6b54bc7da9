"""The server itself under watch: that the collector was away, that the path through it is broken."""

from typing import Final

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Phase
from vitals.collector.standing import Moment, Standing, Tell
from vitals.delays import Delays

SUBJECT: Final = "server:collector"
"""Among subjects: no patient's identifier has a colon."""


class House:
    """What is wrong with the server; *changed*: the registry does not know so yet."""

    def __init__(self, delays: Delays, tell: Tell) -> None:
        self.restarted = Standing(SUBJECT, "restarted", words="Collector restarted")
        self.path = Standing(SUBJECT, "path_broken", words="Path from sensor to screen broken")
        self.changed = False
        self._broken: tuple[str, Priority] | None = None
        self._delays = delays
        self._tell = tell

    def standings(self) -> tuple[Standing, ...]:
        """Every condition of the server."""
        return self.restarted, self.path

    def path_broken(self, text: str | None, priority: Priority = Priority.MEDIUM) -> None:
        """The path is broken, as *text* says, or whole again (None): with the next tick."""
        self._broken = None if text is None else (text, priority)

    def began(self, away_ms: int, moment: Moment) -> None:
        """The collector is back after *away_ms*. What is late by now raised nothing: somebody must hear of that."""
        if away_ms < self._delays.late_s * 1000:
            return
        monitored = away_ms < self._delays.not_monitored_alarm_s * 1000
        self.restarted.words = f"Collector was away for {_lasting(away_ms)}: nothing alarmed meanwhile"
        priority = Priority.LOW if monitored else Priority.MEDIUM
        self._return(self.restarted, moment)
        self._step(self.restarted, lapse.Absent(moment.at_ms, moment.at_ms, priority), moment)

    def tick(self, moment: Moment) -> None:
        """Let time pass: once somebody knows that the collector was away, it is over."""
        if self.restarted.state.alarm.phase is Phase.ACKNOWLEDGED:
            self._return(self.restarted, moment)
        self._judge_path(moment)
        for standing in self.standings():
            if not standing.state.quiet:
                self._step(standing, crossing.Ticked(), moment)

    def _judge_path(self, moment: Moment) -> None:
        """What is named anew is another episode: somebody else may have to mend it."""
        if self._broken is None or self._broken[0] != self.path.words:
            self._return(self.path, moment)
        if self._broken is not None:
            self.path.words, priority = self._broken
            self._step(self.path, lapse.Absent(moment.at_ms, moment.at_ms, priority), moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act."""
        self._step(standing, deed, moment)

    def _return(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)

    def _step(self, standing: Standing, event: lapse.Happening, moment: Moment) -> None:
        transitions = standing.step(event, moment.at_ms, self._delays.realarm_s * 1000)
        self.changed = self.changed or bool(transitions)
        if transitions:
            self._tell(standing, transitions, moment)


def _lasting(milliseconds: int) -> str:
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
