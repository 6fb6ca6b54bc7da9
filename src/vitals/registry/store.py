"""The registry itself: who is enrolled, what is bound, and transaction B.

Every method is one transaction on one connection, under a lock, so that a worker thread may write while the event
loop goes on. Who calls it from the loop accepts that a disk is slow.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError, SQLAlchemyError

from vitals.errors import ConflictError, NotFoundError, StoreError, VitalsError
from vitals.registry.duty import Duty
from vitals.registry.entities import (
    Action,
    Binding,
    Checkpoint,
    Cursor,
    Enrolled,
    Entered,
    Event,
    Missed,
    Patient,
    Plan,
    Sensor,
    State,
    require_patient,
    require_plan,
    require_sensor,
)
from vitals.registry.outbox import Outbox
from vitals.registry.tables import (
    ActionRow,
    AlarmEventRow,
    AlarmStateRow,
    BindingRow,
    CursorRow,
    EnteredRow,
    GatewayRow,
    MissedRow,
    PatientRow,
    PlanRow,
    SensorRow,
)

_FORGET: Final = delete(AlarmStateRow).where(
    AlarmStateRow.subject == bindparam("of"), AlarmStateRow.condition == bindparam("named")
)
_FORGET_MISSED: Final = delete(MissedRow).where(MissedRow.id == bindparam("named"))
_EVENT_FIELDS: Final = Event.__struct_fields__


class Registry:
    """An open registry; ``open_registry`` makes one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self.outbox = Outbox(self._writing, self._reading)
        self.duty = Duty(self._writing, self._reading)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._engine.dispose()

    # People

    def enrol(
        self,
        patient: Patient,
        *,
        at_utc_ms: int,
        by: str,
        sensors: Sequence[Sensor] = (),
        plan: Plan | None = None,
    ) -> None:
        """Enrol *patient*, with sensors bound and a plan in force from *at_utc_ms* on.

        Raises:
            ConfigurationError: something cannot be what it claims to be.
            ConflictError: the patient, record number or place is taken, or a sensor is on another patient.
            StoreError: nothing was written.
        """
        require_patient(patient)
        with self._writing(f"patient {patient.id} cannot be enrolled twice") as connection:
            position = patient.position
            if position is None:
                last = connection.execute(select(func.max(PatientRow.position))).scalar()
                position = 0 if last is None else last + 1
            connection.execute(
                insert(PatientRow).values(
                    id=patient.id,
                    family_name=patient.family,
                    given_name=patient.given,
                    birth_date=patient.birth_date,
                    record_number=patient.record_number,
                    time_zone=patient.time_zone,
                    position=position,
                    enrolled_utc_ms=at_utc_ms,
                )
            )
            for sensor in sensors:
                _bind(connection, sensor, patient.id, at_utc_ms, by)
            if plan is not None:
                _prescribe(connection, patient.id, plan, at_utc_ms)

    def bind(self, sensor: Sensor, patient: str, *, at_utc_ms: int, by: str) -> None:
        """Put *sensor* on *patient*; on the same patient already, nothing changes.

        Raises:
            NotFoundError: there is no such patient.
            ConflictError: the sensor is on another patient; unbind it there first.
        """
        with self._writing(f"sensor {sensor.id} is bound already") as connection:
            _require_enrolled(connection, patient)
            _bind(connection, sensor, patient, at_utc_ms, by)

    def unbind(self, sensor: str, *, at_utc_ms: int, by: str) -> None:
        """End the open binding of *sensor*; its history stays. Raises NotFoundError when it has none."""
        with self._writing(f"sensor {sensor} cannot be unbound") as connection:
            ended = connection.execute(
                update(BindingRow)
                .where(BindingRow.sensor_id == sensor, BindingRow.until_utc_ms.is_(None))
                .values(until_utc_ms=at_utc_ms, unbound_by=by)
            )
            if ended.rowcount == 0:
                raise NotFoundError(f"sensor {sensor} is on no patient")

    def prescribe(self, patient: str, plan: Plan, *, at_utc_ms: int) -> None:
        """Put *plan* in force; the one before ends and stays in the history. Raises NotFoundError."""
        with self._writing(f"no plan for {patient}") as connection:
            _require_enrolled(connection, patient)
            _prescribe(connection, patient, plan, at_utc_ms)

    def add_gateway(self, gateway: str, *, at_utc_ms: int, site: str = "") -> None:
        """Expect *gateway* to be there; known already, nothing changes."""
        with self._writing(f"gateway {gateway} cannot be added") as connection:
            if connection.execute(select(GatewayRow.id).where(GatewayRow.id == gateway)).first() is None:
                connection.execute(insert(GatewayRow).values(id=gateway, site=site, added_utc_ms=at_utc_ms))

    def enrolled(self) -> list[Enrolled]:
        """Every patient in order of position, with the plan in force and all bindings."""
        with self._reading() as connection:
            plans = {row.patient_id: row for row in connection.execute(_open_plans())}
            bindings: dict[str, list[Binding]] = {}
            for row in connection.execute(select(BindingRow.__table__).order_by(BindingRow.id)):
                bound = Binding(
                    sensor=row.sensor_id,
                    patient=row.patient_id,
                    from_utc_ms=row.from_utc_ms,
                    until_utc_ms=row.until_utc_ms,
                )
                bindings.setdefault(row.patient_id, []).append(bound)
            patients = connection.execute(select(PatientRow.__table__).order_by(PatientRow.position)).all()
        return [
            Enrolled(
                patient=_patient(row),
                plan=_plan(plans[row.id]) if row.id in plans else None,
                bindings=tuple(bindings.get(row.id, ())),
            )
            for row in patients
        ]

    def gateways(self) -> list[str]:
        """Every gateway that is expected to be there."""
        with self._reading() as connection:
            return list(connection.execute(select(GatewayRow.id).order_by(GatewayRow.id)).scalars())

    def revision(self) -> tuple[int, ...]:
        """Other numbers than before once somebody was enrolled, bound, unbound or prescribed for, or a gateway added.

        People, bindings, plans and gateways are only ever added or ended, so it is enough to count them.
        """
        counts = (
            select(func.count()).select_from(PatientRow),
            select(func.count()).select_from(BindingRow),
            select(func.count(BindingRow.until_utc_ms)),
            select(func.count()).select_from(PlanRow),
            select(func.count(PlanRow.until_utc_ms)),
            select(func.count()).select_from(GatewayRow),
        )
        with self._reading() as connection:
            return tuple(connection.execute(select(*(count.scalar_subquery() for count in counts))).one())

    # Alarms

    def save(self, checkpoint: Checkpoint) -> None:
        """Transaction B, whole or not at all.

        Raises:
            StoreError: nothing of it was written; an event that is there already is one of the reasons.
        """
        with self._writing("an alarm event was recorded before", StoreError) as connection:
            if checkpoint.states:
                keys = [{"of": row.subject, "named": row.condition} for row in checkpoint.states]
                connection.execute(_FORGET, keys)
            kept = [msgspec.structs.asdict(row) for row in checkpoint.states if row.state is not None]
            if kept:
                connection.execute(insert(AlarmStateRow), kept)
            if checkpoint.events:
                connection.execute(insert(AlarmEventRow), [msgspec.structs.asdict(row) for row in checkpoint.events])
            if checkpoint.actions:
                connection.execute(insert(ActionRow), [msgspec.structs.asdict(row) for row in checkpoint.actions])
            if checkpoint.missed:
                connection.execute(_FORGET_MISSED, [{"named": row.id} for row in checkpoint.missed])
                connection.execute(insert(MissedRow), [msgspec.structs.asdict(row) for row in checkpoint.missed])
            if checkpoint.entered:
                connection.execute(insert(EnteredRow), [msgspec.structs.asdict(row) for row in checkpoint.entered])
            cursor = checkpoint.cursor
            connection.execute(delete(CursorRow).where(CursorRow.name == cursor.name))
            connection.execute(
                insert(CursorRow).values(
                    name=cursor.name,
                    store=f"{cursor.store:016x}",
                    log_seq=cursor.log_seq,
                    timeline=cursor.timeline,
                )
            )

    def cursor(self, name: str) -> Cursor | None:
        """Where consumer *name* was at its last checkpoint."""
        with self._reading() as connection:
            row = connection.execute(select(CursorRow.__table__).where(CursorRow.name == name)).first()
        if row is None:
            return None
        return Cursor(name=row.name, store=int(row.store, 16), log_seq=row.log_seq, timeline=row.timeline)

    def states(self) -> list[State]:
        """Every alarm state of the last checkpoint."""
        with self._reading() as connection:
            rows = connection.execute(select(AlarmStateRow.__table__)).all()
        return [State(row.subject, row.condition, row.state) for row in rows]

    def actions(self, *, since_utc_ms: int) -> list[Action]:
        """What people did since, oldest first."""
        chosen = select(ActionRow.__table__).where(ActionRow.at_utc_ms >= since_utc_ms).order_by(ActionRow.at_utc_ms)
        with self._reading() as connection:
            return [Action(**row._asdict()) for row in connection.execute(chosen)]

    def events(self, *, since_utc_ms: int = 0, subject: str | None = None) -> list[Event]:
        """Recorded transitions in order of time, oldest first."""
        chosen = select(AlarmEventRow.__table__).where(AlarmEventRow.at_utc_ms >= since_utc_ms)
        if subject is not None:
            chosen = chosen.where(AlarmEventRow.subject == subject)
        with self._reading() as connection:
            rows = connection.execute(
                chosen.order_by(AlarmEventRow.at_utc_ms, AlarmEventRow.episode, AlarmEventRow.version)
            ).all()
        return [Event(**{name: getattr(row, name) for name in _EVENT_FIELDS}) for row in rows]

    def missed(self, *, open_only: bool = True) -> list[Missed]:
        """What late data would have raised, oldest first; *open_only*: what nobody has reviewed yet."""
        chosen = select(MissedRow.__table__).order_by(MissedRow.found_utc_ms, MissedRow.id)
        if open_only:
            chosen = chosen.where(MissedRow.reviewed_utc_ms.is_(None))
        with self._reading() as connection:
            return [Missed(**row._asdict()) for row in connection.execute(chosen)]

    def entered(self, *, since_utc_ms: int = 0) -> list[Entered]:
        """What people entered since, oldest first."""
        chosen = select(EnteredRow.__table__).where(EnteredRow.at_utc_ms >= since_utc_ms)
        with self._reading() as connection:
            rows = connection.execute(chosen.order_by(EnteredRow.at_ms, EnteredRow.id)).all()
        return [Entered(**row._asdict()) for row in rows]

    @contextmanager
    def _writing(self, conflict: str, kind: type[VitalsError] = ConflictError) -> Iterator[Connection]:
        with self._lock, _one_line(conflict, kind), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._lock, _one_line("the registry cannot be read", StoreError), self._engine.begin() as connection:
            yield connection


