"""Escalation as a table: an unacknowledged high always has a next deadline, and only an acknowledgement ends it."""

import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.escalation import (
    DEFAULT_PLANS,
    IDLE,
    TRANSITIONS,
    Act,
    Chain,
    Event,
    Page,
    Phase,
    Plan,
    Signal,
    Stage,
    step,
)
from vitals.alarms.limits import Priority

DOCS = Path(__file__).parents[3] / "docs" / "notify.md"
HIGH = Event(Signal.RAISED, "e-1", 1, Priority.HIGH)
TICK = Event(Signal.TICK)
DUTIES = ("owner", "team", "charge_nurse", "phone")
ENDING = {Signal.ACKNOWLEDGED, Signal.RESOLVED, Signal.WITHDRAWN}

EVENTS = st.builds(
    Event,
    signal=st.sampled_from(Signal),
    episode=st.just("e-1"),
    version=st.integers(0, 30),
    priority=st.sampled_from(Priority),
    page=st.integers(0, 12),
    owner=st.sampled_from(["", "nurse-1", "nurse-2"]),
)
COURSE = st.lists(st.tuples(st.integers(0, 200_000), EVENTS), max_size=50)


def run(chain: Chain, until_s: int, *, start_s: int = 0) -> list[Page]:
    """Every page from *start_s* to *until_s*, second by second."""
    told: list[Page] = []
    for at_s in range(start_s, until_s + 1):
        chain, pages = step(chain, TICK, at_s * 1000, plans=DEFAULT_PLANS)
        told += pages
    return told


def answered(chain: Chain, pages: tuple[Page, ...], at_ms: int, empty: frozenset[str]) -> tuple[Chain, list[Page]]:
    """A duty that is *empty* says so at once; what was told in the end."""
    told: list[Page] = []
    while pages:
        newest = pages[-1]
        told += [page for page in pages if page.to not in empty]
        if newest.to not in empty:
            break
        event = Event(Signal.UNREACHED, newest.episode, page=newest.number)
        chain, pages = step(chain, event, at_ms, plans=DEFAULT_PLANS)
    return chain, told


def raised(priority: Priority = Priority.HIGH, at_ms: int = 0) -> tuple[Chain, tuple[Page, ...]]:
    return step(IDLE, msgspec.structs.replace(HIGH, priority=priority), at_ms, plans=DEFAULT_PLANS)


def test_every_phase_and_signal_has_a_row() -> None:
    assert set(TRANSITIONS) == set(itertools.product(Phase, Signal))


def test_s2_only_an_acknowledgement_stops_a_running_chain() -> None:
    """RESOLVED means that nothing is left to acknowledge, WITHDRAWN that the ward no longer knows the alarm."""
    stops = {s for (phase, s), row in TRANSITIONS.items() if phase is Phase.RUNNING and row.phase is not Phase.RUNNING}
    assert stops == ENDING
    assert TRANSITIONS[Phase.RUNNING, Signal.AUDIO_PAUSED].act is Act.NOTHING
    assert TRANSITIONS[Phase.RUNNING, Signal.REACHED].act is Act.NOTHING


@given(COURSE)
def test_an_unacknowledged_high_always_has_a_next_deadline(course: list[tuple[int, Event]]) -> None:
    chain, _ = raised()
    at_ms = 0
    for wait_ms, event in course:
        at_ms += wait_ms
        before = chain
        chain, _ = step(chain, event, at_ms, plans=DEFAULT_PLANS)
        if before.phase is Phase.RUNNING and event.signal not in ENDING:
            assert chain.phase is Phase.RUNNING
        if chain.phase is Phase.RUNNING and chain.priority is Priority.HIGH:
            assert chain.due_ms is not None
            assert chain.due_ms <= at_ms + 120_000  # the longest wait of the plan
        if chain.phase is not Phase.RUNNING:
            assert chain.due_ms is None


@given(COURSE)
def test_a_deadline_is_never_put_off_without_telling_somebody(course: list[tuple[int, Event]]) -> None:
    chain, _ = raised()
    at_ms = 0
    for wait_ms, event in course:
        at_ms += wait_ms
        before = chain
        chain, pages = step(chain, event, at_ms, plans=DEFAULT_PLANS)
        both_run = before.phase is chain.phase is Phase.RUNNING
        if both_run and not pages and before.due_ms is not None:
            assert chain.due_ms is not None
            assert chain.due_ms <= before.due_ms
        if event.signal is Signal.TICK and chain.due_ms is not None:
            assert chain.due_ms > at_ms


