"""Escalation: who is to be told next of an alarm that nobody has acknowledged, and when.

A *chain* belongs to one episode. It climbs its stages on plain timers and repeats the last one; only an
acknowledgement stops it (S2, S8), or that nothing is left to acknowledge. A stage that reached nobody, because it has
nobody or because every channel of theirs failed, gives way to the next one at once. Deadlines are absolute
milliseconds of a timeline that goes on over restarts, and a chain is a value: stored and taken up again, it goes on
where it was.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from vitals.alarms.limits import Priority


class Stage(msgspec.Struct, frozen=True):
    """Whom to tell (*to*: ``owner``, ``team`` or a duty by name), *after_s* seconds after the alarm was raised."""

    to: str
    after_s: float


class Plan(msgspec.Struct, frozen=True):
    """The stages of one priority in order of time, and how often the last one is repeated; none: nobody is told."""

    stages: tuple[Stage, ...] = ()
    repeat_s: float = 120.0

    def scaled(self, scale: float) -> "Plan":
        """The same stages with every delay multiplied by *scale*."""
        stages = tuple(Stage(stage.to, stage.after_s * scale) for stage in self.stages)
        return Plan(stages, self.repeat_s * scale)


Plans = Mapping[Priority, Plan]

DEFAULT_PLANS: Final[dict[Priority, Plan]] = {
    Priority.HIGH: Plan((Stage("owner", 0), Stage("team", 30), Stage("charge_nurse", 60), Stage("phone", 120))),
    Priority.MEDIUM: Plan((Stage("owner", 0), Stage("team", 120), Stage("charge_nurse", 300))),
    Priority.LOW: Plan(),
}
"""The default numbers of the safety requirements. A low priority is seen on the screens and tells nobody."""


class Phase(StrEnum):
    """Where a chain stands."""

    OVER = "over"
    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"


class Signal(StrEnum):
    """What happened."""

    RAISED = "raised"
    WORSENED = "worsened"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    AUDIO_PAUSED = "audio_paused"
    HANDED_OVER = "handed_over"
    OWNER_LEFT = "owner_left"
    REACHED = "reached"
    UNREACHED = "unreached"
    TICK = "tick"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What the chain does about it."""

    NOTHING = "nothing"
    BEGIN = "begin"
    CLIMB = "climb"
    SKIP = "skip"
    STOP = "stop"
    ADOPT = "adopt"


class Row(msgspec.Struct, frozen=True):
    """One cell of the table."""

    phase: Phase
    act: Act = Act.NOTHING


TRANSITIONS: Final[dict[tuple[Phase, Signal], Row]] = {
    # No chain, or one that is over. An ended high that nobody acknowledged is told of, too (S14).
    (Phase.OVER, Signal.RAISED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.OVER, Signal.WORSENED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.OVER, Signal.ENDED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.OVER, Signal.ACKNOWLEDGED): Row(Phase.OVER),
    (Phase.OVER, Signal.AUDIO_PAUSED): Row(Phase.OVER),
    (Phase.OVER, Signal.HANDED_OVER): Row(Phase.OVER),
    (Phase.OVER, Signal.OWNER_LEFT): Row(Phase.OVER),
    (Phase.OVER, Signal.REACHED): Row(Phase.OVER),
    (Phase.OVER, Signal.UNREACHED): Row(Phase.OVER),
    (Phase.OVER, Signal.TICK): Row(Phase.OVER),
    (Phase.OVER, Signal.RESOLVED): Row(Phase.OVER),
    (Phase.OVER, Signal.WITHDRAWN): Row(Phase.OVER),
    # Nobody has acknowledged: it climbs. That a message was delivered, or the sound paused, stops nothing (S2, S19).
    (Phase.RUNNING, Signal.RAISED): Row(Phase.RUNNING),
    (Phase.RUNNING, Signal.WORSENED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.RUNNING, Signal.ENDED): Row(Phase.RUNNING),
    (Phase.RUNNING, Signal.ACKNOWLEDGED): Row(Phase.ACKNOWLEDGED, Act.STOP),
    (Phase.RUNNING, Signal.AUDIO_PAUSED): Row(Phase.RUNNING),
    (Phase.RUNNING, Signal.HANDED_OVER): Row(Phase.RUNNING),
    (Phase.RUNNING, Signal.OWNER_LEFT): Row(Phase.RUNNING, Act.SKIP),
    (Phase.RUNNING, Signal.REACHED): Row(Phase.RUNNING),
    (Phase.RUNNING, Signal.UNREACHED): Row(Phase.RUNNING, Act.SKIP),
    (Phase.RUNNING, Signal.TICK): Row(Phase.RUNNING, Act.CLIMB),
    (Phase.RUNNING, Signal.RESOLVED): Row(Phase.OVER, Act.STOP),
    (Phase.RUNNING, Signal.WITHDRAWN): Row(Phase.OVER, Act.STOP),
    # Somebody has taken it on, until it is worse, comes again, or its owner leaves without a hand-over (S8).
    (Phase.ACKNOWLEDGED, Signal.RAISED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.ACKNOWLEDGED, Signal.WORSENED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.ACKNOWLEDGED, Signal.ENDED): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.ACKNOWLEDGED, Signal.ACKNOWLEDGED): Row(Phase.ACKNOWLEDGED, Act.ADOPT),
    (Phase.ACKNOWLEDGED, Signal.AUDIO_PAUSED): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.HANDED_OVER): Row(Phase.ACKNOWLEDGED, Act.ADOPT),
    (Phase.ACKNOWLEDGED, Signal.OWNER_LEFT): Row(Phase.RUNNING, Act.BEGIN),
    (Phase.ACKNOWLEDGED, Signal.REACHED): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.UNREACHED): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.TICK): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.RESOLVED): Row(Phase.OVER, Act.STOP),
    (Phase.ACKNOWLEDGED, Signal.WITHDRAWN): Row(Phase.OVER, Act.STOP),
}


