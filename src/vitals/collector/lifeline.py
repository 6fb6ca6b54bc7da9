"""The whole path at work (S3, S4): where signs of life, the desk's passes, commits and pages meet.

Signs come through the same intake as data, are proven by the desk's own tick and by the rows that are durable, and are
closed by a page that can be heard. So nothing here stays healthy while the loop that raises alarms hangs.
"""

import logging
from collections.abc import Callable, Collection
from typing import Final, Protocol

from vitals.alarms.limits import Priority
from vitals.clock import Clock
from vitals.collector.base import Condition
from vitals.collector.config import PathSection
from vitals.life.legs import LIMITS, Leg, Reading, Report, judge
from vitals.life.rounds import Durable, Rounds, Sign
from vitals.wire.bodies import GatewayState, Life

_log = logging.getLogger(__name__)

LAP_MS: Final = 5000
"""How often a lap begins, and a gateway says that it lives. Scaled."""
LEAST_LAP_MS: Final = 500
"""Pages take their time whatever the scale is."""
JUDGED_MS: Final = 1000
"""How often the path is judged for the alarm."""
MISSED: Final = 3
"""Laps after which a stage that nothing came through is named as the one that holds up the round."""
_PLAIN: Final = {
    Leg.LOOP: "the collector is held up for over a second again and again",
    Leg.DESK: "the alarm desk fails",
    Leg.BROKER: "no connection to the broker",
    Leg.COMMITS: "nothing, or not everything, is being recorded",
    Leg.FEED: "the consoles are not being fed",
}
"""What is always said of a leg that is late."""


class Watched(Protocol):
    """What the desk tells of itself, and hears."""

    passes: int
    """How often it has looked at everything."""

    def carriers(self) -> Collection[str]:
        """Gateways through which the sensors of monitored patients were last heard."""

    def notice(self, code: str, text: str | None) -> None:
        """A named condition of the server begins, or ends (None)."""

    def path_broken(self, text: str | None, priority: Priority = Priority.MEDIUM) -> None:
        """The path is broken, or no longer (None)."""