@given(COURSE)
def test_pages_are_counted_without_a_gap_so_that_each_has_its_name(course: list[tuple[int, Event]]) -> None:
    chain, pages = raised()
    numbers = [page.number for page in pages]
    at_ms = 0
    for wait_ms, event in course:
        at_ms += wait_ms
        chain, pages = step(chain, event, at_ms, plans=DEFAULT_PLANS)
        numbers += [page.number for page in pages]
    assert numbers == list(range(1, len(numbers) + 1))
    assert chain.pages == len(numbers)


@given(COURSE, st.integers(0, 49))
def test_s8_a_chain_that_is_stored_and_taken_up_again_goes_on_alike(course: list[tuple[int, Event]], cut: int) -> None:
    def play(restart: int | None) -> list[Page]:
        chain, at_ms = IDLE, 0
        told: list[Page] = []
        for place, (wait_ms, event) in enumerate([(0, HIGH), *course]):
            if place == restart:
                chain = msgspec.msgpack.decode(msgspec.msgpack.encode(chain), type=Chain)
            at_ms += wait_ms
            chain, pages = step(chain, event, at_ms, plans=DEFAULT_PLANS)
            told += pages
        return told

    assert play(None) == play(cut)


@pytest.mark.parametrize("empty", [set(some) for n in range(5) for some in itertools.combinations(DUTIES, n)])
def test_s8_empty_stages_are_skipped_and_somebody_is_told_every_two_minutes(empty: set[str]) -> None:
    chain, pages = raised()
    told: list[tuple[int, str]] = []
    for at_s in range(901):
        if at_s:
            chain, pages = step(chain, TICK, at_s * 1000, plans=DEFAULT_PLANS)
        chain, reached = answered(chain, pages, at_s * 1000, frozenset(empty))
        told += [(at_s, page.to) for page in reached]
    staffed = [to for to in DUTIES if to not in empty]
    if not staffed:
        assert told == []
        return
    assert {to for _, to in told} == set(staffed)
    assert (told[0][1], told[-1][1]) == (staffed[0], staffed[-1])
    times = [0, *(at_s for at_s, _ in told), 900]
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= 120


def test_the_default_times_of_a_high() -> None:
    chain, pages = raised()
    assert [(page.to, page.number) for page in pages] == [("owner", 1)]
    told: list[tuple[int, str]] = []
    for at_s in range(481):
        chain, pages = step(chain, TICK, at_s * 1000, plans=DEFAULT_PLANS)
        told += [(at_s, page.to) for page in pages]
    assert told == [(30, "team"), (60, "charge_nurse"), (120, "phone"), (240, "phone"), (360, "phone"), (480, "phone")]


def test_the_default_times_of_a_medium() -> None:
    chain, pages = raised(Priority.MEDIUM)
    assert [page.to for page in pages] == ["owner"]
    assert [page.to for page in run(chain, 540)] == ["team", "charge_nurse", "charge_nurse", "charge_nurse"]


def test_a_low_is_seen_and_tells_nobody() -> None:
    chain, pages = raised(Priority.LOW)
    assert (chain.phase, chain.due_ms, pages) == (Phase.RUNNING, None, ())
    assert run(chain, 900) == []


def test_a_stage_that_reaches_nobody_gives_way_at_once_and_the_others_keep_their_time() -> None:
    chain, _ = raised()
    chain, pages = step(chain, Event(Signal.UNREACHED, page=1), 400, plans=DEFAULT_PLANS)
    assert [page.to for page in pages] == ["team"]
    assert chain.due_ms == 60_000
    chain, pages = step(chain, Event(Signal.UNREACHED, page=1), 500, plans=DEFAULT_PLANS)  # an old one, twice
    assert (pages, chain.due_ms) == ((), 60_000)


def test_after_a_total_failure_everything_is_tried_again_from_the_last_stage_down() -> None:
    chain, pages = raised()
    tried = [page.to for page in pages]
    while pages:
        chain, pages = step(chain, Event(Signal.UNREACHED, page=chain.pages), 100, plans=DEFAULT_PLANS)
        tried += [page.to for page in pages]
    assert tried == ["owner", "team", "charge_nurse", "phone", "charge_nurse", "team", "owner"]
    assert chain.due_ms == 120_100
    chain, pages = step(chain, TICK, 120_100, plans=DEFAULT_PLANS)
    assert [page.to for page in pages] == ["phone"]


def test_s8_what_fell_due_while_nobody_was_there_is_told_once_each() -> None:
    chain, _ = raised()
    chain, pages = step(chain, TICK, 3_600_000, plans=DEFAULT_PLANS)
    assert [page.to for page in pages] == ["team", "charge_nurse", "phone"]
    assert chain.due_ms == 3_600_000 + 120_000


