"""The conformance suite over every store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.integration.series.conformance import Conformance
from tests.integration.series.sealing import SealingConformance
from typing_extensions import override

from vitals.observation import GenerationMode
from vitals.series.base import Arrival, Logged
from vitals.series.memory import MemorySeries
from vitals.series.sqlite import SqliteSeries


class TestMemory(Conformance, SealingConformance):
    @pytest.fixture
    def series(self) -> MemorySeries:
        return MemorySeries()


class TestSqlite(Conformance, SealingConformance):
    @pytest.fixture
    def series(self, tmp_path: Path) -> Iterator[SqliteSeries]:
        store = SqliteSeries(tmp_path / "series.db", GenerationMode.DEMO)
        yield store
        store.close()


class TestSqliteReopened(Conformance, SealingConformance):
    """Every answer comes from the file: the store is opened anew after each write."""

    @pytest.fixture
    def series(self, tmp_path: Path) -> Iterator["Reopened"]:
        store = Reopened(tmp_path / "series.db")
        yield store
        store.close()


class Reopened(SqliteSeries):
    def __init__(self, path: Path) -> None:
        self._file = path
        super().__init__(path, GenerationMode.DEMO)

    @override
    def commit(self, arrivals: Sequence[Arrival]) -> list[Logged]:
        logged = super().commit(arrivals)
        self._again()
        return logged

    @override
    def release(self, number: int) -> Logged:
        logged = super().release(number)
        self._again()
        return logged

    @override
    def seal(self, upto: int) -> Iterator[int]:
        yield from list(super().seal(upto))
        self._again()

    def _again(self) -> None:
        self.close()
        super().__init__(self._file, GenerationMode.DEMO)
