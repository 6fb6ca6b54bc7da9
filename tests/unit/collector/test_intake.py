"""One message after another, without a broker or a disk."""

import msgspec
import pytest
from tests.batches import BOOT, EPOCH, SENSOR, data, header, rejected
from tests.desks import KeepingDesk

from vitals.clock import ManualClock
from vitals.collector.app import assemble, recall
from vitals.collector.committing import Committer
from vitals.collector.config import ServerConfig
from vitals.collector.intake import DAMAGE_SHOWN_MS, Intake
from vitals.collector.pending import MOST_BYTES, Pending
from vitals.collector.quarantine import reprocess
from vitals.observation import GenerationMode
from vitals.series.memory import MemorySeries
from vitals.wire import bodies, topics
from vitals.wire import header as frames
from vitals.wire.bodies import EpochState, GatewayState
from vitals.wire.header import Header, Kind

DEMO = GenerationMode.DEMO


class Bench:
    """An intake with everything around it but the link and the worker thread."""

    def __init__(self, store: MemorySeries | None = None, most_bytes: int = MOST_BYTES) -> None:
        self.desk = KeepingDesk()
        self.store = store or MemorySeries()
        self.clock = ManualClock(monotonic_ms=1_000_000, utc_ms=1_795_000_000_000, boot=9)
        parts = assemble(ServerConfig(mode=DEMO), self.desk, self.store, self.clock)
        self.parts = msgspec.structs.replace(parts, pending=Pending(most_bytes))
        self.introduced: list[str] = []
        self.intake = Intake(self.parts, self.introduced.append)
        recall(self.parts, self.intake)
        self._committer = Committer(self.parts)

    def batch(
        self, head: Header, body: bytes | None = None, *, gateway: str = "gw-1", topic: str | None = None
    ) -> None:
        if body is None:
            body = bodies.encode(data([97.0], at_ms=1000 * head.seq))
        self.intake.message(topic or topics.vitals(gateway), frames.encode(gateway, head, body))

    def state(self, state: GatewayState, *, gateway: str = "gw-1", retained: bool = False) -> None:
        self.intake.message(topics.state(gateway), bodies.encode(state), retained=retained)

    def commit(self) -> None:
        arrivals = self.parts.pending.oldest()
        self._committer.settle(arrivals, self.store.commit(arrivals))

    def told(self) -> list[tuple[str, list[tuple[int, int]]]]:
        self.clock.advance(2000)
        told = []
        while (message := self.parts.acknowledgements.take(self.clock.monotonic_ms())) is not None:
            told.append(message)
        return told


@pytest.fixture
async def bench() -> Bench:
    return Bench()


def online(session: int = 1, **changed: object) -> GatewayState:
    known = {"session": session, "online": True, "mode": DEMO, "boot": BOOT, "published_ms": 5000}
    return GatewayState(**{**known, **changed})  # type: ignore[arg-type]


async def test_the_desk_hears_of_a_batch_before_it_is_durable_and_the_gateway_after(bench: Bench) -> None:
    bench.batch(header(1))
    assert bench.desk.seqs == [1]
    assert bench.store.counts().rows == 0
    assert bench.told() == []
    bench.commit()
    assert [entry.arrival.header.seq for entry in bench.desk.log] == [1]
    assert bench.told() == [("gw-1", [(EPOCH, 1)])]
    ((arrival, heard),) = bench.desk.observed
    assert (heard[0].sensor, heard[0].characteristic, heard[0].boot) == (SENSOR, "2A5F", BOOT)
    assert [row.reading.observations[0].value for row in heard[0].rows] == [97.0]
    assert (arrival.received_ms, arrival.received_utc_ms, arrival.receiver_boot) == (1_000_000, 1_795_000_000_000, 9)
    assert heard[0].age_ms(heard[0].rows[0]) == 1000  # published at 2000, observed at 1000