@contextmanager
def _one_line(conflict: str, kind: type[VitalsError]) -> Iterator[None]:
    """Every failure of the database as one line of ours; what breaks a constraint is *kind*."""
    try:
        yield
    except IntegrityError as error:
        raise kind(f"{conflict} ({error.orig})") from error
    except DatabaseError as error:
        raise StoreError(f"the registry failed: {error.orig}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the registry failed: {error}") from error


def _require_enrolled(connection: Connection, patient: str) -> None:
    if connection.execute(select(PatientRow.id).where(PatientRow.id == patient)).first() is None:
        raise NotFoundError(f"no patient {patient} is enrolled")


def _bind(connection: Connection, sensor: Sensor, patient: str, at_utc_ms: int, by: str) -> None:
    require_sensor(sensor)
    if connection.execute(select(SensorRow.id).where(SensorRow.id == sensor.id)).first() is None:
        connection.execute(insert(SensorRow).values(id=sensor.id, model=sensor.model, added_utc_ms=at_utc_ms))
    bound_to = connection.execute(
        select(BindingRow.patient_id).where(BindingRow.sensor_id == sensor.id, BindingRow.until_utc_ms.is_(None))
    ).scalar()
    if bound_to == patient:
        return
    if bound_to is not None:
        raise ConflictError(f"sensor {sensor.id} is on patient {bound_to}; unbind it there first")
    connection.execute(
        insert(BindingRow).values(sensor_id=sensor.id, patient_id=patient, from_utc_ms=at_utc_ms, bound_by=by)
    )


def _prescribe(connection: Connection, patient: str, plan: Plan, at_utc_ms: int) -> None:
    require_plan(plan)
    connection.execute(
        update(PlanRow)
        .where(PlanRow.patient_id == patient, PlanRow.until_utc_ms.is_(None))
        .values(until_utc_ms=at_utc_ms)
    )
    values = msgspec.structs.asdict(plan) | {"patient_id": patient, "from_utc_ms": at_utc_ms}
    connection.execute(insert(PlanRow).values(**values))


def _open_plans() -> Select[Any]:
    return select(PlanRow.__table__).where(PlanRow.until_utc_ms.is_(None))


def _patient(row: Row[Any]) -> Patient:
    return Patient(
        id=row.id,
        family=row.family_name,
        given=row.given_name,
        birth_date=row.birth_date,
        record_number=row.record_number,
        time_zone=row.time_zone,
        position=row.position,
    )


def _plan(row: Row[Any]) -> Plan:
    return Plan(**{name: getattr(row, name) for name in Plan.__struct_fields__})
