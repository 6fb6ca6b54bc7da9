"""Read a registry's history from another process: who wore what, what was prescribed, what alarmed.

Nothing is written, no migration runs, and no transaction takes the lock that the server writes under.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Engine, create_engine, event, or_, select
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from vitals.errors import ConfigurationError, NotFoundError, StoreError
from vitals.registry.entities import Binding, Event, Missed, Patient, Plan
from vitals.registry.tables import AlarmEventRow, BindingRow, MissedRow, PatientRow, PlanRow

_EVENT: Final = Event.__struct_fields__
_MISSED: Final = Missed.__struct_fields__
_PLAN: Final = Plan.__struct_fields__


class Prescribed(msgspec.Struct, frozen=True):
    """A plan from its ``from_utc_ms`` until another moment; *until_utc_ms* None while it is in force."""

    plan: Plan
    until_utc_ms: int | None


class History:
    """A registry as it is read; :func:`open_history` makes one."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def patients(self) -> list[Patient]:
        """Everybody, in order of position."""
        rows = self._read(select(PatientRow.__table__).order_by(PatientRow.position))
        return [
            Patient(
                id=row.id,
                family=row.family_name,
                given=row.given_name,
                birth_date=row.birth_date,
                record_number=row.record_number,
                time_zone=row.time_zone,
                position=row.position,
            )
            for row in rows
        ]

    def patient(self, said: str) -> Patient:
        """The patient of that identifier or record number.

        Raises:
            NotFoundError: there is none.
            ConfigurationError: it is the identifier of one and the record number of another.
        """
        found = [each for each in self.patients() if said in (each.id, each.record_number)]
        if not found:
            raise NotFoundError(f"no patient has the identifier or record number {said!r}")
        if len(found) > 1:
            who = " and ".join(
                f"{each.name} (identifier {each.id}, record number {each.record_number})" for each in found
            )
            raise ConfigurationError(f"{said!r} may mean {who}: name the one by the other of the two")
        return found[0]

    def bindings(self, patient: str) -> list[Binding]:
        """Every binding that *patient* ever had, in order of binding."""
        rows = self._read(select(BindingRow.__table__).where(BindingRow.patient_id == patient).order_by(BindingRow.id))
        return [
            Binding(
                sensor=row.sensor_id,
                patient=row.patient_id,
                from_utc_ms=row.from_utc_ms,
                until_utc_ms=row.until_utc_ms,
            )
            for row in rows
        ]

    def plans(self, patient: str) -> list[Prescribed]:
        """Every plan that *patient* ever had, oldest first."""
        rows = self._read(
            select(PlanRow.__table__).where(PlanRow.patient_id == patient).order_by(PlanRow.from_utc_ms, PlanRow.id)
        )
        return [Prescribed(Plan(**{name: getattr(row, name) for name in _PLAN}), row.until_utc_ms) for row in rows]

    def events(self, patient: str, from_utc_ms: int, to_utc_ms: int) -> list[Event]:
        """What was recorded of *patient* from one moment until before another, oldest first."""
        table = AlarmEventRow
        rows = self._read(
            select(table.__table__)
            .where(table.subject == patient, table.at_utc_ms >= from_utc_ms, table.at_utc_ms < to_utc_ms)
            .order_by(table.at_utc_ms, table.episode, table.version)
        )
        return [Event(**{name: getattr(row, name) for name in _EVENT}) for row in rows]

    def missed(self, patient: str, from_utc_ms: int, to_utc_ms: int) -> list[Missed]:
        """What late data would have raised then, oldest first, reviewed or not."""
        table = MissedRow
        rows = self._read(
            select(table.__table__)
            .where(
                table.patient_id == patient,
                table.from_utc_ms < to_utc_ms,
                or_(table.to_utc_ms.is_(None), table.to_utc_ms >= from_utc_ms),
            )
            .order_by(table.from_utc_ms, table.id)
        )
        return [Missed(**{name: getattr(row, name) for name in _MISSED}) for row in rows]

    def _read(self, chosen: Any) -> list[Any]:  # noqa: ANN401 - a statement of the library's
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(chosen).all())
        except DatabaseError as error:
            raise StoreError(f"the registry at {self._place} cannot be read: {error.orig}") from None
        except SQLAlchemyError as error:
            raise StoreError(f"the registry at {self._place} cannot be read: {error}") from None


def open_history(place: Path | str) -> History:
    """The registry at a path (SQLite) or an SQLAlchemy URL, to be read.

    Raises:
        ConfigurationError: there is none, or the place cannot be one.
    """
    text = str(place)
    try:
        if "://" in text:
            return History(create_engine(text), text)
        path = Path(text)
        if not path.is_file():
            raise ConfigurationError(f"there is no registry at {path}: has the server run with this configuration?")
        engine = create_engine(
            f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
        )
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"{text!r} is no place for a registry: {error}") from None
    event.listen(engine, "connect", _prepare)
    return History(engine, text)


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA query_only = ON")
