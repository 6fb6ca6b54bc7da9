"""Who could hear an alarm, by the second."""

import pytest

from vitals.console.stations import SILENT_MS, STATIONS, Stations
from vitals.errors import ConflictError


@pytest.fixture
def stations() -> Stations:
    return Stations()


def test_fifteen_seconds_without_an_audible_station_are_silence(stations: Stations) -> None:
    assert stations.judge(1000, needed=True) is None
    stations.report("wall", 6000, audible=True)
    assert stations.judge(6000 + SILENT_MS - 1, needed=True) is None
    assert stations.judge(6000 + SILENT_MS, needed=True) == "Nobody would hear an alarm: no console is open"
    stations.report("wall", 22_000, audible=True)
    assert stations.judge(22_001, needed=True) is None


def test_a_station_that_is_there_and_cannot_be_heard_is_counted(stations: Stations) -> None:
    for at in range(0, 20_001, 5000):
        stations.report("wall", at, audible=False)
        stations.report("desk", at, audible=False)
        said = stations.judge(at, needed=True)
        assert (said is None) is (at < SILENT_MS)
    assert stations.judge(20_001, needed=True) == "Nobody would hear an alarm: no sound from 2 open consoles"
    assert stations.judge(20_002 + SILENT_MS, needed=True) == "Nobody would hear an alarm: no console is open"


def test_one_that_can_be_heard_is_enough(stations: Stations) -> None:
    for at in range(0, 60_001, 5000):
        stations.report("wall", at, audible=False)
        stations.report("desk", at + 100, audible=True)
        assert stations.judge(at + 100, needed=True) is None


def test_who_says_that_sound_went_is_believed_from_when_it_was_last_there(stations: Stations) -> None:
    stations.judge(0, needed=True)
    stations.report("wall", 10_000, audible=True)
    stations.report("wall", 12_000, audible=False)
    assert stations.judge(24_999, needed=True) is None
    assert stations.judge(25_000, needed=True) == "Nobody would hear an alarm: no sound from 1 open console"


def test_nobody_needs_to_hear_until_somebody_is_monitored(stations: Stations) -> None:
    assert stations.judge(100_000, needed=False) is None
    assert stations.judge(200_000, needed=True) is None  # the first patient came this second
    assert stations.judge(200_000 + SILENT_MS - 1, needed=True) is None
    assert stations.judge(200_000 + SILENT_MS, needed=True) is not None
    assert stations.judge(200_001 + SILENT_MS, needed=False) is None


def test_a_stranger_cannot_fill_the_memory(stations: Stations) -> None:
    for number in range(STATIONS):
        stations.report(str(number), 0, audible=False)
    with pytest.raises(ConflictError):
        stations.report("one more", 1, audible=True)
    stations.report("0", 1, audible=True)
    stations.report("one more", SILENT_MS + 1, audible=True)  # the others are gone by now
