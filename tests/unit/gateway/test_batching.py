"""When the open batch closes."""

from typing import Any

import pytest

from vitals_gateway.batching import Hearing, Pace, close_after_ms

PACE = Pace(batch_ms=200)


@pytest.mark.parametrize(
    ("hearing", "after_ms"),
    [
        (Hearing(), 200),
        (Hearing(live_unacknowledged=11), 200),
        (Hearing(live_unacknowledged=12), 1000),
        (Hearing(live_unacknowledged=1, unheard_ms=9_999), 200),
        (Hearing(live_unacknowledged=1, unheard_ms=10_000), 1000),
        (Hearing(unheard_ms=9_999, connected=False), 200),
        (Hearing(unheard_ms=10_000, connected=False), 30_000),
    ],
)
def test_soon_while_it_is_heard_rarely_while_nobody_listens(hearing: Hearing, after_ms: float) -> None:
    assert close_after_ms(PACE, hearing) == after_ms


def test_a_connected_gateway_that_is_not_acknowledged_still_speaks_every_second() -> None:
    """S4: alarming goes on at a collector that cannot write, and event to sound takes at most 20 s."""
    assert close_after_ms(PACE, Hearing(live_unacknowledged=16, unheard_ms=1e9, connected=True)) <= 1000


@pytest.mark.parametrize("scale", [0.1, 1.0, 2.0])
def test_a_time_scale_multiplies_every_delay(scale: float) -> None:
    scaled = PACE.scaled(scale)
    states: list[dict[str, Any]] = [{}, {"live_unacknowledged": 12}, {"unheard_ms": 10_000 * scale, "connected": False}]
    for state in states:
        unscaled = {**state, **({"unheard_ms": 10_000} if "unheard_ms" in state else {})}
        assert close_after_ms(scaled, Hearing(**state)) == close_after_ms(PACE, Hearing(**unscaled)) * scale
