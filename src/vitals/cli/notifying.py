"""What ``vitals notify`` does, with the server's libraries."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from vitals.clock import SystemClock, iso
from vitals.collector.config import ServerConfig, load
from vitals.errors import ConfigurationError, StoreError
from vitals.notify import push_keys
from vitals.notify.config import Settings, read
from vitals.notify.directory import TEAM
from vitals.notify.schedule import on_call as on_call_by
from vitals.notify.trial import try_channels
from vitals.registry import Attempt, Dispatch, Registry, open_registry


def trial(path: Path, recipient: str) -> dict[str, Any]:
    """The answer of every channel. Raises ConfigurationError."""
    config, settings = _settings(path)
    if recipient and recipient not in settings.directory.recipients:
        raise ConfigurationError(f"{path}: {recipient!r} is no recipient")
    with _registry(config) as registry:
        trials, record = asyncio.run(
            try_channels(settings, registry.duty, config.mode, SystemClock(), recipient=recipient)
        )
    return {"channels": [msgspec.structs.asdict(trial) for trial in trials], "recorded": _record(config, record)}


def push_key(path: Path) -> dict[str, str]:
    """Make the key of ``[notify.push]``; where it is, and its public part. Raises ConfigurationError."""
    _, settings = _settings(path)
    if settings.push is None:
        raise ConfigurationError(f"{path} has no section [notify.push]: say there where the key is to be")
    return {"key": str(settings.push.key), "public": push_keys.make(settings.push.key).public}


def on_call(path: Path, utc_ms: int) -> dict[str, dict[str, list[str]]]:
    """Who is on call, by team and duty, hand-overs that are in force now included. Raises ConfigurationError."""
    config, settings = _settings(path)
    directory = msgspec.structs.replace(settings.directory, standing_in=_standing_in(config, utc_ms))
    found: dict[str, dict[str, list[str]]] = {}
    for team in directory.teams.values():
        present = [person for person in team.members if directory.present(person, utc_ms) is not False]
        duties = {duty: on_call_by(rota, directory.zone, utc_ms) for duty, rota in team.duties.items()}
        named = {TEAM: tuple(present)} | duties
        found[team.name] = {
            duty: list(dict.fromkeys(directory.stands_for(person) for person in people))
            for duty, people in named.items()
        }
    return found


def log(path: Path, since_utc_ms: int) -> list[dict[str, Any]]:
    """Messages since then, oldest first, with their attempts. Raises ConfigurationError or StoreError."""
    config = load(path)
    if not config.registry.exists():
        raise ConfigurationError(f"there is no registry at {config.registry}: nothing was ever sent")
    registry = open_registry(config.registry)
    try:
        messages = registry.outbox.notifications(since_utc_ms=since_utc_ms)
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in registry.outbox.attempts(since_utc_ms=since_utc_ms):
            attempts[attempt.key].append(attempt)
    finally:
        registry.close()
    return [
        {
            "key": message.key,
            "at": iso(message.created_utc_ms),
            "kind": message.kind,
            "reference": message.reference,
            "priority": message.priority,
            "stage": message.stage,
            "recipient": message.recipient,
            "state": message.state,
            "attempts": [_attempt(attempt) for attempt in attempts[message.key]],
        }
        for message in messages
    ]


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": iso(attempt.began_utc_ms),
        "channel": attempt.channel,
        "outcome": attempt.outcome,
        "receipt": attempt.receipt,
        "why": attempt.why,
    }


def _settings(path: Path) -> tuple[ServerConfig, Settings]:
    config = load(path)
    try:
        settings = read(config.notify, path.parent)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if settings is None:
        raise ConfigurationError(f"{path} has no section [notify]: nobody is told of anything outside the console")
    return config, settings


def _standing_in(config: ServerConfig, utc_ms: int) -> dict[str, str]:
    with _registry(config) as registry:
        known = registry.duty.hand_overs(now_utc_ms=utc_ms)
    return {each.giver: each.taker for each in known if each.accepted_utc_ms is not None}


@contextmanager
def _registry(config: ServerConfig) -> Iterator[Registry]:
    """The server's registry; without one, an empty one that is kept nowhere."""
    registry = open_registry(config.registry if config.registry.exists() else "sqlite://")
    try:
        yield registry
    finally:
        registry.close()


def _record(config: ServerConfig, record: Dispatch) -> bool:
    if not config.registry.exists():
        return False
    try:
        registry = open_registry(config.registry)
        try:
            registry.outbox.save(record)
        finally:
            registry.close()
    except StoreError:
        return False
    return True
