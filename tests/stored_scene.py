"""A live desk whose batches are stored as well, so that what it raised can be laid beside a replay of the store."""

from pathlib import Path
from typing import Any

from tests.desk_scene import Scene, Values, new_registry
from typing_extensions import override

from vitals.alarms import profile as profiles
from vitals.alarms.profile import Profile
from vitals.collector import base
from vitals.observation import GenerationMode
from vitals.registry.history import open_history
from vitals.retrospect.look import Findings, House, Proposal, look_back
from vitals.retrospect.period import Period
from vitals.series.base import Arrival
from vitals.series.reader import SqliteReader
from vitals.series.sqlite import SqliteSeries


class StoredScene(Scene):
    """Everything heard goes to a series file; *cut* keeps it from the desk, as an outage of the network would.

    With *sealed* the log is emptied at once.
    """

    def __init__(self, folder: Path, *, sealed: bool = False, **options: Any) -> None:
        self.folder = folder
        self.sealed = sealed
        self.store = SqliteSeries(folder / "series.db", GenerationMode.TEST)
        self.people = new_registry()
        self.cut = False
        self.kept: list[Arrival] = []
        super().__init__(place=self.people, series=self.store, **options)
        self.began_ms = self.clock.utc_ms()

    @override
    def hear(self, sensor: str, characteristic: str, values: Values, **options: object) -> Arrival:
        arrival = self.arrival(sensor, characteristic, values, **options)  # type: ignore[arg-type]
        if not self.cut:
            self.desk.observe(arrival, base.heard(arrival))
        self.kept.append(arrival)
        return arrival

    async def record(self) -> None:
        """Write what is held back, the desk's registry too."""
        logged = self.store.commit(self.kept)
        self.kept = []
        if self.sealed and logged:
            assert sum(self.store.seal(logged[-1].log_seq))
        await self.desk.persist()

    @override
    def close(self) -> None:
        self.store.close()
        super().close()

    def look(
        self, proposed: Profile | None = None, *, patient: str = "p-1", within: Period | None = None, **options: Any
    ) -> Findings:
        """Look back at a patient, since the scene began unless told otherwise."""
        history, reader = open_history(self.people), SqliteReader(self.folder / "series.db")
        try:
            house = House(history, reader, self.profile, self.time_scale)
            period = within or Period(self.began_ms, self.clock.utc_ms() + 1)
            proposal = Proposal(proposed or self.profile, **options)
            return look_back(house, history.patient(patient), period, proposal)
        finally:
            reader.close()
            history.close()


def spo2_below(limit: float, delay_s: float, hysteresis: float = 2) -> Profile:
    """One limit."""
    return profiles.parse(
        f'name = "proposed"\n[spo2]\nhysteresis = {hysteresis}\n'
        f'limits = [{{ below = {limit}, delay_s = {delay_s}, priority = "medium" }}]'
    )