async def test_a_repetition_is_not_observed_again_and_is_acknowledged_only_if_durable(bench: Bench) -> None:
    bench.batch(header(1))
    bench.batch(header(1, published_ms=3000))
    assert bench.told() == []
    bench.commit()
    bench.told()
    bench.batch(header(1, published_ms=9000))
    assert bench.told() == [("gw-1", [(EPOCH, 1)])]
    bench.commit()
    assert bench.desk.seqs == [1]
    assert (bench.store.counts().rows, bench.store.counts().redelivered) == (1, 2)
    assert bench.intake.tally.again == 2


async def test_after_a_restart_of_the_collector_a_repetition_is_still_one(bench: Bench) -> None:
    bench.batch(header(1))
    bench.commit()
    again = Bench(bench.store)
    assert again.introduced == ["gw-1"]
    again.batch(header(1))
    assert again.told() == [("gw-1", [(EPOCH, 1)])]
    assert again.desk.observed == []


async def test_a_damaged_message_is_counted_and_never_acknowledged(bench: Bench) -> None:
    sound = frames.encode("gw-1", header(1), bodies.encode(data()))
    for _ in range(3):
        bench.intake.message(topics.vitals("gw-1"), sound[:-1] + b"\xff")
    bench.intake.message(topics.vitals("gw-2"), sound)
    bench.intake.message(topics.vitals("gw-1"), b"garbage")
    assert bench.intake.tally.damaged == 5
    assert (bench.parts.pending.is_empty, bench.desk.observed, bench.told()) == (True, [], [])
    assert len(bench.desk.texts("damaged:gw-1")) == 1
    assert bench.introduced == []
    bench.clock.advance(DAMAGE_SHOWN_MS)
    bench.parts.notices.tick(bench.clock.monotonic_ms())
    assert not bench.desk.holds("damaged:gw-1")


@pytest.mark.parametrize(
    ("head", "topic", "said"),
    [
        (header(1, mode=GenerationMode.REAL), None, "real data, and this server's mode is demo"),
        (header(1, version=7), None, "version 7"),
        (header(1), "v2/gw-1/vitals", "topic version v2"),
        (header(1, kind=Kind.ALARM), "v1/gw-1/alarm", "kind 2"),
        (header(1, kind=Kind.VOID), None, "unreadable"),
    ],
)
async def test_what_cannot_be_recorded_is_set_aside_aloud_and_acknowledged(
    bench: Bench, head: Header, topic: str | None, said: str
) -> None:
    bench.batch(head, topic=topic)
    bench.commit()
    assert bench.told() == [("gw-1", [(EPOCH, 1)])]
    (item,) = bench.store.quarantined()
    assert said in item.reason
    assert (bench.desk.observed, bench.store.counts().rows) == ([], 0)
    assert said in bench.desk.texts("quarantined:gw-1")[0]


async def test_a_notification_that_the_gateway_could_not_read_is_told_and_the_rest_recorded(bench: Bench) -> None:
    bench.batch(header(1), bodies.encode(data([97.0], rejected=[rejected()])))
    bench.commit()
    assert bench.desk.seqs == [1]
    assert bench.store.counts().quarantined == 1
    assert "too short" in bench.desk.texts("quarantined:gw-1")[0]


async def test_a_local_alarm_is_acknowledged_at_once(bench: Bench) -> None:
    bench.batch(header(1, kind=Kind.ALARM), topic=topics.alarm("gw-1"))
    bench.commit()
    assert bench.parts.acknowledgements.next_ms() == bench.clock.monotonic_ms()


async def test_beyond_its_memory_a_collector_goes_on_alarming_and_leaves_data_with_the_gateway() -> None:
    bench = Bench(most_bytes=5000)
    for seq in range(1, 21):
        bench.batch(header(seq))
    assert bench.desk.seqs == list(range(1, 21))
    shed = bench.intake.tally.shed
    assert 0 < shed < 20
    assert bench.desk.holds("arrivals_shed")
    bench.commit()
    assert bench.store.committed("gw-1") == {EPOCH: [(1, 20 - shed)]}
    bench.batch(header(20))
    bench.commit()
    assert bench.store.around("gw-1", EPOCH, 20) is not None


