"""The registry's schema: from nothing, from the first revision, and from a release that does not exist yet."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from vitals.errors import ConfigurationError, CorruptStore, StoreError
from vitals.registry import Patient, open_registry
from vitals.registry.opening import HEAD, migrate
from vitals.registry.tables import Base

SOMEBODY = Patient(id="p-1", family="Novák", given="Jana", birth_date="1957-09-08", record_number="R-1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "registry.db"


def test_the_migrations_make_what_the_models_say(place: Path) -> None:
    open_registry(place).close()
    engine = create_engine(f"sqlite:///{place}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_is_opened_without_a_look() -> None:
    configuration = Config()
    folder = Path(migrate.__code__.co_filename).with_name("migrations")
    configuration.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(configuration).get_heads() == [HEAD]


def test_a_registry_of_the_first_revision_opens_with_everybody_in_it(place: Path) -> None:
    engine = create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        migrate(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO patient VALUES ('p-1', 'Novák', 'Jana', '1957-09-08', 'R-1', 'Europe/Oslo', 3, 1000)"
        )
        connection.exec_driver_sql("INSERT INTO sensor VALUES ('F0:00:00:00:01:01', '', 1000)")
        connection.exec_driver_sql("INSERT INTO binding VALUES (1, 'F0:00:00:00:01:01', 'p-1', 1000, NULL, 'n', NULL)")
        connection.exec_driver_sql(
            "INSERT INTO monitoring_plan "
            "VALUES (1, 'p-1', 1000, NULL, '{\"spo2\": []}', '', '', '', 'n', '', '', 0, '')"
        )
    engine.dispose()
    registry = open_registry(place)
    (person,) = registry.enrolled()
    assert (person.patient.time_zone, person.patient.position, person.bindings[0].patient) == ("Europe/Oslo", 3, "p-1")
    assert person.plan is not None
    assert person.plan.prescribed == {"spo2": []}
    assert registry.states() == []
    registry.close()


def test_it_opens_again_and_again(place: Path) -> None:
    for _ in range(3):
        open_registry(place).close()


def test_a_registry_that_a_newer_release_expanded_opens_as_it_is(place: Path) -> None:
    """Expand first: a roll-back of the software runs on the new registry."""
    open_registry(place).close()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("ALTER TABLE patient ADD COLUMN language VARCHAR NOT NULL DEFAULT 'en'")
        connection.commit()
    registry = open_registry(place)
    registry.enrol(SOMEBODY, at_utc_ms=1, by="n")
    assert [person.patient.id for person in registry.enrolled()] == ["p-1"]
    registry.close()


def test_a_registry_of_an_unknown_revision_that_lacks_something_is_refused(place: Path) -> None:
    open_registry(place).close()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("ALTER TABLE patient DROP COLUMN given_name")
        connection.commit()
    with pytest.raises(CorruptStore, match=r"revision 9999, .* lacks patient.given_name"):
        open_registry(place)


def test_a_migration_that_fails_leaves_the_registry_as_it_was(place: Path) -> None:
    engine = create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        migrate(connection, "0001")
    engine.dispose()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE cursor (id INTEGER)")  # in the way of the second revision's third table
        connection.commit()
    with pytest.raises(StoreError, match="already exists"):
        open_registry(place)
    with closing(sqlite3.connect(place)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "alarm_state" not in tables
        connection.execute("DROP TABLE cursor")
        connection.commit()
    open_registry(place).close()


def test_what_is_no_registry_is_refused_in_one_line(tmp_path: Path) -> None:
    garbage = tmp_path / "registry.db"
    garbage.write_bytes(b"this is no database, it only looks like a file" * 100)
    with pytest.raises(CorruptStore, match="is no registry") as refused:
        open_registry(garbage)
    assert "\n" not in str(refused.value)
    with pytest.raises(StoreError, match="does its folder exist"):
        open_registry(tmp_path / "nowhere" / "registry.db")
    with pytest.raises(ConfigurationError, match="no place for a registry"):
        open_registry("nonsense://host/db")


def test_two_programs_may_open_it_one_after_the_other_writing(place: Path) -> None:
    first = open_registry(place)
    second = open_registry(place)
    first.enrol(SOMEBODY, at_utc_ms=1, by="n")
    second.add_gateway("gw-1", at_utc_ms=1)
    assert first.gateways() == ["gw-1"]
    assert len(second.enrolled()) == 1
    first.close()
    second.close()
