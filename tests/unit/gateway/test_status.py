"""What a gateway says is wrong."""

from vitals.observation import GenerationMode
from vitals.wire.bodies import ClockState, SensorState
from vitals_gateway.session import NOT_WANTED
from vitals_gateway.spool.rows import Depth, Moment
from vitals_gateway.status import Status
from vitals_gateway.wall_clock import WallClock

NOW = Moment(1000, WallClock(0, ClockState.UNSET))


def problems(*sensors: SensorState) -> list[str]:
    status = Status(GenerationMode.TEST, 7)
    status.problem("spool", "the disk is full")
    for sensor in sensors:
        status.sensor_changed(sensor)
    return status.online(1, Depth(0, 0, {}), NOW).problems


def test_a_sensor_that_ought_to_be_read_and_is_not_is_a_problem_until_it_is() -> None:
    lost = SensorState(sensor="F0:00:00:00:01:01", link="lost", problem="link silent: 2A37")
    back = SensorState(sensor="F0:00:00:00:01:01", link="connected")
    assert problems(lost) == ["the disk is full", "sensor F0:00:00:00:01:01: link silent: 2A37"]
    assert problems(lost, back) == ["the disk is full"]


def test_a_sensor_that_nobody_wants_is_none() -> None:
    assert problems(SensorState(sensor="F0:00:00:00:01:01", link="lost", problem=NOT_WANTED)) == ["the disk is full"]