async def test_a_desk_that_fails_stops_neither_recording_nor_the_next_batch(bench: Bench) -> None:
    bench.desk.failure = ValueError("a bug")
    bench.batch(header(1))
    bench.batch(header(2))
    assert len(bench.desk.texts("not_alarming")) == 1
    bench.desk.failure = None
    bench.batch(header(3))
    bench.commit()
    assert bench.desk.seqs == [3]
    assert bench.store.committed("gw-1") == {EPOCH: [(1, 3)]}
    bench.clock.advance(60_000)
    bench.parts.notices.tick(bench.clock.monotonic_ms())
    assert not bench.desk.holds("not_alarming")


async def test_a_will_of_an_older_session_is_ignored(bench: Bench) -> None:
    offline = GatewayState(session=1, online=False, mode=DEMO)
    bench.state(online(1))
    bench.state(online(2))
    bench.state(offline)
    assert [state.online for _, state in bench.desk.states] == [True, True]
    bench.state(GatewayState(session=2, online=False, mode=DEMO))
    assert bench.desk.states[-1][1].online is False
    bench.state(offline, gateway="gw-2", retained=True)
    assert bench.desk.states[-1][0] == "gw-2"


async def test_a_state_of_another_mode_is_loud_and_goes_no_further(bench: Bench) -> None:
    for _ in range(3):
        bench.state(online(mode=GenerationMode.REAL))
        bench.batch(header(1, mode=GenerationMode.REAL))
    assert bench.desk.states == []
    assert bench.desk.texts("quarantined:gw-1") == [
        "data of gw-1 is set aside: real data, and this server's mode is demo"
    ]
    assert bench.introduced == ["gw-1"]


async def test_states_that_say_nothing(bench: Bench) -> None:
    bench.intake.message(topics.state("gw-1"), b"", retained=True)
    assert bench.desk.notices == []
    bench.intake.message(topics.state("gw-1"), b"\xc1")
    assert bench.desk.holds("damaged:gw-1")
    bench.intake.message("v1/a gateway/vitals", b"")
    assert (bench.intake.tally.strange, bench.desk.states) == (1, [])


async def test_every_gateway_is_introduced_once(bench: Bench) -> None:
    for _ in range(2):
        bench.batch(header(1))
        bench.state(online(), gateway="gw-2")
    assert bench.introduced == ["gw-1", "gw-2"]


async def test_rows_that_neither_side_has_are_told_until_they_turn_up(bench: Bench) -> None:
    empty = online(epochs={EPOCH: EpochState(3, 2)})
    bench.state(empty, retained=True)
    bench.state(empty)
    assert not bench.desk.holds("data_lost:gw-1")
    bench.state(empty)
    assert bench.desk.holds("data_lost:gw-1")
    bench.batch(header(1))
    bench.batch(header(2))
    bench.commit()
    bench.state(empty)
    assert not bench.desk.holds("data_lost:gw-1")


async def test_a_server_that_may_record_it_looks_again_at_what_was_set_aside() -> None:
    bench = Bench()
    bench.batch(header(1, mode=GenerationMode.REAL))
    bench.batch(header(2), b"\xc1")
    bench.commit()
    assert [reprocess(bench.store, DEMO).recorded, reprocess(bench.store, DEMO).kept] == [[], 2]
    done = reprocess(bench.store, GenerationMode.REAL)
    assert [entry.arrival.header.seq for entry in done.recorded] == [1]
    assert done.kept == 1
    assert reprocess(bench.store, GenerationMode.REAL).recorded == []
    assert bench.store.counts().observations == 1
    later = Bench(bench.store)
    assert later.desk.texts("quarantined") == ["1 messages wait in quarantine"]
