"""People, sensors and plans: history is kept, conflicts are refused."""

from collections.abc import Iterator

import msgspec
import pytest

from vitals.errors import ConfigurationError, ConflictError, NotFoundError
from vitals.registry import Binding, Patient, Plan, Registry, Sensor, open_registry

STRAP = Sensor(id="F0:00:00:00:01:01", model="strap")
OXIMETER = Sensor(id="F0:00:00:00:01:02")
PLAN = Plan(prescribed={"spo2": [OXIMETER.id], "heart_rate": []}, responsible_nurse="nurse-1", cover="nurse-2")


def patient(identifier: str = "p-1", **changes: str | int) -> Patient:
    somebody = Patient(
        id=identifier,
        family="Halvorsen",
        given="Ingrid",
        birth_date="1951-03-14",
        record_number=f"R-{identifier}",
    )
    return msgspec.structs.replace(somebody, **changes)


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = open_registry("sqlite://")
    yield opened
    opened.close()


def test_enrolment_brings_person_sensors_and_plan(registry: Registry) -> None:
    registry.enrol(patient(), at_utc_ms=1000, by="n", sensors=[STRAP, OXIMETER], plan=PLAN)
    (person,) = registry.enrolled()
    assert person.patient == patient(position=0)
    assert person.plan is not None
    assert (person.plan.prescribed, person.plan.cover, person.plan.from_utc_ms) == (PLAN.prescribed, "nurse-2", 1000)
    assert [bound.sensor for bound in person.bindings] == [STRAP.id, OXIMETER.id]


def test_places_on_the_wall_are_given_in_order_and_are_fixed(registry: Registry) -> None:
    registry.enrol(patient("a"), at_utc_ms=1, by="n")
    registry.enrol(patient("b", position=7), at_utc_ms=2, by="n")
    registry.enrol(patient("c"), at_utc_ms=3, by="n")
    assert [(of.patient.id, of.patient.position) for of in registry.enrolled()] == [("a", 0), ("b", 7), ("c", 8)]
    with pytest.raises(ConflictError):
        registry.enrol(patient("d", position=7), at_utc_ms=4, by="n")


@pytest.mark.parametrize("again", [patient("p-1", record_number="R-2"), patient("p-2", record_number="R-p-1")])
def test_s10_nobody_is_enrolled_twice(registry: Registry, again: Patient) -> None:
    registry.enrol(patient(), at_utc_ms=1, by="n")
    with pytest.raises(ConflictError, match="twice"):
        registry.enrol(again, at_utc_ms=2, by="n")
    assert len(registry.enrolled()) == 1


def test_an_enrolment_that_is_refused_leaves_nothing(registry: Registry) -> None:
    registry.enrol(patient("a"), at_utc_ms=1, by="n", sensors=[STRAP])
    with pytest.raises(ConflictError, match="unbind it there first"):
        registry.enrol(patient("b"), at_utc_ms=2, by="n", sensors=[OXIMETER, STRAP])
    assert [of.patient.id for of in registry.enrolled()] == ["a"]
    registry.bind(OXIMETER, "a", at_utc_ms=3, by="n")


def test_a_binding_ends_and_stays_in_the_history(registry: Registry) -> None:
    registry.enrol(patient("a"), at_utc_ms=1000, by="n", sensors=[STRAP])
    registry.enrol(patient("b"), at_utc_ms=1000, by="n")
    registry.bind(STRAP, "a", at_utc_ms=1500, by="n")  # it is there already
    registry.unbind(STRAP.id, at_utc_ms=2000, by="n")
    registry.bind(STRAP, "b", at_utc_ms=3000, by="n")
    first, second = registry.enrolled()
    assert first.bindings == (Binding(sensor=STRAP.id, patient="a", from_utc_ms=1000, until_utc_ms=2000),)
    assert second.bindings == (Binding(sensor=STRAP.id, patient="b", from_utc_ms=3000),)
    assert [first.bindings[0].covers(at) for at in (999, 1000, 1999, 2000)] == [False, True, True, False]
    with pytest.raises(NotFoundError):
        registry.unbind(OXIMETER.id, at_utc_ms=4000, by="n")


def test_a_plan_replaces_the_one_before(registry: Registry) -> None:
    registry.enrol(patient(), at_utc_ms=1000, by="n")
    assert registry.enrolled()[0].plan is None
    for at_utc_ms, nurse in ((2000, "first"), (3000, "second")):
        registry.prescribe("p-1", Plan(prescribed={}, responsible_nurse=nurse), at_utc_ms=at_utc_ms)
    plan = registry.enrolled()[0].plan
    assert plan is not None
    assert (plan.responsible_nurse, plan.from_utc_ms) == ("second", 3000)


def test_nothing_is_bound_to_or_prescribed_for_nobody(registry: Registry) -> None:
    with pytest.raises(NotFoundError):
        registry.bind(STRAP, "nobody", at_utc_ms=1, by="n")
    with pytest.raises(NotFoundError):
        registry.prescribe("nobody", PLAN, at_utc_ms=1)


def test_a_gateway_is_expected_once(registry: Registry) -> None:
    registry.add_gateway("gw-2", at_utc_ms=1)
    registry.add_gateway("gw-1", at_utc_ms=2)
    registry.add_gateway("gw-2", at_utc_ms=3)
    assert registry.gateways() == ["gw-1", "gw-2"]


@pytest.mark.parametrize(
    ("somebody", "said"),
    [
        (patient("a/b"), "patient id 'a/b'"),
        (patient(family=""), "a family name and a record number are needed"),
        (patient(birth_date="14.3.1951"), "'14.3.1951' is no date"),
        (patient(time_zone="Mars/Olympus"), "no time zone 'Mars/Olympus'"),
        (patient(time_zone="../etc/passwd"), "no time zone"),
    ],
)
def test_who_cannot_be_enrolled(registry: Registry, somebody: Patient, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        registry.enrol(somebody, at_utc_ms=1, by="n")


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(prescribed={"spo3": []}), "'spo3' is no metric"),
        (Plan(prescribed={}, profile="child"), "prescribe limits"),
        (Plan(prescribed={}, limits="[spo2]\nlimits = [{below = 88}]"), r"spo2.limits\[0\] needs either delay_s"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_when_it_is_prescribed(registry: Registry, plan: Plan, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        registry.enrol(patient(), at_utc_ms=1, by="n", plan=plan)
    assert registry.enrolled() == []


def test_a_sensor_id_that_cannot_be_one(registry: Registry) -> None:
    with pytest.raises(ConfigurationError, match="sensor id"):
        registry.enrol(patient(), at_utc_ms=1, by="n", sensors=[Sensor(id="a b")])
