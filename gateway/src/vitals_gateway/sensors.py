"""Every sensor in reach of one radio: found, connected, subscribed, and again when it is lost."""

from collections.abc import Callable, Collection

from vitals.clock import Clock
from vitals_gateway.intake import Intake
from vitals_gateway.radio.base import Radio


async def run_sensors(
    radio: Radio,
    intake: Intake,
    clock: Clock,
    *,
    wanted: Callable[[], Collection[str]],
    time_scale: float = 1.0,
) -> None:
    """Read sensors until cancelled; a radio that is not there is logged and tried again.

    Args:
        radio: what ``open_radio`` yields.
        intake: where notifications and the ends of links go.
        clock: stamps arrivals.
        wanted: the addresses that may be read at this moment; empty means every sensor that has a driver.
        time_scale: multiplies every delay.
    """
    raise NotImplementedError
