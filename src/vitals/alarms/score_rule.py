"""Which scores a profile prescribes: the ``[scores]`` table of its file.

Only the shape is judged here: what a score is called and consists of is ``vitals.scores``'s to say.
"""

import math
import re
from typing import Any, Final, NoReturn

import msgspec

from vitals.alarms.limits import Priority
from vitals.errors import ConfigurationError

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_PRIORITIES: Final = {priority.label: priority for priority in Priority}
_SCALES: Final = (1, 2)


class ScoreRule(msgspec.Struct, frozen=True, kw_only=True):
    """One score that is to alarm.

    *priorities* are by response, over the defaults. A streamed value counts with its median over *window_s* seconds.
    Once nothing is triggered any more, it ends after *clear_s* seconds.
    """

    spo2_scale: int = 1
    priorities: dict[str, Priority] = {}
    window_s: float = 60.0
    clear_s: float = 300.0

    def scaled(self, scale: float) -> "ScoreRule":
        """The same rule with its times multiplied by *scale*."""
        return msgspec.structs.replace(self, window_s=self.window_s * scale, clear_s=self.clear_s * scale)


def parse_scores(value: object) -> dict[str, ScoreRule | None]:
    """The rules by name of the score; None where one is prescribed off (``news2 = false``).

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    if not isinstance(value, dict):
        _refuse("scores", "must be a table")
    return {name: _rule(name, written) for name, written in value.items()}


def over(base: dict[str, ScoreRule], prescribed: dict[str, ScoreRule | None]) -> dict[str, ScoreRule]:
    """What holds where *prescribed* is for one patient, over *base*."""
    return {name: rule for name, rule in {**base, **prescribed}.items() if rule is not None}


def _rule(name: str, written: object) -> ScoreRule | None:
    where = f"scores.{name}"
    if not _NAME.fullmatch(name):
        _refuse(where, "is no name of a score: lower-case letters, digits and _ after a letter")
    if written is False:
        return None
    if not isinstance(written, dict):
        _refuse(where, f"must be a table, {{}} or false, not {written!r}")
    given: dict[str, Any] = dict(written)
    scale = given.pop("spo2_scale", 1)
    if scale not in _SCALES or isinstance(scale, bool):
        _refuse(f"{where}.spo2_scale", f"is 1 or, as prescribed for the patient, 2; not {scale!r}")
    rule = ScoreRule(
        spo2_scale=scale,
        priorities=_priorities(given.pop("priorities", {}), f"{where}.priorities"),
        window_s=_seconds(given.pop("window_s", 60), f"{where}.window_s"),
        clear_s=_seconds(given.pop("clear_s", 300), f"{where}.clear_s"),
    )
    if given:
        _refuse(f"{where}.{next(iter(given))}", "is no key of a score")
    return rule


def _priorities(value: object, where: str) -> dict[str, Priority]:
    if not isinstance(value, dict):
        _refuse(where, "must be a table of responses")
    for response, priority in value.items():
        if not isinstance(priority, str) or priority not in _PRIORITIES:
            _refuse(f"{where}.{response}", f"{priority!r} is not high, medium or low")
    return {response: _PRIORITIES[priority] for response, priority in value.items()}


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        _refuse(where, f"{value!r} is no number of at least 0")
    return float(value)


def _refuse(where: str, why: str) -> NoReturn:
    raise ConfigurationError(f"profile: {where} {why}")
