"""Open a registry: one connection, the schema brought up to date, every failure one line."""

from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from vitals.errors import ConfigurationError, CorruptStore, StoreError
from vitals.registry.store import Registry
from vitals.registry.tables import Base

HEAD: Final = "0006"
"""The newest revision: a registry that has it is opened without a look at the migrations."""

_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def open_registry(place: Path | str) -> Registry:
    """The registry at a path (SQLite, made where there is none) or an SQLAlchemy URL.

    A registry that a newer release has expanded opens as it is, as long as everything this one needs is there.

    Raises:
        ConfigurationError: the place cannot be one.
        CorruptStore: what is there is no registry.
        StoreError: it cannot be opened.
    """
    engine = _engine(place)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except DatabaseError as error:
        engine.dispose()
        raise _refusal(place, error) from error
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"the registry at {place} cannot be opened: {error}") from error
    except StoreError:
        engine.dispose()
        raise
    return Registry(engine)


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Bring the schema up to *revision*.

    Raises:
        CorruptStore: it is of an unknown revision and lacks what this release needs.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current == revision:
        return
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()}
    if current is not None and current not in known:
        _require_everything(connection, current)
        return
    command.upgrade(configuration, revision)


def _require_everything(connection: Connection, revision: str) -> None:
    found = inspect(connection)
    tables = set(found.get_table_names())
    for table in Base.metadata.sorted_tables:
        columns = {column["name"] for column in found.get_columns(table.name)} if table.name in tables else set()
        lacking = {column.name for column in table.columns} - columns
        if lacking:
            raise CorruptStore(
                f"the registry is of revision {revision}, which this release does not know, "
                f"and lacks {table.name}.{min(lacking)}; run a newer release"
            )


def _engine(place: Path | str) -> Engine:
    text = str(place)
    try:
        url = make_url(text if "://" in text else f"sqlite:///{Path(text)}")
        if url.get_backend_name() != "sqlite":
            return create_engine(url)
        # One connection writes, whichever thread it is used from: the registry holds a lock around it.
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"{text!r} is no place for a registry: {error}") from None
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None  # the driver would begin and commit by itself, around DDL too
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refusal(place: Path | str, error: DatabaseError) -> StoreError:
    why = str(error.orig)
    if "not a database" in why or "malformed" in why:
        return CorruptStore(f"{place} is no registry ({why}); name another file or restore it from a backup")
    if "unable to open" in why:
        return StoreError(f"the registry at {place} cannot be opened: does its folder exist, may it be written?")
    return StoreError(f"the registry at {place} cannot be opened: {why}")
