"""The early-warning scores of one patient, where they are prescribed: computed, alarmed, shown.

Inputs are sampled on the desk's tick at a bounded pace, never per sample: a patient without a prescription costs one
look at an empty table. A score is computed when one of its inputs changed, and once a minute.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from vitals.alarms import crossing, lapse, scored
from vitals.alarms.limits import Priority
from vitals.alarms.score_rule import ScoreRule
from vitals.alarms.scored import CLEAR, Judged, Scored
from vitals.codes import CODES, Metric
from vitals.collector import entering, scoretext
from vitals.collector.channel import NEVER, Channel
from vitals.collector.settings import Settings
from vitals.collector.standing import Happening, Kind, Moment, Standing
from vitals.errors import ConfigurationError
from vitals.observation import Missing
from vitals.registry import Entered, Patient
from vitals.scores import named
from vitals.scores.entry import display
from vitals.scores.findings import CHOICES, PARAMETERS, QUANTITIES, Finding
from vitals.scores.scoring import Score, score
from vitals.scores.table import Response, Row, Table
from vitals.scores.window import SETTLING, Window
from vitals.ward import ShownEntry, ShownField, ShownScore

PREFIX: Final = "score."
"""What the condition of every score begins with: ``score.news2``."""
UNUSABLE: Final = "score_unusable"
LISTED_MS: Final = 24 * 3600 * 1000
"""How long an entry that nothing replaced stays listed, expired."""

_FULL: Final = 12
_METRICS: Final = {
    parameter: tuple(metric for metric, name in PARAMETERS.items() if name == parameter) for parameter in QUANTITIES
}

Channels = Callable[[Metric], list[Channel]]
Step = Callable[[Standing, Happening, Moment], None]
Shape = tuple[tuple[str, object, float | str | None], ...]


class Live:
    """One prescribed score: its table, its condition, and what it was when it was computed last."""

    def __init__(self, name: str, rule: ScoreRule, table: Table, standing: Standing) -> None:
        self.name = name
        self.rule = rule
        self.table = table
        self.standing = standing
        self.windows: dict[Metric, Window] = {}
        self.score: Score | None = None
        self.at_ms = NEVER
        self.shape: Shape | None = None

    def priority(self, response: Response) -> Priority:
        """How urgently *response* alarms."""
        high = response.name in named.HIGH.get(self.name, ())
        return self.rule.priorities.get(response.name, Priority.HIGH if high else Priority.MEDIUM)

    def judged(self, found: Score, instant: int, *, by_hand: bool) -> Judged:
        """*found* as the condition takes it."""
        response = found.response if found.trigger else None
        return Judged(
            instant=instant,
            total=found.total or 0,
            certain=found.certain,
            priority=None if response is None else self.priority(response),
            rank=0 if response is None else self.table.responses.index(response),
            limit=0 if response is None else response.total or response.single or 0,
            by_hand=by_hand,
            clear_ms=self.rule.clear_s * 1000,
        )


class ScoreWatch:
    """What is prescribed and what was entered; *step* moves a condition, *channels* are what sensors measure."""

    def __init__(self, patient: Patient, settings: Settings, step: Step, channels: Channels) -> None:
        self._patient = patient
        self._settings = settings
        self._step = step
        self._channels = channels
        self.ages = settings.ages
        self._pace_ms = settings.delays.score_pace_s * 1000
        self._rules: Mapping[str, ScoreRule] = {}
        self._live: dict[str, Live] = {}
        self._standings: dict[str, Standing] = {}
        self._entries: dict[str, Entered] = {}
        self._due_ms = 0.0
        self._instant = NEVER

    def standings(self) -> Iterable[Standing]:
        """Every condition that was ever needed."""
        return self._standings.values()

    def find(self, condition: str, part: str) -> Standing | None:
        """A kept condition to take up; None where it is no score's."""
        if condition.startswith(PREFIX):
            return self._standing(condition.removeprefix(PREFIX))
        return self._unusable(part) if condition == UNUSABLE else None

    @property
    def own(self) -> dict[str, Row]:
        """Parameters of a site's own tables that are prescribed here, by name."""
        rows = [row for live in self._live.values() for row in live.table.rows]
        return {row.parameter: row for row in rows if row.parameter not in (QUANTITIES | CHOICES)}

    @property
    def fields(self) -> tuple[ShownField, ...]:
        """The same, as a form asks for them."""
        return tuple(
            ShownField(parameter=name, display=display(name), unit=row.unit, words=tuple(row.choices))
            for name, row in self.own.items()
        )

    # What is in force

    def prescribe(self, rules: Mapping[str, ScoreRule], moment: Moment) -> None:
        """Put these scores in force; what is prescribed no more ends. One that cannot be computed alarms."""
        before, self._live = self._live, {}
        self._rules = rules
        for name, rule in rules.items():
            live = before.get(name)
            if live is None or live.rule != rule:
                live = self._made(name, rule)
            if live is not None:
                self._live[name] = live
        if not before:  # everybody's at another moment of the pace
            self._due_ms = moment.at_ms + zlib.crc32(self._patient.id.encode()) % max(1.0, self._pace_ms)
        self._end(moment)

    def _made(self, name: str, rule: ScoreRule) -> Live | None:
        try:
            table = named.find(name, rule.spo2_scale, rule.priorities, self._settings.tables)
        except ConfigurationError as error:  # told on the tick, when what was told before a restart is known
            self._unusable(name).words = f"A prescribed score is not computed: {error}"
            return None
        return Live(name, rule, table, self._standing(name))

    def _end(self, moment: Moment) -> None:
        """What is prescribed no more, also since before a restart, is over."""
        rules = self._rules
        for standing in self._standings.values():
            if standing.condition == UNUSABLE:
                over = standing.part not in rules or standing.part in self._live
            else:  # one that cannot be computed any more is no better by that
                over = standing.condition.removeprefix(PREFIX) not in rules
            if over and not standing.state.quiet:
                self._step(standing, crossing.Withdrawn(), moment)

    def _miss(self, moment: Moment) -> None:
        """A score that is prescribed and cannot be computed alarms."""
        for name in self._rules.keys() - self._live.keys():
            absent = lapse.Absent(moment.at_ms, moment.at_ms, Priority.MEDIUM)
            self._step(self._unusable(name), absent, moment)

    def forget(self) -> None:
        """Nobody watches for a while: what comes after is judged anew."""
        for live in self._live.values():
            live.shape = None

    # What happens

    def take(self, entered: Entered) -> None:
        """Take in what was entered, just now or before a restart."""
        newest = self._entries.get(entered.parameter)
        if newest is None or entered.at_ms >= newest.at_ms:
            self._entries[entered.parameter] = entered

    def judge(self, parameters: set[str], moment: Moment) -> None:
        """Somebody entered these: say at once what they come to."""
        for live in self._live.values():
            if any(row.parameter in parameters for row in live.table.rows):
                self._judge(live, moment, by_hand=True)

    def tick(self, moment: Moment) -> None:
        """Let time pass."""
        if not self._standings or moment.at_ms < self._due_ms:
            return
        self._due_ms = moment.at_ms + self._pace_ms
        self._end(moment)
        self._miss(moment)
        for live in self._live.values():
            for row in live.table.rows:
                self._sample(live, row.parameter, moment.at_ms)
            self._judge(live, moment, by_hand=False)

    @property
    def due_ms(self) -> float:
        """When :meth:`tick` has something to do."""
        return self._due_ms if self._standings else math.inf

    def _sample(self, live: Live, parameter: str, at_ms: int) -> None:
        for metric in _METRICS.get(parameter, ()):
            if CODES[metric].episodic:
                continue
            fresh = [each for each in self._channels(metric) if each.fresh(at_ms, self._settings.held_ms)]
            if fresh:  # the preferred one: one source counts at a time
                window = live.windows.setdefault(metric, Window(live.rule.window_s * 1000))
                window.add(fresh[0].newest.at_ms, fresh[0].value)

    def _judge(self, live: Live, moment: Moment, *, by_hand: bool) -> None:
        offered = list(self._findings(live, moment.at_ms))
        shape = self._shape(offered, moment.at_ms)
        due = by_hand or moment.at_ms - live.at_ms >= _FULL * self._pace_ms
        if shape == live.shape and not due:
            return
        found = score(live.table, offered, moment.at_ms, self.ages)
        live.score, live.at_ms, live.shape = found, moment.at_ms, shape
        if found.trigger or not live.standing.state.quiet:
            live.standing.words = scoretext.message(found)
            self._instant = max(self._instant + 1, moment.at_ms)
            self._step(live.standing, live.judged(found, self._instant, by_hand=by_hand), moment)

    def _shape(self, offered: list[Finding], at_ms: int) -> Shape:
        """What a score could depend on, ages but for their limits left out."""
        ages = self.ages
        return tuple(
            (each.parameter, each.metric, each.value if at_ms - each.at_ms <= ages.of(each) * 1000 else None)
            for each in offered
        )

    def _findings(self, live: Live, at_ms: int) -> Iterator[Finding]:
        for row in live.table.rows:
            for metric in _METRICS.get(row.parameter, ()):
                yield from self._measured(live, row.parameter, metric, at_ms)
            entered = self._entries.get(row.parameter)
            if entered is not None:
                yield entering.finding(entered)

    def _measured(self, live: Live, parameter: str, metric: Metric, at_ms: int) -> Iterator[Finding]:
        for channel in self._channels(metric):
            of = channel.newest
            if of.missing is not Missing.PRESENT:
                yield Finding(
                    parameter=parameter, value=None, at_ms=of.missing_ms, metric=metric, lack=of.missing.label
                )
            if CODES[metric].episodic and of.at_ms != NEVER:
                yield Finding(parameter=parameter, value=channel.value, at_ms=of.at_ms, metric=metric)
        window = live.windows.get(metric)
        if window is not None and window.newest_ms is not None:
            median = window.median(at_ms)
            lack = SETTLING if median is None else ""
            yield Finding(parameter=parameter, value=median, at_ms=window.newest_ms, metric=metric, lack=lack)

    # What is shown

    def total(self, standing: Standing) -> float | None:
        """What a score's condition comes to now; None while nothing of it is known."""
        found = self._score(standing)
        return None if found is None else found.total

    def partial(self, standing: Standing) -> bool:
        """Whether anything of a score's condition is unknown now."""
        found = self._score(standing)
        return found is not None and found.partial

    def _score(self, standing: Standing) -> Score | None:
        live = self._live.get(standing.condition.removeprefix(PREFIX))
        return None if live is None else live.score

    def shown(self, now_ms: int) -> tuple[ShownScore, ...]:
        """Every prescribed score that was computed."""
        return tuple(self._show(live, live.score, now_ms) for live in self._live.values() if live.score is not None)

    def _show(self, live: Live, found: Score, now_ms: int) -> ShownScore:
        state = live.standing.state
        assert isinstance(state, Scored)
        priority = live.priority(found.response).label if found.trigger and found.response is not None else None
        waits_for = scored.waits_for(state, found.certain)
        return scoretext.show(live.name, found, priority, waits_for, (now_ms - live.at_ms) / 1000)

    def entries(self, now_ms: int) -> tuple[ShownEntry, ...]:
        """The newest of every parameter that somebody entered in the last day."""
        return entering.show([each for each in self._entries.values() if now_ms - each.at_ms < LISTED_MS], now_ms)

    # Conditions

    def _standing(self, name: str) -> Standing:
        standing = Standing(
            self._patient.id,
            PREFIX + name,
            patient=self._patient,
            words=name,
            kind=Kind.PHYSIOLOGICAL,
            state=CLEAR,
        )
        return self._standings.setdefault(standing.key, standing)

    def _unusable(self, name: str) -> Standing:
        standing = Standing(self._patient.id, UNUSABLE, part=name, patient=self._patient, words=UNUSABLE)
        return self._standings.setdefault(standing.key, standing)
