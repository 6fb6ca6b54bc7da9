"""Nurses who hear, overlook, wait, act on an old screen, are busy, and go home.

Each acts through the console's contract alone. Reaction times and hearing are assumptions (:class:`Manner`), drawn
from a seed; there is no published figure behind them.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
from benchmarks.day.wall import URGENCY, Wall

from vitals.errors import VitalsError
from vitals.ward import ShownAlarm


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How people are: seconds are medians of lognormal distributions, shares are of occasions."""

    reacts_s: float = 18.0
    reacts_at_night_s: float = 30.0
    reads_a_page_s: float = 40.0
    spread: float = 0.7
    overhears: float = 0.1
    overhears_at_night: float = 0.2
    listens_again_s: float = 45.0
    looks_at_an_old_screen: float = 0.08
    pauses_the_sound: float = 0.1
    care_s: tuple[float, float] = (30.0, 150.0)
    care_technical_s: tuple[float, float] = (8.0, 40.0)
    records_an_outcome: float = 0.7
    reviews_after_s: float = 120.0


MANNER: Final = Manner()
_OUTCOMES: Final = ("spoke", "no_answer", "artefact")


class Nurse:
    """One person, on duty from one hour until another (None: whenever paged). *done* counts what they did."""

    def __init__(self, name: str, hours: tuple[int, int] | None, wall: Wall, seed: tuple[int, ...]) -> None:
        self.name = name
        self.paged: dict[str, float] = {}
        self.done = {"acknowledged": 0, "paused": 0, "resolved": 0, "reviewed": 0, "refused": 0, "overheard": 0}
        self._hours = hours
        self._wall = wall
        self._draw = np.random.default_rng([*seed, sum(name.encode())])
        self._keys = 0

    def on_duty(self, hour: float) -> bool:
        """Whether they are at work at an hour of the day."""
        if self._hours is None:
            return True
        start, until = self._hours
        return start <= hour < until if start < until else hour >= start or hour < until

    async def work(self, hour: "Hour") -> None:
        """Attend to alarms, the most urgent first, until cancelled."""
        while True:
            alarm = self._next() if self.on_duty(hour()) else None
            if alarm is not None:
                await self._attend(alarm, night=hour() >= 23 or hour() < 7)
            elif not (self._hours is not None and self.on_duty(hour()) and await self._review()):
                await self._wall.wait(60)

    def page(self, episode: str) -> None:
        """Their telephone rang about *episode*."""
        self.paged[episode] = self._wall.now_s
        self._wall.wake()

    def _next(self) -> ShownAlarm | None:
        known = self._wall.alarms
        self.paged = {episode: at for episode, at in self.paged.items() if episode in known}
        hears = self._hours is not None and self._wall.audible
        found = [
            alarm
            for alarm in known.values()
            if alarm.phase != "acknowledged"
            and alarm.episode not in self._wall.attended
            and ((hears and alarm.sounding) or (alarm.episode in self.paged and alarm.paused_until is None))
        ]
        return max(found, key=lambda alarm: (URGENCY[alarm.priority], alarm.raised_at, alarm.episode), default=None)

    async def _attend(self, alarm: ShownAlarm, *, night: bool) -> None:
        of = MANNER
        paged = alarm.episode in self.paged
        if not paged and self._draw.random() < (of.overhears_at_night if night else of.overhears):
            self.done["overheard"] += 1
            await self._wall.wait(of.listens_again_s)
            return
        median_s = of.reads_a_page_s if self._hours is None else of.reacts_at_night_s if night else of.reacts_s
        self._wall.attended.add(alarm.episode)
        await self._sleep(float(self._draw.lognormal(np.log(median_s), of.spread)))
        self._wall.attended.discard(alarm.episode)
        present = self._wall.alarms.get(alarm.episode)
        self.paged.pop(alarm.episode, None)
        if present is None or present.phase == "acknowledged":
            return
        seen = alarm if self._draw.random() < of.looks_at_an_old_screen else present
        await self._deal_with(seen)

    async def _deal_with(self, seen: ShownAlarm) -> None:
        physiological = seen.kind == "physiological"
        pauses = seen.phase == "active" and seen.paused_until is None and self._draw.random() < MANNER.pauses_the_sound
        act = "pause_audio" if pauses else "acknowledge"
        if not await self._act(act, seen):
            await self._sleep(2)
            return
        await self._sleep(float(self._draw.uniform(*(MANNER.care_s if physiological else MANNER.care_technical_s))))
        present = self._wall.alarms.get(seen.episode)
        if pauses:
            if present is not None and present.phase != "acknowledged":
                await self._act("acknowledge", present)
        elif physiological and present is not None and self._draw.random() < MANNER.records_an_outcome:
            await self._act("resolve", present)

    async def _act(self, action: str, seen: ShownAlarm) -> bool:
        desk = self._wall.desk
        if desk is None:  # NOT SENT: the console has lost its server (S9)
            return False
        self._keys += 1
        named, actor, key = (seen.episode, seen.version), self.name, f"{self.name}/{self._keys}"
        try:
            if action == "acknowledge":
                await desk.acknowledge(*named, actor=actor, key=key)
                self.done["acknowledged"] += 1
            elif action == "pause_audio":
                await desk.pause_audio(*named, actor=actor, key=key)
                self.done["paused"] += 1
            else:
                await desk.resolve(*named, outcome=str(self._draw.choice(_OUTCOMES)), note="", actor=actor, key=key)
                self.done["resolved"] += 1
        except VitalsError:
            self.done["refused"] += 1
            return False
        return True

    async def _review(self) -> bool:
        """Look at what was missed, when nothing else is to do."""
        desk = self._wall.desk
        missed = () if desk is None else desk.snapshot().missed
        if desk is None or not missed:
            return False
        await self._sleep(float(self._draw.lognormal(np.log(MANNER.reviews_after_s), MANNER.spread)))
        if self._wall.desk is not desk:
            return True
        self._keys += 1
        try:
            await desk.review(missed[0].id, missed[0].version, actor=self.name, key=f"{self.name}/{self._keys}")
            self.done["reviewed"] += 1
        except VitalsError:
            self.done["refused"] += 1
        return True

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(round(seconds, 3))


Hour = Callable[[], float]
"""The hour of the day."""
