"""Who can be told, and who is meant by a stage of a chain at a given moment."""

from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.alarms.limits import Priority
from vitals.notify.schedule import Rota, on_call
from vitals.registry import Responsible

OWNER: Final = "owner"
"""The stage of the patient's responsible nurse, or the cover (S16)."""
TEAM: Final = "team"
"""The stage of everybody in the patient's team, or of its duty of that name."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, or something, that can be told: *channels* are addresses in order of preference.

    *hours* None means always; nothing below *least* is sent there.
    """

    id: str
    channels: tuple[str, ...]
    hours: Rota | None = None
    least: Priority = Priority.LOW


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """People who answer for the same patients, and the duties among them by name."""

    name: str
    members: tuple[str, ...] = ()
    duties: Mapping[str, Rota] = {}


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, on the clock of *zone*; *standing_in*: who accepted to take whose place until they end that."""

    zone: ZoneInfo
    recipients: Mapping[str, Recipient]
    teams: Mapping[str, Team]
    default_team: str = ""
    technical_team: str = ""
    standing_in: Mapping[str, str] = {}

    def find(self, to: str, responsible: Responsible | None, utc_ms: int) -> tuple[Recipient, ...]:
        """Whom the stage *to* means at *utc_ms*; nobody is an answer. *responsible* None: no patient is concerned."""
        if to == OWNER:
            return self._owner(responsible, utc_ms)
        return self._in_team(self._team(responsible), to, utc_ms)

    def _in_team(self, team: Team, to: str, utc_ms: int) -> tuple[Recipient, ...]:
        duty = team.duties.get(to)
        if duty is None and to != TEAM:  # a team without this duty is helped by the one that everybody falls back on
            duty = self._fallback.duties.get(to)
        if duty is not None:
            return self._known(on_call(duty, self.zone, utc_ms))
        return self._present(team.members, utc_ms) if to == TEAM else ()

    def find_everywhere(self, to: str, utc_ms: int) -> tuple[Recipient, ...]:
        """The same for what concerns every patient: in each team but the technicians', everybody once."""
        if to == OWNER:
            return ()
        teams = [team for team in self.teams.values() if team.name != self.technical_team] or [self._fallback]
        found = [person for team in teams for person in self._in_team(team, to, utc_ms)]
        return tuple(dict.fromkeys(found))

    def stands_for(self, person: str) -> str:
        """Who is told in the place of *person*: they themselves, or whoever accepted that in the end."""
        seen = {person}
        while (taker := self.standing_in.get(person)) is not None and taker not in seen:
            seen.add(taker)
            person = taker
        return person

    def on_duty(self, person: str, utc_ms: int) -> bool | None:
        """Whether *person* is within their hours, or without hours on any duty that ends; None where nobody knows."""
        if person in self.standing_in:
            return False
        if person in self.standing_in.values():
            return True
        present = self.present(person, utc_ms)
        if present is not None:
            return present
        rotas = [rota for team in self.teams.values() for rota in team.duties.values()]
        ending = [rota for rota in rotas if person in rota.everybody() - set(rota.people)]
        if not ending:
            return None
        return any(person in on_call(rota, self.zone, utc_ms) for rota in ending)

    def present(self, person: str, utc_ms: int) -> bool | None:
        """Whether *person* is within their hours; None where nobody knows."""
        recipient = self.recipients.get(person)
        if recipient is None or recipient.hours is None:
            return None
        return bool(on_call(recipient.hours, self.zone, utc_ms))

    @property
    def _fallback(self) -> Team:
        return self.teams.get(self.default_team, Team(name=""))

    def _owner(self, responsible: Responsible | None, utc_ms: int) -> tuple[Recipient, ...]:
        if responsible is None:
            return ()
        return self._present((responsible.nurse, responsible.cover), utc_ms)[:1]

    def _team(self, responsible: Responsible | None) -> Team:
        """The team of whoever answers for the patient; without a patient, the technicians'."""
        if responsible is None:
            return self.teams.get(self.technical_team, self._fallback)
        for person in (responsible.nurse, responsible.cover):
            for team in self.teams.values():
                if person in team.members:
                    return team
        return self._fallback

    def _present(self, people: Iterable[str], utc_ms: int) -> tuple[Recipient, ...]:
        here = (self.stands_for(person) for person in people if self._here(person, utc_ms))
        return self._known(here)

    def _here(self, person: str, utc_ms: int) -> bool:
        """Whoever stands in for somebody undertook that, whatever their own hours are."""
        return person in self.standing_in or self.present(person, utc_ms) is not False

    def _known(self, people: Iterable[str]) -> tuple[Recipient, ...]:
        meant = dict.fromkeys(self.stands_for(person) for person in people)
        return tuple(self.recipients[person] for person in meant if person in self.recipients)
