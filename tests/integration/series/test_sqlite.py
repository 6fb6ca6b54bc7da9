"""What is particular to the SQLite store: its file, its lock, its failures."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.batches import EPOCH, SENSOR, arrival, data

from vitals.errors import ConfigurationError, CorruptStore, DiskFull, StoreError
from vitals.observation import GenerationMode
from vitals.series.reader import PAGE
from vitals.series.sqlite import SqliteSeries, open_reader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "series.db"


@pytest.fixture
def series(path: Path) -> Iterator[SqliteSeries]:
    store = SqliteSeries(path, GenerationMode.DEMO)
    yield store
    store.close()


def test_it_keeps_its_name_and_its_mode(path: Path) -> None:
    store = SqliteSeries(path, GenerationMode.REAL)
    name = store.store
    store.close()
    store.close()
    with pytest.raises(ConfigurationError, match="real data and this server's mode is demo"):
        SqliteSeries(path, GenerationMode.DEMO)
    again = SqliteSeries(path, GenerationMode.REAL)
    assert again.store == name
    again.close()
    reader = open_reader(path)
    assert (reader.store, reader.mode) == (name, GenerationMode.REAL)
    reader.close()


def test_two_stores_have_two_names(tmp_path: Path) -> None:
    stores = [SqliteSeries(tmp_path / name, GenerationMode.DEMO) for name in ("a.db", "b.db")]
    assert stores[0].store != stores[1].store
    for store in stores:
        store.close()


def test_an_older_copy_takes_a_new_name(tmp_path: Path, path: Path) -> None:
    store = SqliteSeries(path, GenerationMode.DEMO)
    name = store.store
    store.commit([arrival(1)])
    store.close()
    shutil.copy(path, tmp_path / "copy.db")
    store = SqliteSeries(path, GenerationMode.DEMO)
    assert not store.renew_if_set_back(name, 1)
    read_up_to = store.commit([arrival(2)])[-1].log_seq
    store.close()
    path.unlink()
    shutil.copy(tmp_path / "copy.db", path)
    store = SqliteSeries(path, GenerationMode.DEMO)
    assert not store.renew_if_set_back(name + 1, read_up_to)  # somebody else's cursor says nothing
    assert store.renew_if_set_back(name, read_up_to)
    renamed = store.store
    assert renamed != name
    assert not store.renew_if_set_back(renamed, 1)
    store.close()
    store = SqliteSeries(path, GenerationMode.DEMO)
    assert store.store == renamed
    assert [logged.arrival.header.seq for logged in store.replay(0)] == [1]
    store.close()


def test_a_second_server_is_kept_out(path: Path, series: SqliteSeries) -> None:
    with pytest.raises(StoreError, match="another server writes"):
        SqliteSeries(path, GenerationMode.DEMO)
    series.close()
    SqliteSeries(path, GenerationMode.DEMO).close()


def test_a_commit_is_durable_before_it_returns(path: Path, series: SqliteSeries) -> None:
    series.commit([arrival(1)])
    probe = sqlite3.connect(path)
    assert probe.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    probe.close()
    assert series._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_log_never_counts_from_one_again(path: Path, series: SqliteSeries) -> None:
    series.commit([arrival(1), arrival(2)])
    series.close()
    sealing = sqlite3.connect(path)
    sealing.execute("DELETE FROM log")
    sealing.commit()
    sealing.close()
    again = SqliteSeries(path, GenerationMode.DEMO)
    assert [entry.log_seq for entry in again.commit([arrival(3)])] == [3]
    again.close()


def test_a_full_store_writes_nothing_and_works_again_once_there_is_room(path: Path, series: SqliteSeries) -> None:
    series.commit([arrival(1)])
    before = (series.counts(), series.committed("gw-1"), list(series.replay(0)))
    series.limit(path.stat().st_size)
    large = [arrival(seq, data([97.0] * 900, at_ms=10**6 * seq), gateway="gw-new") for seq in range(2, 40)]
    for _ in range(2):
        with pytest.raises(DiskFull, match="no room left"):
            series.commit(large)
        assert (series.counts(), series.committed("gw-1"), list(series.replay(0))) == before
        assert series.gateways() == ["gw-1"]
    series.limit(None)
    assert len(series.commit(large)) == 38
    assert [entry.log_seq for entry in series.replay(0)] == list(range(1, 40))
    assert series.committed("gw-new") == {EPOCH: [(2, 39)]}


def test_a_failing_write_is_an_error_and_the_next_commit_works(path: Path, series: SqliteSeries) -> None:
    series.commit([arrival(1)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = path.with_name(path.name + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 4096, hard))
    try:
        with pytest.raises(StoreError):
            series.commit([arrival(seq, data([97.0] * 900)) for seq in range(2, 30)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert series.committed("gw-1") == {EPOCH: [(1, 1)]}
    series.commit([arrival(2)])
    series.close()
    reader = open_reader(path)
    assert [entry.arrival.header.seq for entry in reader.replay(0)] == [1, 2]
    assert reader.counts().rows == 2
    reader.close()


def test_a_store_that_is_not_there(path: Path) -> None:
    with pytest.raises(StoreError, match="no series store at"):
        open_reader(path)
    with pytest.raises(StoreError, match="cannot write beside"):
        SqliteSeries(path / "below" / "series.db", GenerationMode.DEMO)


def test_a_file_that_is_something_else(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(CorruptStore, match="damaged or no series store"):
        SqliteSeries(path, GenerationMode.DEMO)
    with pytest.raises(CorruptStore, match="damaged or no series store"):
        open_reader(path)


@pytest.mark.parametrize("statement", ["PRAGMA user_version = 99", "CREATE TABLE other(id)"])
def test_a_database_of_another_format(path: Path, statement: str) -> None:
    other = sqlite3.connect(path)
    other.execute(statement)
    if "99" in statement:
        other.execute("CREATE TABLE log(id)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="this release reads 1 and 2"):
        SqliteSeries(path, GenerationMode.DEMO)
    with pytest.raises(StoreError, match="this release reads 1 and 2"):
        open_reader(path)


def test_an_empty_file_is_a_new_store_and_nothing_to_read(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        open_reader(path)
    SqliteSeries(path, GenerationMode.DEMO).close()
    open_reader(path).close()


@pytest.mark.parametrize(("offset", "message"), [(0, "has format 41"), (60, "rotted on disk")])
def test_a_row_that_rotted_is_named(path: Path, series: SqliteSeries, offset: int, message: str) -> None:
    series.commit([arrival(1, data([97.0] * 20))])
    series.close()
    vandal = sqlite3.connect(path)
    (blob,) = vandal.execute("SELECT blob FROM log").fetchone()
    vandal.execute("UPDATE log SET blob = ?", (blob[:offset] + b"A" + blob[offset + 1 :],))
    vandal.commit()
    vandal.close()
    reader = open_reader(path)
    with pytest.raises(CorruptStore, match=message):
        list(reader.replay(0))
    with pytest.raises(CorruptStore, match=message):
        reader.points(SENSOR, "spo2", 0, 2**50)
    reader.close()


def test_pages_of_the_log_join_without_a_seam(series: SqliteSeries) -> None:
    rows = 2 * PAGE + 1
    series.commit([arrival(seq) for seq in range(1, rows + 1)])
    assert [entry.log_seq for entry in series.replay(0)] == list(range(1, rows + 1))
    assert len(series.points(SENSOR, "spo2", 0, 2**50)) == rows
