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
    """Everybody, on the clock of *zone*."""

    zone: ZoneInfo
    recipients: Mapping[str, Recipient]
    teams: Mapping[str, Team]
    default_team: str = ""
    technical_team: str = ""

    def find(self, to: str, responsible: Responsible | None, utc_ms: int) -> tuple[Recipient, ...]:
        """Whom the stage *to* means at *utc_ms*; nobody is an answer. *responsible* None: no patient is concerned."""
        if to == OWNER:
            return self._owner(responsible, utc_ms)
        team = self._team(responsible)
        duty = team.duties.get(to)
        if duty is None and to != TEAM:  # a team without this duty is helped by the one that everybody falls back on
            duty = self._fallback.duties.get(to)
        if duty is not None:
            return self._known(on_call(duty, self.zone, utc_ms))
        return self._present(team.members, utc_ms) if to == TEAM else ()

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
        return tuple(person for person in self._known(people) if self.present(person.id, utc_ms) is not False)

    def _known(self, people: Iterable[str]) -> tuple[Recipient, ...]:
        return tuple(self.recipients[person] for person in people if person in self.recipients)
