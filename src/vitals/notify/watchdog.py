"""Watching a path from elsewhere (S4): when a failure is one, what is told of it, and when it is over.

Values in, values out: looking, sending and the clock are the caller's. A page stays due until some channel took it.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Phase(StrEnum):
    """How the path is, as far as this end knows; *recovering*: told of as failed, and healthy for a while."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    FAILED = "failed"
    RECOVERING = "recovering"


class Page(StrEnum):
    """What is to be told."""

    STARTED = "started"
    FAILURE = "failure"
    RECOVERY = "recovery"
    SIGN_OF_LIFE = "sign_of_life"


class Look(msgspec.Struct, frozen=True):
    """One look at the path, and what was seen, for a person. *broken_ms*: for how long it says that it is not whole."""

    healthy: bool
    saw: str
    broken_ms: int = 0


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds. A failure is told *after_ms* after its beginning; again every *repeat_ms* while it lasts.

    It began with the last healthy look, or earlier where the path itself says so. It is over once every look has been
    healthy for *steady_ms*, and for twice as long, up to *repeat_ms*, each time that it comes back within *repeat_ms*
    of its end: a path that flaps is one failure, not a page every minute. A sign of life is told every *life_ms* while
    all is well: its absence says that nobody watches. 0: never.
    """

    after_ms: int
    steady_ms: int = 0
    repeat_ms: int = 600_000
    life_ms: int = 86_400_000


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is known. *healthy_ms*: the last healthy look, or the beginning. *due*: a page that nobody took yet.

    *well_ms*: since when every look was healthy. *over_ms*: when the last failure ended. *steady_ms* as in the rules.
    """

    phase: Phase = Phase.HEALTHY
    healthy_ms: int
    failed_ms: int = 0
    told_ms: int
    well_ms: int = 0
    over_ms: int | None = None
    steady_ms: int = 0
    due: Page | None = None
    saw: str = ""


TRANSITIONS: Final[dict[tuple[Phase, bool], tuple[Phase, Page | None]]] = {
    (Phase.HEALTHY, True): (Phase.HEALTHY, None),
    (Phase.HEALTHY, False): (Phase.SUSPECT, None),
    (Phase.SUSPECT, True): (Phase.HEALTHY, None),
    (Phase.SUSPECT, False): (Phase.FAILED, Page.FAILURE),  # once it has lasted
    (Phase.FAILED, True): (Phase.RECOVERING, None),
    (Phase.FAILED, False): (Phase.FAILED, None),
    (Phase.RECOVERING, True): (Phase.HEALTHY, Page.RECOVERY),  # once it has lasted
    (Phase.RECOVERING, False): (Phase.FAILED, None),
}
"""Phase and whether a look was healthy, to the next phase and what is told."""


def begun(at_ms: int, *, life: bool = True) -> Watch:
    """A watch that begins: nobody knows yet, and whoever is to be paged is told that it has begun."""
    return Watch(healthy_ms=at_ms, told_ms=at_ms, due=Page.STARTED if life else None)


def step(watch: Watch, look: Look, at_ms: int, rules: Rules) -> Watch:
    """The watch after *look*."""
    began_ms = min(watch.healthy_ms, at_ms - look.broken_ms)
    if not look.healthy and watch.phase is Phase.HEALTHY and at_ms - began_ms >= rules.after_ms:
        watch = msgspec.structs.replace(watch, phase=Phase.SUSPECT)  # the path itself says that it has lasted
    if look.healthy and watch.phase is Phase.FAILED:
        watch = msgspec.structs.replace(watch, phase=Phase.RECOVERING, well_ms=at_ms)
    phase, page = TRANSITIONS[watch.phase, look.healthy]
    if page is Page.FAILURE and at_ms - began_ms < rules.after_ms:
        phase, page = Phase.SUSPECT, None
    if page is Page.RECOVERY and at_ms - watch.well_ms < watch.steady_ms:
        phase, page = Phase.RECOVERING, None
    failure, recovery = page is Page.FAILURE, page is Page.RECOVERY
    return msgspec.structs.replace(
        watch,
        phase=phase,
        healthy_ms=at_ms if look.healthy else watch.healthy_ms,
        failed_ms=began_ms if failure else watch.failed_ms,
        over_ms=at_ms if recovery else watch.over_ms,
        steady_ms=_steady(watch, at_ms, rules) if failure else watch.steady_ms,
        due=page or watch.due or _periodic(phase, at_ms - watch.told_ms, rules),
        saw=look.saw,
    )


def _steady(watch: Watch, at_ms: int, rules: Rules) -> int:
    """For how long it must be healthy to count as over: longer for one that comes back."""
    again = watch.over_ms is not None and at_ms - watch.over_ms < rules.repeat_ms
    return min(2 * watch.steady_ms, max(rules.repeat_ms, rules.steady_ms)) if again else rules.steady_ms


def told(watch: Watch, at_ms: int) -> Watch:
    """The watch after some channel took what was due."""
    return msgspec.structs.replace(watch, due=None, told_ms=at_ms)


def _periodic(phase: Phase, since_ms: int, rules: Rules) -> Page | None:
    if phase in {Phase.FAILED, Phase.RECOVERING} and 0 < rules.repeat_ms <= since_ms:
        return Page.FAILURE
    if phase is Phase.HEALTHY and 0 < rules.life_ms <= since_ms:
        return Page.SIGN_OF_LIFE
    return None


def text(watch: Watch, place: str, at_ms: int) -> str:
    """What the page that is due says of the path at *place*."""
    match watch.due:
        case Page.FAILURE:
            return (
                f"Path failure: {place}: {watch.saw}; not healthy for {_length(at_ms - watch.failed_ms)}. "
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