class Chain(msgspec.Struct, frozen=True):
    """The escalation of one episode as it stands.

    *due_ms* is when stage *next* is to be told, None where nobody is. *pages* counts what was asked for so far,
    *paged* is the stage of the newest of them. *falling*: the last stage reached nobody, so the ones before it are
    tried, downwards. *owner* is who acknowledged.
    """

    phase: Phase = Phase.OVER
    episode: str = ""
    version: int = 0
    priority: Priority = Priority.LOW
    started_ms: int = 0
    next: int = 0
    due_ms: int | None = None
    pages: int = 0
    paged: int = 0
    falling: bool = False
    owner: str = ""


IDLE: Final = Chain()
"""No chain."""


class Event(msgspec.Struct, frozen=True):
    """A signal and what it carries.

    *since_ms* is when the alarm was raised, where that is not now: stages that are overdue are told at once. *page* is
    the number of the page that reached somebody or nobody. *owner* is who acknowledged, took over or left.
    """

    signal: Signal
    episode: str = ""
    version: int = 0
    priority: Priority = Priority.LOW
    since_ms: int | None = None
    page: int = 0
    owner: str = ""


class Page(msgspec.Struct, frozen=True):
    """Tell *to* of *episode*. *number* counts the pages of the episode: together they name this page for good."""

    episode: str
    number: int
    stage: int
    to: str
    priority: Priority


def step(chain: Chain, event: Event, at_ms: int, *, plans: Plans) -> tuple[Chain, tuple[Page, ...]]:
    """The chain after *event*, and whom to tell now; an event that changes nothing returns *chain* itself."""
    row = TRANSITIONS[chain.phase, event.signal]
    if row.act is Act.NOTHING:
        return _seen(chain, event), ()
    if row.act in {Act.STOP, Act.ADOPT}:
        return _stopped(chain, row.phase, event), ()
    if row.act is Act.BEGIN:
        chain = _begun(chain, event, at_ms, plans)
    elif row.act is Act.SKIP:
        chain = _skipped(chain, event, at_ms, plans)
    return _climbed(chain, at_ms, plans)


def _seen(chain: Chain, event: Event) -> Chain:
    """A newer version of the same episode that changes nothing here."""
    if chain.phase is Phase.OVER or event.version <= chain.version:
        return chain
    return msgspec.structs.replace(chain, version=event.version)


def _stopped(chain: Chain, phase: Phase, event: Event) -> Chain:
    version = max(chain.version, event.version)
    after = msgspec.structs.replace(
        chain, phase=phase, due_ms=None, falling=False, version=version, owner=event.owner or chain.owner
    )
    return chain if after == chain else after


def _begun(chain: Chain, event: Event, at_ms: int, plans: Plans) -> Chain:
    """From the first stage on, at the highest priority reached; the pages go on being counted.

    Whoever was told already of an alarm that is worse now is told so at once, and the stages after them go on from
    there: what was climbed is not climbed again.
    """
    priority = max(chain.priority, event.priority)
    stages = plans[priority].stages
    started_ms = at_ms if event.since_ms is None else min(at_ms, event.since_ms)
    if chain.phase is Phase.RUNNING and stages:
        started_ms = at_ms - _ms(stages[min(chain.paged, len(stages) - 1)].after_s)
    return Chain(
        phase=Phase.RUNNING,
        episode=chain.episode or event.episode,
        version=max(chain.version, event.version),
        priority=priority,
        started_ms=started_ms,
        due_ms=_after(stages[0], started_ms) if stages else None,
        pages=chain.pages,
    )


def _climbed(chain: Chain, at_ms: int, plans: Plans) -> tuple[Chain, tuple[Page, ...]]:
    """Everything that is due. After a long absence each stage is told once, not once for every repetition missed."""
    plan = plans[chain.priority]
    pages: list[Page] = []
    while plan.stages and chain.due_ms is not None and chain.due_ms <= at_ms:
        stage = min(chain.next, len(plan.stages) - 1)  # the plan may have had more stages before a restart
        chain = _told(chain, stage, at_ms, plan)
        pages.append(Page(chain.episode, chain.pages, stage, plan.stages[stage].to, chain.priority))
    return chain, tuple(pages)


def _told(chain: Chain, stage: int, at_ms: int, plan: Plan) -> Chain:
    last = len(plan.stages) - 1
    climbing = stage < last and not chain.falling
    due_ms = _after(plan.stages[stage + 1], chain.started_ms) if climbing else at_ms + _ms(plan.repeat_s)
    return msgspec.structs.replace(
        chain,
        next=stage + 1 if climbing else last,
        due_ms=due_ms,
        pages=chain.pages + 1,
        paged=stage,
        falling=chain.falling and stage < last,
    )


def _skipped(chain: Chain, event: Event, at_ms: int, plans: Plans) -> Chain:
    """The newest page reached nobody: the next stage is due now; after the last one, the one before it."""
    last = len(plans[chain.priority].stages) - 1
    if event.page and event.page != chain.pages:
        return chain
    if chain.paged < last and not chain.falling:
        return msgspec.structs.replace(chain, due_ms=at_ms)
    if chain.paged > 0 and event.signal is Signal.UNREACHED:
        return msgspec.structs.replace(chain, falling=True, next=chain.paged - 1, due_ms=at_ms)
    return msgspec.structs.replace(chain, falling=False)


def _after(stage: Stage, started_ms: int) -> int:
    return started_ms + _ms(stage.after_s)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
