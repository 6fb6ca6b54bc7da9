"""Which columns of a recorded file hold which metric: as the user says, or as their names say."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from vitals.codes import BY_LABEL, CODES, Metric
from vitals.errors import ConfigurationError
from vitals.recording import TIME, parse_columns

METRICS: Final[dict[str, Metric]] = {
    "spo2": Metric.SPO2,
    "pulse": Metric.PULSE_RATE,
    "pi": Metric.PERFUSION_INDEX,
} | {label: metric for label, metric in BY_LABEL.items() if not CODES[metric].waveform}
"""The metric of every role of ``--columns`` but the time."""

_TIMES: Final = ("time", "t", "times", "timems", "timestamp", "datetime", "seconds", "second", "minute", "minutes")
_NAMES: Final = {
    **{label.replace("_", ""): metric for label, metric in METRICS.items()},
    "hr": Metric.HEART_RATE,
    "pr": Metric.PULSE_RATE,
    "resp": Metric.RESPIRATORY_RATE,
}
_IN_BRACKETS: Final = re.compile(r"[\[(].*?[\])]")
_NUMBERED: Final = re.compile(r"(.*\S)[\s_.-]+(\d+)")


def said(text: str, header: Sequence[str]) -> dict[str, str]:
    """The column of every role named in ``--columns``, and that of the times.

    Raises:
        ConfigurationError: it cannot be read, names no metric or one twice, or there is no column of times.
    """
    columns = parse_columns(text, (TIME, *METRICS))
    roles = [role for role in columns if role != TIME]
    if not roles:
        raise ConfigurationError("--columns must name at least one metric, for example spo2=COLUMN")
    if len({METRICS[role] for role in roles}) < len(roles):
        raise ConfigurationError(f"--columns names one metric twice: {', '.join(roles)}")
    return {TIME: columns.get(TIME) or _time(header), **{role: columns[role] for role in roles}}


def guessed(header: Sequence[str], metrics: Collection[Metric]) -> tuple[dict[str, str], bool]:
    """The columns whose names say that they hold *metrics*, and whether others would have done as well.

    Of several numbered alike (``SpO2 1``, ``SpO2 2``) the first number is taken, for all metrics the same.

    Raises:
        ConfigurationError: there is no column of times or none of a metric.
    """
    found: dict[Metric, dict[str, str]] = {}
    for name in header:
        metric, number = _named(name)
        if metric is not None and metric in metrics:
            found.setdefault(metric, {}).setdefault(number, name)
    columns = {TIME: _time(header)}
    if not found:
        wanted = ", ".join(sorted(metric.label for metric in metrics))
        raise ConfigurationError(f"no column is named after {wanted}; name one: --columns spo2=NAME. {_there(header)}")
    first = next(iter(next(iter(found.values()))))
    for metric in sorted(found):
        numbers = found[metric]
        columns[_role(metric)] = numbers.get(first) or next(iter(numbers.values()))
    return columns, any(len(numbers) > 1 for numbers in found.values())


def metric_of(columns: Mapping[str, str]) -> dict[str, Metric]:
    """The metric of every role but the time, in the order in which the values of one moment act."""
    return {role: METRICS[role] for role in sorted(columns.keys() - {TIME}, key=lambda role: METRICS[role])}


def _role(metric: Metric) -> str:
    return next(role for role, of in METRICS.items() if of is metric)


def _named(name: str) -> tuple[Metric | None, str]:
    """The metric after which a column is named, and its number where it has one."""
    bare = _IN_BRACKETS.sub("", name).strip()
    numbered = _NUMBERED.fullmatch(bare)
    base, number = (numbered[1], numbered[2]) if numbered else (bare, "")
    return _NAMES.get(re.sub(r"[^a-z0-9]", "", base.lower())), number


def _time(header: Sequence[str]) -> str:
    for name in header:
        if re.sub(r"[^a-z]", "", _IN_BRACKETS.sub("", name).lower()) in _TIMES:
            return name
    raise ConfigurationError(f"no column is named after time; name it: --columns time=NAME,... {_there(header)}")


def _there(header: Sequence[str]) -> str:
    return f"There are {', '.join(name for name in header if name) or 'none'}"
