"""What late data would have raised (S5, S6): the limits of the patient over what came too late to alarm.

Every late series (one characteristic of one sensor through one gateway's boot) is replayed by itself, oldest first,
through the same ``step`` as live values. What it would have raised is a missed event with a name of its own, so that
a batch that comes again, or a log that is read again after a kill, finds the same one.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from vitals.alarms import replay
from vitals.alarms.limits import Limit, Side
from vitals.alarms.replay import Episode, Recorded, Situation
from vitals.clock import iso
from vitals.codes import BY_LABEL, CODES
from vitals.collector.base import Heard
from vitals.collector.channel import NEVER
from vitals.collector.results import Result
from vitals.collector.standing import Moment, passed
from vitals.collector.watch import MISSED, Watch
from vitals.delays import Delays
from vitals.registry import Missed, Patient, State
from vitals.ward import MissedEvent
from vitals.wire.columns import Row

CONDITION: Final = "hindsight"
"""Under which the late series of a patient are kept; it is no alarm."""
_MOST_TRACES: Final = 64


class Trace(msgspec.Struct):
    """A late series as far as it has been replayed; *lasting* names, by condition, what is not over yet.

    *at_ms* and *offset_ms* are of the newest row on its gateway's clock, *fed_ms* is when that came.
    """

    at_ms: int = NEVER
    offset_ms: int = 0
    fed_ms: int = NEVER
    situation: Situation = Situation()
    lasting: dict[str, str] = {}


_TRACES: Final = msgspec.msgpack.Decoder(dict[str, Trace])


class Hindsight:
    """The late series of everybody. *found* is told of every missed event that is new or says more."""

    def __init__(self, delays: Delays, found: Callable[[Watch, Missed, Moment], None]) -> None:
        self.open: dict[str, Missed] = {}
        self._delays = delays
        self._found = found
        self._traces: dict[Watch, dict[str, Trace]] = {}
        self._moved: set[Watch] = set()

    def keep(self) -> list[State]:
        """The late series that moved."""
        states = [
            State(watch.patient.id, CONDITION, msgspec.msgpack.encode(self._traces[watch])) for watch in self._moved
        ]
        self._moved = set()
        return states

    def restore(self, watch: Watch, state: bytes) -> None:
        """Take up what :meth:`keep` gave."""
        self._traces[watch] = _TRACES.decode(state)

    def late(self, watch: Watch, gateway: str, heard: Heard, rows: Iterable[Row], received: Moment) -> None:
        """Take in late *rows*, oldest first; those that came before do nothing."""
        traces = self._traces.setdefault(watch, {})
        key = _key(gateway, heard)
        traces.setdefault(key, Trace())
        if len(traces) > _MOST_TRACES:
            del traces[min((other for other in traces if other != key), key=lambda other: traces[other].fed_ms)]
        self._feed(watch, key, heard, rows, received)

    def live(self, watch: Watch, gateway: str, heard: Heard, received: Moment) -> None:
        """Rows in time, which may say how it went on with what was late."""
        traces = self._traces.get(watch)
        if not traces:
            return
        key = _key(gateway, heard)
        trace = traces.get(key)
        if trace is None or not trace.lasting:
            return
        held_ms = self._delays.gap_held_s * 1000
        if heard.rows and heard.rows[0].at_ms - trace.at_ms <= held_ms:
            self._feed(watch, key, heard, heard.rows, received)

    def follows(self, watch: Watch) -> bool:
        """Whether rows in time may say more of what was late."""
        return bool(self._traces.get(watch))

    def tick(self, moment: Moment) -> None:
        """Close what nothing more is heard of: by now it is live again, or not monitored."""
        for watch, traces in self._traces.items():
            for key, trace in traces.items():
                if trace.lasting and moment.at_ms - trace.fed_ms >= self._delays.not_monitored_alarm_s * 1000:
                    for episode in trace.situation.lasting():
                        over = msgspec.structs.replace(episode, end_ms=trace.at_ms)
                        self._tell(watch, key, trace, over, moment)
                    trace.situation = Situation()
                    self._moved.add(watch)

    def result(self, watch: Watch, name: str, result: Result, side: Side, limit: Limit, moment: Moment) -> None:
        """A single result beyond *limit* did not alarm live: it was not the newest, or too old (S6)."""
        metric = result.observation.metric.label
        missed = Missed(
            id=f"{watch.patient.id}:{MISSED}:{metric}.{side.value}:{name}",
            version=1,
            patient_id=watch.patient.id,
            metric=metric,
            side=side.value,
            priority=limit.priority.label,
            worst=result.value,
            limit_value=limit.value,
            from_utc_ms=result.measured_utc_ms,
            to_utc_ms=result.measured_utc_ms,
            found_utc_ms=moment.utc_ms,
        )
        self.open[missed.id] = missed
        self._found(watch, missed, moment)

    def _feed(self, watch: Watch, key: str, heard: Heard, rows: Iterable[Row], received: Moment) -> None:
        trace = self._traces[watch][key]
        fresh = [Recorded(row.at_ms, row.reading.observations) for row in rows if row.at_ms > trace.at_ms]
        if not fresh:
            return
        trace.offset_ms = heard.utc_offset_ms
        trace.at_ms = fresh[-1].at_ms
        trace.fed_ms = received.at_ms
        begins_ms = watch.local_ms(heard.utc_offset_ms + trace.at_ms) - trace.at_ms
        trace.situation, over = replay.run(
            watch.profile, fresh, trace.situation, begins_ms=begins_ms, delays=self._delays
        )
        self._moved.add(watch)
        for episode in (*over, *trace.situation.lasting()):
            self._tell(watch, key, trace, episode, received)

    def _tell(self, watch: Watch, key: str, trace: Trace, episode: Episode, moment: Moment) -> None:
        condition = f"{episode.metric.label}.{episode.side.value}"
        name = trace.lasting.get(condition)
        if name is None:
            series = key.rpartition("/")[2]
            boot = int(series.rpartition(":")[2], 16)
            if watch.alarmed(episode, boot, episode.alarm_ms + trace.offset_ms):
                return
            name = f"{watch.patient.id}:{MISSED}:{condition}:{series}.{episode.start_ms}"
            self._record(watch, name, trace, episode, moment)
        elif name in self.open:  # else it was reviewed while it went on
            self._record(watch, name, trace, episode, moment)
        if episode.end_ms is None:
            trace.lasting[condition] = name
        else:
            trace.lasting.pop(condition, None)

    def _record(self, watch: Watch, name: str, trace: Trace, episode: Episode, moment: Moment) -> None:
        before = self.open.get(name)
        end_ms = episode.end_ms
        missed = Missed(
            id=name,
            version=1 if before is None else before.version,
            patient_id=watch.patient.id,
            metric=episode.metric.label,
            side=episode.side.value,
            priority=episode.priority.label,
            worst=episode.worst,
            limit_value=episode.limit,
            from_utc_ms=episode.start_ms + trace.offset_ms if before is None else before.from_utc_ms,
            to_utc_ms=None if end_ms is None else end_ms + trace.offset_ms,
            found_utc_ms=moment.utc_ms if before is None else before.found_utc_ms,
        )
        if missed == before:
            return
        if before is not None:
            missed = msgspec.structs.replace(missed, version=before.version + 1)
        self.open[name] = missed
        self._found(watch, missed, moment)


def show(missed: Missed, patient: Patient) -> MissedEvent:
    """A missed event as a console shows it."""
    return MissedEvent(
        id=missed.id,
        version=missed.version,
        patient=patient.id,
        name=patient.name,
        birth_date=patient.birth_date,
        record_number=patient.record_number,
        metric=missed.metric,
        priority=missed.priority,
        worst=missed.worst,
        limit=missed.limit_value,
        unit=CODES[BY_LABEL[missed.metric]].ucum,
        from_at=iso(missed.from_utc_ms),
        to_at=None if missed.to_utc_ms is None else iso(missed.to_utc_ms),
        found_at=iso(missed.found_utc_ms),
        reviewed_at=None if missed.reviewed_utc_ms is None else iso(missed.reviewed_utc_ms),
        reviewed_by=missed.reviewed_by,
        side=missed.side,
    )


def words(missed: Missed) -> str:
    """The message of the alarm that a missed high is until it is reviewed."""
    said = passed(CODES[BY_LABEL[missed.metric]], Side(missed.side), missed.worst, missed.limit_value)
    return f"Missed: {said}"


def part(missed: Missed) -> str:
    """What tells that alarm apart from others of the same patient."""
    return missed.id.removeprefix(f"{missed.patient_id}:{MISSED}:")


def _key(gateway: str, heard: Heard) -> str:
    return f"{gateway}/{heard.characteristic}/{heard.sensor}:{heard.boot:x}"