def test_an_alarm_that_was_raised_before_anybody_could_be_told_is_overdue() -> None:
    late = msgspec.structs.replace(HIGH, since_ms=35_000)
    chain, pages = step(IDLE, late, 100_000, plans=DEFAULT_PLANS)
    assert [page.to for page in pages] == ["owner", "team", "charge_nurse"]
    assert chain.due_ms == 35_000 + 120_000


def test_whoever_was_told_of_a_medium_is_told_at_once_that_it_is_high() -> None:
    chain, _ = raised(Priority.MEDIUM)
    chain, _ = step(chain, TICK, 120_000, plans=DEFAULT_PLANS)
    worse = Event(Signal.WORSENED, "e-1", 2, Priority.HIGH)
    chain, pages = step(chain, worse, 130_000, plans=DEFAULT_PLANS)
    assert [(page.to, page.priority) for page in pages] == [("owner", Priority.HIGH), ("team", Priority.HIGH)]
    assert chain.due_ms == 130_000 + 30_000


@pytest.mark.parametrize("signal", [Signal.WORSENED, Signal.RAISED, Signal.OWNER_LEFT])
def test_s8_an_acknowledged_alarm_that_is_worse_or_left_alone_begins_again(signal: Signal) -> None:
    chain, _ = raised()
    taken = Event(Signal.ACKNOWLEDGED, "e-1", 2, owner="nurse-1")
    chain, pages = step(chain, taken, 10_000, plans=DEFAULT_PLANS)
    assert (chain.phase, chain.owner, chain.due_ms, pages) == (Phase.ACKNOWLEDGED, "nurse-1", None, ())
    assert run(chain, 900, start_s=10) == []
    chain, pages = step(chain, Event(signal, "e-1", 3, Priority.HIGH), 20_000, plans=DEFAULT_PLANS)
    assert [(page.to, page.number) for page in pages] == [("owner", 2)]
    assert chain.due_ms == 50_000


def test_an_accepted_hand_over_changes_the_owner_and_nothing_else() -> None:
    chain, _ = raised()
    chain, _ = step(chain, Event(Signal.ACKNOWLEDGED, "e-1", 2, owner="nurse-1"), 0, plans=DEFAULT_PLANS)
    chain, pages = step(chain, Event(Signal.HANDED_OVER, owner="nurse-2"), 0, plans=DEFAULT_PLANS)
    assert (chain.phase, chain.owner, pages) == (Phase.ACKNOWLEDGED, "nurse-2", ())


def test_a_plan_that_lost_a_stage_over_a_restart_goes_on_with_its_last() -> None:
    chain, _ = raised()
    chain, _ = step(chain, TICK, 60_000, plans=DEFAULT_PLANS)
    shorter = {**DEFAULT_PLANS, Priority.HIGH: Plan((Stage("owner", 0),))}
    chain, pages = step(chain, TICK, 120_000, plans=shorter)
    assert [page.to for page in pages] == ["owner"]
    assert chain.due_ms == 240_000


def test_a_scale_multiplies_every_delay() -> None:
    plan = DEFAULT_PLANS[Priority.HIGH].scaled(0.1)
    assert [stage.after_s for stage in plan.stages] == [0, 3, 6, 12]
    assert plan.repeat_s == 12


def test_an_event_that_changes_nothing_returns_the_chain_itself() -> None:
    chain, _ = raised()
    for signal in (Signal.AUDIO_PAUSED, Signal.REACHED, Signal.TICK, Signal.ENDED):
        assert step(chain, Event(signal), 5, plans=DEFAULT_PLANS)[0] is chain
    assert step(IDLE, TICK, 5, plans=DEFAULT_PLANS) == (IDLE, ())


def test_the_documented_table_is_the_table_in_force() -> None:
    begin, end = "<!-- table: begin -->\n", "<!-- table: end -->"
    text = DOCS.read_text(encoding="utf-8")
    assert text[text.index(begin) + len(begin) : text.index(end)] == table(), f"put this into {DOCS.name}:\n{table()}"


def table() -> str:
    """The table as the docs print it: a dot where nothing happens."""
    lines = ["| | " + " | ".join(f"**{phase.value}**" for phase in Phase) + " |", "|---" * (len(Phase) + 1) + "|"]
    for signal in Signal:
        cells = " | ".join(_cell(phase, signal) for phase in Phase)
        lines += [f"| {signal.value.replace('_', ' ')} | {cells} |"]
    return "\n".join(lines) + "\n"


def _cell(phase: Phase, signal: Signal) -> str:
    row = TRANSITIONS[phase, signal]
    if row.act is Act.NOTHING:
        return "·"
    return f"{row.phase.value}, *{row.act.value}*"
