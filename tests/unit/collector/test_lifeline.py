"""The whole path at the collector: what breaks it, what it is called, and what a site without patients hears of it."""

from collections.abc import Callable

import pytest

from vitals.alarms.limits import Priority
from vitals.clock import ManualClock
from vitals.collector.base import Condition
from vitals.collector.config import PathSection
from vitals.collector.lifeline import Lifeline
from vitals.life.legs import STARTED, Leg, Report
from vitals.observation import GenerationMode
from vitals.wire.bodies import GatewayState, Life

TICK_MS = 250


class KeepingDesk:
    """Implements ``lifeline.Watched``: a desk with as many gateways as the test wants."""

    def __init__(self) -> None:
        self.passes = 0
        self.gateways: set[str] = {"gw-1"}
        self.told: list[tuple[str | None, Priority]] = []
        self.notices: list[tuple[str, str | None]] = []

    def carriers(self) -> set[str]:
        return self.gateways

    def notice(self, code: str, text: str | None) -> None:
        self.notices.append((code, text))

    def path_broken(self, text: str | None, priority: Priority = Priority.MEDIUM) -> None:
        self.told.append((text, priority))


class World:
    """Gateways, a broker, a desk, a disk and a page, each of which the test can take away."""

    def __init__(self, rules: PathSection | None = None) -> None:
        self.clock = ManualClock(monotonic_ms=1_000_000)
        self.desk = KeepingDesk()
        self.life = Lifeline(self.clock, 1.0, rules, self.desk)
        self.life.closing = self._closed
        self.closed: list[str] = []
        self.speaking = {"gw-1"}
        self.linked = True
        self.desk_works = True
        self.holds: set[str] = set()
        self.waiting_ms: int | None = None
        self.durable = True
        self.fed = True
        self.needed = True
        self.page = True
        self.sensor_ms: int | None = None

    def _closed(self, gateways: list[str]) -> None:
        self.closed += gateways

    def run(self, seconds: float) -> Report:
        """Let time pass at the pace of a server; the report at the end."""
        for _ in range(round(seconds * 1000 / TICK_MS)):
            self.clock.advance(TICK_MS)
            self._tick(self.clock.monotonic_ms())
        return self.life.report()

    def _tick(self, now_ms: int) -> None:
        if now_ms % 5000 == 0 and self.linked:
            for gateway in self.speaking:
                self.life.sign(gateway, Life(GenerationMode.TEST, 1, now_ms, 1, now_ms // 100, heard_ms=self.sensor_ms))
        self.desk.passes += self.desk_works
        self.life.turn(
            now_ms,
            linked=self.linked,
            waiting_ms=self.waiting_ms,
            holds=lambda code: code in self.holds,
            durable=lambda _gateway, _epoch, _seq: self.durable,
        )
        if now_ms % 1000 == 0 and self.fed:
            lap = self.life.fed(needed=self.needed)
            if self.page and lap is not None:
                self.life.drawn(lap)


def no_broker(world: World) -> None:
    world.linked = False


def no_gateway(world: World) -> None:
    world.speaking = set()


def no_desk(world: World) -> None:
    world.desk_works = False


def failing_desk(world: World) -> None:
    world.holds.add(Condition.NOT_ALARMING)


def held_up(world: World) -> None:
    world.holds.add(Condition.COLLECTOR_SLOW)


def full_disk(world: World) -> None:
    world.holds.add(Condition.NOT_RECORDING)


def registry_away(world: World) -> None:
    world.holds.add(Condition.ALARMS_NOT_RECORDED)


def hanging_disk(world: World) -> None:
    world.waiting_ms, world.durable = world.clock.monotonic_ms(), False


def lying_disk(world: World) -> None:
    world.durable = False


def no_feed(world: World) -> None:
    world.fed = False


def no_page(world: World) -> None:
    world.page = False


def nobody_hears(world: World) -> None:
    world.life.silent("Nobody would hear an alarm: no console is open")


FAILURES: list[tuple[Callable[[World], None], Leg, Priority]] = [
    (no_broker, Leg.BROKER, Priority.MEDIUM),
    (no_gateway, Leg.GATEWAYS, Priority.LOW),
    (no_desk, Leg.DESK, Priority.MEDIUM),
    (failing_desk, Leg.DESK, Priority.MEDIUM),
    (held_up, Leg.LOOP, Priority.MEDIUM),
    (full_disk, Leg.COMMITS, Priority.MEDIUM),
    (registry_away, Leg.COMMITS, Priority.MEDIUM),
    (hanging_disk, Leg.COMMITS, Priority.MEDIUM),
    (lying_disk, Leg.ROUND, Priority.MEDIUM),
    (no_feed, Leg.FEED, Priority.MEDIUM),
    (no_page, Leg.ROUND, Priority.MEDIUM),
    (nobody_hears, Leg.STATIONS, Priority.MEDIUM),
]


@pytest.mark.parametrize(("failure", "leg", "priority"), FAILURES)
def test_s3_s4_whatever_breaks_is_named_and_alarms_by_itself_until_it_is_mended(
    failure: Callable[[World], None], leg: Leg, priority: Priority
) -> None:
    world = World()
    assert world.run(30).whole
    assert world.desk.told == [(None, Priority.MEDIUM)]
    failure(world)
    report = world.run(45)
    assert report.late is not None
    assert report.late.leg == leg
    assert report.status == f"{leg}: {report.late.why}"
    text, told = world.desk.told[1]
    if failure is nobody_hears:  # an alarm of its own
        assert text is None
        assert world.desk.notices == [("stations_silent", "Nobody would hear an alarm: no console is open")]
    else:
        assert text == f"Path from sensor to screen broken: {report.late.why}"
    assert told is priority
    assert len(world.desk.told) == 2
    mended = World()
    for name in ("linked", "speaking", "desk_works", "holds", "waiting_ms", "durable", "fed", "page"):
        setattr(world, name, getattr(mended, name))
    world.life.silent(None)
    assert world.run(15).whole
    assert world.desk.told[-1][0] is None


def test_a_path_is_whole_only_once_a_full_round_has_closed_since_the_start() -> None:
    world = World()
    world.speaking = set()
    report = world.run(4)
    assert (report.status, report.whole, report.checked_s) == (f"round: {STARTED}", False, None)
    world.speaking = {"gw-1"}
    assert world.run(15).whole
    assert world.closed[:1] == ["gw-1"]
    assert world.life.closed("gw-1") is not None


def test_the_age_of_the_last_full_round_stays_within_two_laps_and_some() -> None:
    world = World()
    world.run(20)
    ages = [world.run(0.25).checked_s or 0 for _ in range(80)]
    assert max(ages) <= 12


def test_a_site_that_watches_nobody_is_whole_without_gateway_or_page() -> None:
    world = World()
    world.desk.gateways, world.speaking, world.needed, world.page = set(), set(), False, False
    report = world.run(120)
    assert report.whole
    assert world.desk.told == [(None, Priority.MEDIUM)]


def test_sensors_that_are_all_off_break_nothing_and_are_told() -> None:
    world = World()
    world.sensor_ms = world.clock.monotonic_ms()
    report = world.run(120)
    assert report.whole
    assert report.heard_s is not None
    assert report.heard_s >= 115


def test_a_site_may_rely_on_notification_instead_of_a_page() -> None:
    world = World(PathSection(stations=False))
    world.page = False
    world.life.silent("Nobody would hear an alarm: no console is open")
    assert world.run(60).whole


def test_any_gateway_is_enough_where_the_site_says_so() -> None:
    for gateways, whole in (("every", False), ("any", True)):
        world = World(PathSection(gateways=gateways))  # type: ignore[arg-type]
        world.desk.gateways = world.speaking = {"gw-1", "gw-2"}
        assert world.run(20).whole
        world.speaking = {"gw-2"}
        report = world.run(60)
        assert report.whole is whole
        if not whole:
            assert report.status == "gateways: 1 of 2 gateways with a patient's sensor say nothing"


def test_a_gateway_of_an_earlier_release_is_not_expected_to_give_signs() -> None:
    world = World()
    world.speaking = set()
    world.life.state("gw-1", GatewayState(session=1, online=True, mode=GenerationMode.TEST))
    assert world.run(60).whole
    world.life.state("gw-1", GatewayState(session=2, online=True, mode=GenerationMode.TEST, life=True))
    assert not world.run(60).whole


def test_a_gateway_that_begins_to_carry_a_patients_sensor_has_time_to_speak() -> None:
    world = World()
    assert world.run(20).whole
    world.desk.gateways = {"gw-1", "gw-2"}
    assert world.run(20).whole
    assert not world.run(30).whole


@pytest.mark.parametrize("how", ["idle", "untold"])
def test_a_notifier_that_does_nothing_or_reaches_nobody_breaks_the_path(how: str) -> None:
    world = World()
    idle: list[int | None] = [0]
    world.life.notifying = lambda: idle[0]
    assert world.run(60).whole
    if how == "idle":
        idle[0] = None
    else:
        world.life.untold("there are alarms of which nobody can be told")
    report = world.run(40)
    assert report.late is not None
    assert report.late.leg == Leg.NOTIFIER
