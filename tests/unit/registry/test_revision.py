"""Whether somebody wrote what a desk must take up, without reading it all."""

from collections.abc import Callable

from tests.desk_scene import new_registry

from vitals.registry import Patient, Plan, Sensor, open_registry


def test_every_change_of_people_sensors_plans_and_gateways_is_another_revision() -> None:
    registry = open_registry(new_registry())
    patient = Patient(id="p-1", family="F", given="G", birth_date="1950-01-01", record_number="R1")
    plan = Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c")
    changes: tuple[Callable[[], object], ...] = (
        lambda: registry.enrol(patient, at_utc_ms=1, by="tests"),
        lambda: registry.bind(Sensor(id="S1"), "p-1", at_utc_ms=2, by="tests"),
        lambda: registry.prescribe("p-1", plan, at_utc_ms=3),
        lambda: registry.prescribe("p-1", plan, at_utc_ms=4),
        lambda: registry.unbind("S1", at_utc_ms=5, by="tests"),
        lambda: registry.add_gateway("gw-1", at_utc_ms=6),
    )
    seen = [registry.revision()]
    for change in changes:
        change()
        assert registry.revision() == registry.revision()
        seen.append(registry.revision())
    registry.close()
    assert len(set(seen)) == len(changes) + 1
