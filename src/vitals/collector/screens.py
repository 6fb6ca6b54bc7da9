"""What every screen is shown of the desk, and told of it when it changes."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from vitals.clock import iso
from vitals.collector import asking, hindsight, wardview
from vitals.collector.gatewaywatch import SUBJECT
from vitals.collector.presence import OFF, SILENT
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment, Standing
from vitals.delays import Delays
from vitals.registry import Missed
from vitals.ward import ShownAlarm, Snapshot

_INHIBITED: Final = frozenset({OFF, SILENT})

_log = logging.getLogger(__name__)


class Screens:
    """The console's side of the desk."""

    def __init__(self, roster: Roster, delays: Delays, *, mode: str, time_scale: float) -> None:
        self._roster = roster
        self._delays = delays
        self._mode = mode
        self._time_scale = time_scale
        self._sequence = 0
        self._listeners: list[Callable[[ShownAlarm], None]] = []

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        """See ``ward.Ward``."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def snapshot(
        self,
        standings: Mapping[str, Standing],
        missed: Mapping[str, Missed],
        notices: Mapping[str, str],
        moment: Moment,
    ) -> Snapshot:
        """The present, whole: open conditions and missed events by name, and notices by code."""
        self._sequence += 1
        return Snapshot(
            sequence=self._sequence,
            at=iso(moment.utc_ms),
            mode=self._mode,
            time_scale=self._time_scale,
            tiles=tuple(wardview.tile(watch, moment.at_ms, self._delays) for watch in self._roster.watches.values()),
            alarms=tuple(
                self.present(standing, standing.shown, moment.at_ms)
                for standing in standings.values()
                if standing.shown is not None
            ),
            notices=tuple(notices.values()),
            missed=tuple(
                hindsight.show(event, self._roster.watches[event.patient_id].patient) for event in missed.values()
            ),
            requests=tuple(
                asking.show(watch.patient, watch.arranged.asked)
                for watch in self._roster.watches.values()
                if watch.arranged.asked is not None
            ),
        )

    def present(self, standing: Standing, shown: ShownAlarm, at_ms: int) -> ShownAlarm:
        """An alarm as it is now: with the current value, and silent where its gateway's own alarm says the same."""
        watch = self._roster.watches.get(standing.subject)
        gateway = self._roster.gateways.get(self._gateway_of(standing))
        inhibited = gateway is not None and gateway.offline.raised
        return msgspec.structs.replace(
            shown,
            current=wardview.current(standing, watch, at_ms, self._delays),
            at_least=wardview.at_least(standing, watch),
            sounding=shown.sounding and not inhibited,
        )

    def publish(self, standing: Standing, shown: ShownAlarm, at_ms: int) -> None:
        """Tell every screen of *standing*."""
        self._sequence += 1
        presented = self.present(standing, shown, at_ms)
        for listener in list(self._listeners):
            try:
                listener(presented)
            except Exception:  # noqa: BLE001 - the boundary: one screen's failure must not stop the alarms of the others
                _log.exception("a listener failed to take alarm %s", shown.episode)

    def inhibit(self, offline: Standing, standings: Mapping[str, Standing], moment: Moment) -> None:
        """A gateway went offline or came back: its sensors' own alarms fall silent, or may sound again (S12)."""
        gateway = offline.subject.removeprefix(SUBJECT)
        for standing in list(standings.values()):
            if standing.shown is not None and self._gateway_of(standing) == gateway:
                self.publish(standing, standing.shown, moment.at_ms)

    def _gateway_of(self, standing: Standing) -> str:
        """The gateway through which a sensor's technical condition would be explained; empty for any other."""
        found = self._roster.worn.get(standing.part) if standing.condition in _INHIBITED else None
        return "" if found is None else found[1].kept.gateway
