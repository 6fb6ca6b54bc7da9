"""Every check that follows the checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batches import data, gap, header, void

from vitals.collector.admission import admit
from vitals.observation import GenerationMode
from vitals.wire import bodies
from vitals.wire.header import Kind

DEMO = GenerationMode.DEMO


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.DATA, data([97.0])),
        (Kind.VOID, void({1: [(1, 2)]})),
        (Kind.GAP, gap()),
        (Kind.CLOCK, bodies.Clock(1, 2, bodies.ClockState.SYNCHRONISED)),
    ],
)
def test_what_is_sound_is_recorded(kind: Kind, body: bodies.Body) -> None:
    admitted = admit(header(1, kind=kind), bodies.encode(body), DEMO)
    assert admitted.refusal is None
    assert admitted.contents is not None
    assert admitted.contents.body == body


@pytest.mark.parametrize(
    ("changed", "topic", "said"),
    [
        ({"mode": GenerationMode.REAL}, "v1", "real data, and this server's mode is demo"),
        ({"mode": GenerationMode.TEST}, "v1", "test data"),
        ({"version": 2}, "v1", "version 2"),
        ({}, "v2", "topic version v2"),
        ({"kind": 99}, "v1", "kind 99"),
        ({"kind": Kind.ALARM}, "v1", "kind 2"),
        ({"kind": Kind.GAP}, "v1", "unreadable"),
    ],
)
def test_what_is_not_is_set_aside_and_says_why(changed: dict[str, int], topic: str, said: str) -> None:
    admitted = admit(header(1, **changed), bodies.encode(data([97.0])), DEMO, topic)  # type: ignore[arg-type]
    assert admitted.contents is None
    assert admitted.refusal is not None
    assert said in admitted.refusal


@given(st.binary(max_size=80), st.integers(0, 6))
def test_any_bytes_have_an_answer(body: bytes, kind: int) -> None:
    admitted = admit(header(1, kind=kind), body, DEMO)
    assert (admitted.contents is None) == bool(admitted.refusal)