class Lifeline:
    """Implements ``life.path.Path`` for the console. *closing* hears which gateways' rounds were closed.

    *notifying* gives the milliseconds since the notifier was last seen at work, None where it is not; leave it out
    where nobody is to be notified.
    """

    def __init__(
        self, clock: Clock, time_scale: float = 1.0, rules: PathSection | None = None, desk: Watched | None = None
    ) -> None:
        self.closing: Callable[[list[str]], None] = lambda _gateways: None
        self.notifying: Callable[[], int | None] | None = None
        self._clock = clock
        self._time_scale = time_scale
        self._rules = rules or PathSection()
        self._desk = desk
        self._every_ms = max(LAP_MS * time_scale, LEAST_LAP_MS)
        self._rounds = Rounds(self._every_ms)
        self._started_ms = clock.monotonic_ms()
        self._well: dict[Leg, int] = {}
        self._passes = 0
        self._judged_ms = 0
        self._required: dict[str, int] = {}
        self._speechless: set[str] = set()
        self._stations_needed = False
        self._unheard: str | None = None
        self._untold: str | None = None
        self._told: tuple[Leg | None, bool] | None = None

    # The pipeline's side

    def sign(self, gateway: str, life: Life) -> None:
        """A gateway says that it lives."""
        silent_ms = None if life.heard_ms is None else max(0, life.round_ms - life.heard_ms)
        sign = Sign(life.round_ms, life.epoch, life.seq, self._clock.monotonic_ms(), silent_ms)
        self._rounds.heard(gateway, sign)

    def state(self, gateway: str, state: GatewayState) -> None:
        """A gateway's state: one of an earlier release gives no signs, and none are expected of it."""
        if state.online and not state.life:
            self._speechless.add(gateway)
        elif state.online:
            self._speechless.discard(gateway)

    def closed(self, gateway: str) -> int | None:
        """The newest number of *gateway* that went all the way round."""
        sign = self._rounds.closed(gateway)
        return None if sign is None else sign.number

    def turn(
        self, now_ms: int, *, linked: bool, waiting_ms: int | None, holds: Callable[[str], bool], durable: Durable
    ) -> None:
        """The desk was ticked.

        Args:
            now_ms: collector-monotonic.
            linked: whether the broker is connected.
            waiting_ms: when the oldest arrival that is not durable yet came; None where there is none.
            holds: whether a condition of the pipeline holds.
            durable: whether a row is in the store.
        """
        passed = self._passed() and not holds(Condition.NOT_ALARMING)
        recorded = not holds(Condition.NOT_RECORDING) and not holds(Condition.ALARMS_NOT_RECORDED)
        well = {
            Leg.LOOP: not holds(Condition.COLLECTOR_SLOW),
            Leg.DESK: passed,
            Leg.BROKER: linked,
            Leg.COMMITS: recorded and waiting_ms is None,
            Leg.STATIONS: self._unheard is None,
        }
        self._well.update({leg: now_ms for leg, is_well in well.items() if is_well})
        if recorded and waiting_ms is not None:
            self._well[Leg.COMMITS] = max(waiting_ms, self._well.get(Leg.COMMITS, 0))
        self._notified(now_ms)
        if passed and self._rounds.turn(now_ms, durable):
            self._require(now_ms)
        if now_ms - self._judged_ms >= min(JUDGED_MS, self._every_ms):
            self._judged_ms = now_ms
            self._tell()

    # The console's side

    def fed(self, *, needed: bool) -> int | None:
        """See ``life.path.Path``."""
        self._well[Leg.FEED] = self._clock.monotonic_ms()
        self._stations_needed = needed and self._rules.stations
        if not self._stations_needed and self._rounds.lap is not None:
            self.drawn(self._rounds.lap)
        return self._rounds.lap

    def drawn(self, lap: int) -> None:
        """See ``life.path.Path``."""
        closed = self._rounds.close(lap)
        if closed:
            self.closing(closed)

    def silent(self, why: str | None) -> None:
        """See ``life.path.Path``."""
        self._unheard = why
        if self._desk is not None:
            self._desk.notice("stations_silent", why)
        since_ms = 0 if why is None else round(LIMITS[Leg.STATIONS].least_s * 1000) + 1
        self._well[Leg.STATIONS] = self._clock.monotonic_ms() - since_ms

    def report(self) -> Report:
        """See ``life.path.Path``."""
        now_ms = self._clock.monotonic_ms()
        return judge(
            self._readings(),
            lambda leg: self._why(leg, now_ms),
            now_ms,
            started_ms=self._started_ms,
            time_scale=self._time_scale,
            heard_ms=self._rounds.silent_ms(now_ms),
        )

    # The notifier's side

    def untold(self, why: str | None) -> None:
        """There are alarms of which nobody can be told, or none any more (None)."""
        self._untold = why

    # Inside

    def _passed(self) -> bool:
        if self._desk is None:
            return True
        before, self._passes = self._passes, self._desk.passes
        return self._passes != before

    def _notified(self, now_ms: int) -> None:
        age_ms = None if self.notifying is None else self.notifying()
        if age_ms is not None and self._untold is None:
            self._well[Leg.NOTIFIER] = now_ms - age_ms

    def _require(self, now_ms: int) -> None:
        """Which gateways must be in the round, and since when."""
        begun = self._started_ms if not self._required and self._rounds.closed_ms is None else now_ms
        carriers = () if self._desk is None else self._desk.carriers()
        self._required = {
            gateway: self._required.get(gateway, begun) for gateway in carriers if gateway not in self._speechless
        }

    def _readings(self) -> dict[Leg, Reading]:
        readings = {leg: Reading(self._well.get(leg)) for leg in _PLAIN}
        readings[Leg.STATIONS] = Reading(self._well.get(Leg.STATIONS), self._stations_needed)
        readings[Leg.GATEWAYS] = Reading(self._heard_ms(), bool(self._required))
        readings[Leg.ROUND] = Reading(self._whole_ms())
        if self.notifying is not None:
            readings[Leg.NOTIFIER] = Reading(self._well.get(Leg.NOTIFIER))
        return readings

    def _why(self, leg: Leg, now_ms: int) -> str:
        match leg:
            case Leg.STATIONS:
                return self._unheard or "Nobody would hear an alarm"
            case Leg.GATEWAYS:
                return self._missing(now_ms)
            case Leg.NOTIFIER:
                return self._untold or "the notifier does nothing"
            case Leg.ROUND:
                return f"no full round: {self._stuck(now_ms)[1]}"
            case _:
                return _PLAIN[leg]

    def _heard_ms(self) -> int | None:
        moments = [self._newest_ms(gateway) for gateway in self._required]
        return self._of(moments) if moments else None

    def _whole_ms(self) -> int | None:
        """When the sign was received that closed the oldest of the newest full rounds."""
        moments: list[int] = []
        for gateway, since_ms in self._required.items():
            sign = self._rounds.closed(gateway)
            if sign is not None:
                moments.append(sign.received_ms)
            elif self._rules.gateways == "every":
                if since_ms == self._started_ms:
                    return None
                moments.append(since_ms)
        if not self._required:
            return self._rounds.closed_ms
        return self._of(moments) if moments else None

    def _of(self, moments: Collection[int]) -> int:
        return min(moments) if self._rules.gateways == "every" else max(moments)

    def _newest_ms(self, gateway: str) -> int:
        sign = self._rounds.newest(gateway)
        return self._required[gateway] if sign is None else sign.received_ms

    def _missing(self, now_ms: int) -> str:
        late_ms = now_ms - MISSED * self._every_ms
        missing = sum(self._newest_ms(gateway) < late_ms for gateway in self._required)
        return f"{missing} of {len(self._required)} gateways with a patient's sensor say nothing"

    def _stuck(self, now_ms: int) -> tuple[Leg, str]:
        """Where signs stop that do not come round, and what to call it."""
        late_ms = now_ms - MISSED * self._every_ms
        if any(self._newest_ms(gateway) < late_ms for gateway in self._required):
            return Leg.GATEWAYS, self._missing(now_ms)
        proven = [self._rounds.proven(gateway) for gateway in self._required]
        if any(sign is None or sign.received_ms < late_ms for sign in proven):
            return Leg.COMMITS, "what gateways say does not come through desk and disk"
        if not self._stations_needed:
            return Leg.FEED, _PLAIN[Leg.FEED]
        return Leg.STATIONS, "no console that can be heard has shown what was sent"

    def _tell(self) -> None:
        """Tell the desk when the leg that is named is another one; first of all that none is."""
        late = self.report().late
        leg = None if late is None else Leg(late.leg)
        if leg is Leg.ROUND:
            leg = self._stuck(self._clock.monotonic_ms())[0]
        named = (leg, self._alarms_itself(leg))
        if named == self._told:
            return
        text = None if late is None else f"Path from sensor to screen broken: {late.why}"
        if self._told is not None or text is not None:
            _log.warning("%s", text or "the path from sensor to screen is whole again")
        self._told = named
        if self._desk is not None:
            # a gateway that is gone alarms by itself, and for each of its patients
            priority = Priority.LOW if leg is Leg.GATEWAYS else Priority.MEDIUM
            self._desk.path_broken(None if self._alarms_itself(leg) else text, priority)

    def _alarms_itself(self, leg: Leg | None) -> bool:
        """Whether what broke is an alarm of its own already: nobody hears (S3), or nobody can be told."""
        return (leg is Leg.STATIONS and self._unheard is not None) or (leg is Leg.NOTIFIER and self._untold is not None)
