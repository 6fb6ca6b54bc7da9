"""A sensor's connection as a table: where events lead, how long failures wait, what counts as silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.delays import Delays
from vitals_gateway.session import BACKOFFS, TRANSITIONS, Backoff, Event, Pace, Session, State, silent, step

FAILURES = sorted(BACKOFFS, key=lambda event: event.name)
LIFE = [Event.SIGHTED, Event.CONNECTED, Event.DISCOVERED, Event.SUBSCRIBED, Event.ARRIVED]


def after(*events: Event) -> Session:
    session = Session()
    for event in events:
        session = step(session, event)
    return session


def test_a_sensor_that_is_found_streams() -> None:
    assert [after(*LIFE[:n]).state for n in range(6)] == [
        State.IDLE,
        State.CONNECTING,
        State.DISCOVERING,
        State.SUBSCRIBING,
        State.STREAMING,
        State.STREAMING,
    ]


@pytest.mark.parametrize("failure", [Event.LINK_LOST, Event.SILENT, Event.UNWANTED])
def test_a_stream_that_ends_is_released_waits_and_is_looked_for(failure: Event) -> None:
    ended = after(*LIFE, failure)
    assert ended == Session(State.LOST, failure, 1)
    assert after(*LIFE, failure, Event.RELEASED).state is State.BACKOFF
    assert after(*LIFE, failure, Event.RELEASED, Event.ELAPSED).state is State.IDLE


@pytest.mark.parametrize("failure", [Event.UNREACHABLE, Event.OUT_OF_SLOTS])
def test_a_connection_that_never_was_needs_no_release(failure: Event) -> None:
    assert after(Event.SIGHTED, failure) == Session(State.BACKOFF, failure, 1)


def test_a_sighting_that_went_stale_is_no_failure() -> None:
    assert after(Event.SIGHTED, Event.STALE) == Session()


def test_failures_count_until_a_measurement_arrives() -> None:
    lost = after(*LIFE[:4], Event.SILENT, Event.RELEASED, Event.ELAPSED, *LIFE[:4], Event.SILENT)
    assert lost.failures == 2
    again = step(step(step(lost, Event.RELEASED), Event.ELAPSED), Event.SIGHTED)
    for event in LIFE[1:]:
        again = step(again, event)
    assert again == Session(State.STREAMING)


def test_what_cannot_happen_is_refused() -> None:
    with pytest.raises(ValueError, match="SUBSCRIBED cannot happen in IDLE"):
        step(Session(), Event.SUBSCRIBED)


def test_every_failure_of_the_table_has_its_delay_and_every_state_a_way_out() -> None:
    happening = {event for row in TRANSITIONS.values() for event in row}
    assert set(BACKOFFS) <= happening
    assert happening | {Event.INTERRUPTED} == set(Event)
    assert set(TRANSITIONS) == set(State)
    assert all(row for row in TRANSITIONS.values())


@given(st.lists(st.integers(0, 1000), max_size=40), st.floats(0, 1, exclude_max=True))
def test_any_walk_stays_on_the_table_and_any_delay_within_its_bounds(choices: list[int], jitter: float) -> None:
    session = Session()
    for choice in choices:
        possible = sorted(TRANSITIONS[session.state], key=lambda each: each.name)
        event = possible[choice % len(possible)]
        before, session = session, step(session, event)
        assert session.failures == (before.failures + 1 if event in BACKOFFS else session.failures)
        if session.state is State.BACKOFF:
            assert session.failure is not None
            backoff = BACKOFFS[session.failure]
            assert backoff.first_s / 2 <= session.delay_s(jitter) <= backoff.last_s
    assert step(session, Event.INTERRUPTED).state is State.IDLE


@pytest.mark.parametrize("failure", FAILURES)
def test_delays_grow_to_their_bound(failure: Event) -> None:
    backoff = BACKOFFS[failure]
    delays = [backoff.delay_s(failures, 0.999) for failures in range(1, 200)]
    assert delays == sorted(delays)
    assert delays[-1] == pytest.approx(backoff.last_s, rel=0.01)


def test_jitter_spreads_the_upper_half() -> None:
    assert Backoff(1, 30).delay_s(3, 0.0) == 2
    assert Backoff(1, 30).delay_s(3, 0.5) == 3


def test_silence_is_counted_for_each_streaming_characteristic() -> None:
    last_ms = {"2A37": 1_000, "2A5F": 25_000, "2A19": 0}
    assert silent(["2A37", "2A5F"], last_ms, 30_999, 30) == ()
    assert silent(["2A37", "2A5F"], last_ms, 31_000, 30) == ("2A37",)
    assert silent(["2A37", "2A5F"], last_ms, 60_000, 30) == ("2A37", "2A5F")
    assert silent(["2A5E"], last_ms, 60_000, 30) == ()


def test_the_time_scale_multiplies_delays_but_not_what_a_peer_needs_to_answer() -> None:
    pace = Pace().scaled(0.01)
    assert pace.silent_s == pytest.approx(Delays().sensor_silent_s * 0.01)
    assert pace.backoff_scale == pytest.approx(0.01)
    assert (pace.request_s, pace.disconnect_s, pace.fresh_s) == (10, 2, 10)
    assert pace.connect_s == 3
    assert Pace().scaled(1) == Pace()
    assert Pace().scaled(2).silent_s == 60
