"""Watching a path from elsewhere (S4): when a failure is one, what is told of it, and when it is over.

Values in, values out: looking, sending and the clock are the caller's. A page stays due until some channel took it.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Phase(StrEnum):
    """How the path is, as far as this end knows."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    FAILED = "failed"


class Page(StrEnum):
    """What is to be told."""

    STARTED = "started"
    FAILURE = "failure"
    RECOVERY = "recovery"
    SIGN_OF_LIFE = "sign_of_life"


class Look(msgspec.Struct, frozen=True):
    """One look at the path, and what was seen, for a person."""

    healthy: bool
    saw: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds. A failure is told *after_ms* without a healthy look; again every *repeat_ms* while it lasts.

    A sign of life is told every *life_ms* while all is well: its absence says that nobody watches. 0: never.
    """

    after_ms: int
    repeat_ms: int = 600_000
    life_ms: int = 86_400_000


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is known. *healthy_ms*: the last healthy look, or the beginning. *due*: a page that nobody took yet."""

    phase: Phase = Phase.HEALTHY
    healthy_ms: int
    failed_ms: int = 0
    told_ms: int
    due: Page | None = None
    saw: str = ""


TRANSITIONS: Final[dict[tuple[Phase, bool], tuple[Phase, Page | None]]] = {
    (Phase.HEALTHY, True): (Phase.HEALTHY, None),
    (Phase.HEALTHY, False): (Phase.SUSPECT, None),
    (Phase.SUSPECT, True): (Phase.HEALTHY, None),
    (Phase.SUSPECT, False): (Phase.FAILED, Page.FAILURE),  # once it has lasted
    (Phase.FAILED, True): (Phase.HEALTHY, Page.RECOVERY),
    (Phase.FAILED, False): (Phase.FAILED, None),
}
"""Phase and whether a look was healthy, to the next phase and what is told."""


def begun(at_ms: int, *, life: bool = True) -> Watch:
    """A watch that begins: nobody knows yet, and whoever is to be paged is told that it has begun."""
    return Watch(healthy_ms=at_ms, told_ms=at_ms, due=Page.STARTED if life else None)


def step(watch: Watch, look: Look, at_ms: int, rules: Rules) -> Watch:
    """The watch after *look*."""
    phase, page = TRANSITIONS[watch.phase, look.healthy]
    if phase is Phase.FAILED and watch.phase is Phase.SUSPECT and at_ms - watch.healthy_ms < rules.after_ms:
        phase, page = Phase.SUSPECT, None
    return msgspec.structs.replace(
        watch,
        phase=phase,
        healthy_ms=at_ms if look.healthy else watch.healthy_ms,
        failed_ms=watch.healthy_ms if page is Page.FAILURE else watch.failed_ms,
        due=page or watch.due or _periodic(phase, at_ms - watch.told_ms, rules),
        saw=look.saw,
    )


def told(watch: Watch, at_ms: int) -> Watch:
    """The watch after some channel took what was due."""
    return msgspec.structs.replace(watch, due=None, told_ms=at_ms)


def _periodic(phase: Phase, since_ms: int, rules: Rules) -> Page | None:
    if phase is Phase.FAILED and 0 < rules.repeat_ms <= since_ms:
        return Page.FAILURE
    if phase is Phase.HEALTHY and 0 < rules.life_ms <= since_ms:
        return Page.SIGN_OF_LIFE
    return None


def text(watch: Watch, place: str, at_ms: int) -> str:
    """What the page that is due says of the path at *place*."""
    match watch.due:
        case Page.FAILURE:
            return (
                f"Path failure: {place}: {watch.saw}; not healthy for {_length(at_ms - watch.healthy_ms)}. "
                "Alarms may be neither raised nor heard nor sent: look after the patients."
            )
        case Page.RECOVERY:
            return f"Path healthy again: {place}: {watch.saw}; it was not for {_length(at_ms - watch.failed_ms)}."
        case Page.STARTED:
            return f"The watchdog has begun to watch {place}: {watch.saw}."
        case _:
            return f"The watchdog watches {place}: {watch.saw}. This comes every day; look after it when it does not."


def _length(ms: int) -> str:
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
