"""The section ``[notify]`` of ``server.toml`` (docs/notify.md): read, checked, and made into what is used."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vitals.alarms.escalation import DEFAULT_PLANS, Plan, Stage
from vitals.alarms.limits import Priority
from vitals.errors import ConfigurationError
from vitals.notify.directory import OWNER, TEAM, Directory, Recipient, Team
from vitals.notify.push_services import SERVICES
from vitals.notify.schedule import EVERY_DAY, Rota, Rotation, Shift, Swap

PUSH: Final = "push://"
"""The address of whoever is told on their own devices, by Web Push."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PRIORITIES: Final = {priority.label: priority for priority in Priority}


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A misspelt key is an error, not a default."""


class _Shift(_Strict, frozen=True):
    between: tuple[str, str]
    people: tuple[str, ...] = ()
    days: tuple[str, ...] = DAYS


class _Rotation(_Strict, frozen=True):
    people: tuple[str, ...]
    since: date
    hand_over: str
    every_days: int = 7


class _Swap(_Strict, frozen=True):
    people: tuple[str, ...]
    since: datetime
    until: datetime


class _Duty(_Strict, frozen=True):
    people: tuple[str, ...] = ()
    shifts: tuple[_Shift, ...] = ()
    rotation: _Rotation | None = None
    swaps: tuple[_Swap, ...] = ()


class _Team(_Strict, frozen=True):
    members: tuple[str, ...] = ()
    duties: dict[str, _Duty] = {}


class _Recipient(_Strict, frozen=True):
    channels: tuple[str, ...]
    hours: tuple[_Shift, ...] = ()
    least: str = "low"


class _Chain(_Strict, frozen=True):
    stages: tuple[Stage, ...]
    repeat_s: float = 120.0


class _Push(_Strict, frozen=True):
    key: str
    contact: str
    services: tuple[str, ...] = SERVICES


class _Section(_Strict, frozen=True):
    time_zone: str
    recipients: dict[str, _Recipient]
    teams: dict[str, _Team] = {}
    default_team: str = ""
    technical_team: str = ""
    chains: dict[str, _Chain] = {}
    self_test_at: str = "09:00"
    console_url: str = ""
    push: _Push | None = None


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Web Push: where our key is, who answers for us, and which push services may be sent to."""

    key: Path
    contact: str
    services: tuple[str, ...] = SERVICES


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a notifier works with. *self_test* is minutes after midnight, None where there is to be none."""

    directory: Directory
    plans: Mapping[Priority, Plan]
    self_test: int | None
    console_url: str
    push: Push | None = None


def read(section: Mapping[str, Any], folder: Path = Path()) -> Settings | None:
    """The settings; None where the section is empty, so that nobody is told of anything outside the console.

    Relative paths lie in *folder*, that of the configuration file.

    Raises:
        ConfigurationError: one line that names the key and what it may be; no address is in it.
    """
    if not section:
        return None
    try:
        found = msgspec.convert(dict(section), _Section)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"notify: {error}") from None
    directory = _directory(found)
    _require_people(directory)
    plans = _plans(found.chains, directory)
    return Settings(
        directory=directory,
        plans=plans,
        self_test=_minutes("notify.self_test_at", found.self_test_at) if found.self_test_at else None,
        console_url=found.console_url,
        push=_push(found, folder),
    )


def _push(found: _Section, folder: Path) -> Push | None:
    said = found.push
    if said is None:
        asking = [id_ for id_, who in found.recipients.items() if any(url.startswith(PUSH) for url in who.channels)]
        if asking:
            raise ConfigurationError(f"notify.recipients.{asking[0]}: push:// needs a section [notify.push]")
        return None
    if not said.key or "@" not in said.contact or not said.services:
        raise ConfigurationError("notify.push: it needs a key's file, a contact such as it@ward.example, and services")
    return Push(key=folder / said.key, contact=said.contact, services=said.services)


def _directory(found: _Section) -> Directory:
    for id_ in (*found.recipients, *found.teams):
        if _ID.fullmatch(id_) is None:
            raise ConfigurationError(f"notify: {id_!r} is no name: letters, digits, dot, dash and underscore only")
    for key, team in (("default_team", found.default_team), ("technical_team", found.technical_team)):
        if team and team not in found.teams:
            raise ConfigurationError(f"notify.{key}: there is no team {team!r}")
    return Directory(
        zone=_zone(found.time_zone),
        recipients={id_: _recipient(id_, said) for id_, said in found.recipients.items()},
        teams={name: _team(name, said) for name, said in found.teams.items()},
        default_team=found.default_team or next(iter(found.teams), ""),
        technical_team=found.technical_team,
    )


def _recipient(id_: str, said: _Recipient) -> Recipient:
    place = f"notify.recipients.{id_}"
    if not said.channels or not all(said.channels):
        raise ConfigurationError(f"{place}: channels needs at least one address")
    if said.least not in _PRIORITIES:
        raise ConfigurationError(f"{place}.least must be low, medium or high, not {said.least!r}")
    if any(shift.people for shift in said.hours):
        raise ConfigurationError(f"{place}.hours are this recipient's own: they name no people")
    shifts = tuple(_shift(f"{place}.hours", shift, (id_,)) for shift in said.hours)
    hours = Rota(shifts=shifts) if shifts else None
    return Recipient(id=id_, channels=said.channels, hours=hours, least=_PRIORITIES[said.least])


def _team(name: str, said: _Team) -> Team:
    for duty in said.duties:
        if duty == OWNER or _ID.fullmatch(duty) is None:
            raise ConfigurationError(f"notify.teams.{name}.duties: {duty!r} cannot be a duty's name")
    duties = {duty: _rota(f"notify.teams.{name}.duties.{duty}", rota) for duty, rota in said.duties.items()}
    return Team(name=name, members=said.members, duties=duties)


def _rota(place: str, said: _Duty) -> Rota:
    shifts = []
    for shift in said.shifts:
        if not shift.people:
            raise ConfigurationError(f"{place}.shifts: each shift needs people")
        shifts.append(_shift(f"{place}.shifts", shift, shift.people))
    for swap in said.swaps:
        if swap.since.tzinfo is not None or swap.until.tzinfo is not None or swap.since >= swap.until:
            raise ConfigurationError(f"{place}.swaps: since must lie before until, both on the site's clock, no offset")
    swaps = tuple(Swap(swap.people, swap.since, swap.until) for swap in said.swaps)
    return Rota(
        people=said.people, shifts=tuple(shifts), rotation=_rotation(f"{place}.rotation", said.rotation), swaps=swaps
    )


def _rotation(place: str, said: _Rotation | None) -> Rotation | None:
    if said is None:
        return None
    if not said.people or said.every_days < 1:
        raise ConfigurationError(f"{place}: it needs people, and every_days of at least 1")
    return Rotation(said.people, said.since, _minutes(f"{place}.hand_over", said.hand_over), said.every_days)


def _shift(place: str, said: _Shift, people: tuple[str, ...]) -> Shift:
    unknown = set(said.days) - set(DAYS)
    if unknown or not said.days:
        raise ConfigurationError(f"{place}.days must be of {', '.join(DAYS)}")
    start, until = (_minutes(f"{place}.between", time) for time in said.between)
    days = EVERY_DAY if said.days == DAYS else frozenset(DAYS.index(day) for day in said.days)
    return Shift(people, start, until, days)


def _plans(said: Mapping[str, _Chain], directory: Directory) -> dict[Priority, Plan]:
    unknown = set(said) - set(_PRIORITIES)
    if unknown:
        raise ConfigurationError(f"notify.chains: {min(unknown)!r} is no priority: low, medium or high")
    plans = dict(DEFAULT_PLANS)
    for label, chain in said.items():
        place = f"notify.chains.{label}"
        times = [stage.after_s for stage in chain.stages]
        if times != sorted(times) or min(times, default=0) < 0 or chain.repeat_s <= 0:
            raise ConfigurationError(f"{place}: after_s must not fall from stage to stage, and repeat_s be positive")
        if label == "high" and not chain.stages:
            raise ConfigurationError(f"{place}: somebody must be told of a high priority")
        duties = {OWNER, TEAM}.union(*(team.duties for team in directory.teams.values()))
        strange = [stage.to for stage in chain.stages if stage.to not in duties]
        if strange:
            raise ConfigurationError(f"{place}: no team has a duty {strange[0]!r}")
        plans[_PRIORITIES[label]] = Plan(chain.stages, chain.repeat_s)
    return plans


def _require_people(directory: Directory) -> None:
    for team in directory.teams.values():
        named: dict[str, Iterable[str]] = {"members": team.members}
        named |= {f"duties.{duty}": rota.everybody() for duty, rota in team.duties.items()}
        for place, people in named.items():
            strangers = sorted(set(people) - set(directory.recipients))
            if strangers:
                raise ConfigurationError(f"notify.teams.{team.name}.{place}: {strangers[0]!r} is no recipient")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"notify.time_zone: there is no time zone {name!r}") from None


def _minutes(place: str, text: str) -> int:
    if _TIME.fullmatch(text) is None:
        raise ConfigurationError(f"{place}: {text!r} is no time of day such as 07:30")
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
