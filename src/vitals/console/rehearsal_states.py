"""Every state of the wall at once, on a rehearsal ward."""

from vitals.console.rehearsal import RehearsalWard
from vitals.ward import ShownAlarm


def stage(ward: RehearsalWard) -> dict[str, ShownAlarm]:
    """Put every state of the wall on *ward*, which needs 12 patients or more; the alarms by what they show.

    The first three places stay as they are: somebody must be well.
    """
    _, _, _, high, medium, taken, ended, off, old, gone, never, empty, *_ = ward.patients
    alarms = {
        "high": ward.raise_alarm(high, "high", metric="spo2", value=84, limit=85),
        "medium": ward.raise_alarm(medium, "medium", metric="heart_rate", value=128, limit=120),
        "acknowledged": ward.raise_alarm(taken, "high", metric="heart_rate", value=146, limit=140),
        "ended": ward.raise_alarm(ended, "high", metric="spo2", value=82, limit=85),
        "low": ward.raise_alarm(off, "low", condition="sensor_off", message="Sensor off the finger"),
        "not_monitored": ward.raise_alarm(gone, "medium", condition="not_monitored", message="Not monitored for 2 min"),
    }
    ward.end(alarms["ended"].episode, 96)
    ward.take_off(off, "spo2")
    ward.fall_silent(old, 12)
    ward.fall_silent(gone, 41)
    ward.fall_silent(never, 480)
    ward.fall_silent(empty, None)
    return alarms
