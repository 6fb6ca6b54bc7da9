"""``vitals score``: an early-warning score from observations given by hand."""

import json as json_module
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import cyclopts
import msgspec

from vitals.cli.entry import Exit
from vitals.codes import CODES
from vitals.errors import ConfigurationError
from vitals.scores import configured, news2, qsofa
from vitals.scores.findings import CHOICES, CONSCIOUSNESS, OXYGEN, QUANTITIES, Finding, Oxygen, entered
from vitals.scores.scoring import Part, Score
from vitals.scores.scoring import score as evaluate
from vitals.scores.table import Table

_BREATHES: Final = {True: Oxygen.OXYGEN, False: Oxygen.AIR}


class _Aged(msgspec.Struct, forbid_unknown_fields=True):
    """An observation of a file that says how old it is."""

    value: float | str
    age_s: float = 0.0


@cyclopts.Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Given:
    """What was observed.

    Args:
        respiratory_rate: /min.
        spo2: %.
        oxygen: whether the patient breathes supplemental oxygen (--oxygen) or room air (--air).
        systolic: systolic blood pressure, mm[Hg].
        pulse: /min.
        consciousness: A alert, C new confusion, V voice, P pain, U unresponsive.
        temperature: degrees Celsius.
    """

    respiratory_rate: float | None = None
    spo2: float | None = None
    oxygen: Annotated[bool | None, cyclopts.Parameter(negative="--air")] = None
    systolic: float | None = None
    pulse: float | None = None
    consciousness: str | None = None
    temperature: float | None = None


def score(
    file: Path | None = None,
    *,
    given: Given | None = None,
    scale: int | None = None,
    score: Literal["news2", "qsofa"] | None = None,
    table: Path | None = None,
    json: bool = False,
) -> int:
    """Score observations: NEWS2 unless told otherwise. It supports clinical judgement and never replaces it.

    Args:
        file: JSON object of observations by parameter: {"spo2": 93, "consciousness": {"value": "A", "age_s": 600}}.
        given: what was observed; an option replaces what the file says.
        scale: SpO2 scale of NEWS2: 1, or 2 where it is prescribed for the patient.
        score: which score.
        table: TOML file with a table of your own (docs/scores.md), instead of a score.
        json: print one JSON object.

    Raises:
        ConfigurationError: something given cannot be used.
    """
    rules = _table(score, scale, table)
    result = evaluate(rules, _findings(rules, file, given or Given()), 0)
    print(json_module.dumps(_object(result)) if json else "\n".join(_lines(rules, result)))
    return Exit.DONE


def _table(name: str | None, scale: int | None, path: Path | None) -> Table:
    if path is not None:
        if name is not None or scale is not None:
            raise ConfigurationError("--table stands alone: leave out --score and --scale")
        return configured.parse(_text(path))
    if name == "qsofa":
        if scale is not None:
            raise ConfigurationError("qSOFA has no SpO2: leave out --scale")
        return qsofa.TABLE
    return news2.table(1 if scale is None else scale)


def _findings(table: Table, file: Path | None, given: Given) -> list[Finding]:
    observed = {} if file is None else _read(file)
    for field in fields(given):
        value = getattr(given, field.name)
        if value is not None:
            observed[field.name] = _Aged(_typed(field.name, value))
    findings = [_finding(table, name, one) for name, one in observed.items()]
    if not findings:
        raise ConfigurationError("nothing to score: give observations as options, or a file of them")
    return findings


def _typed(name: str, value: Any) -> float | str:  # noqa: ANN401 - whatever the options hold
    if name == OXYGEN:
        return _BREATHES[value]
    typed: float | str = value.upper() if name == CONSCIOUSNESS else value
    return typed


def _finding(table: Table, name: str, observed: _Aged) -> Finding:
    known = {*QUANTITIES, *CHOICES, *(row.parameter for row in table.rows)}
    if name not in known:
        raise ConfigurationError(f"{name!r} is no parameter; known are {', '.join(sorted(known))}")
    if not observed.age_s >= 0:
        raise ConfigurationError(f"{name}: its age of {observed.age_s:g} s is below 0")
    finding = entered(name, observed.value, round(-1000 * min(observed.age_s, 1e12)))
    if finding.lack and name in CHOICES:
        raise ConfigurationError(f"{name} {observed.value!r} is none of {', '.join(CHOICES[name])}")
    if finding.lack and name in QUANTITIES:
        code = CODES[QUANTITIES[name]]
        raise ConfigurationError(
            f"{name} {observed.value!r} is no number from {code.low:g} to {code.high:g} {code.ucum}"
        )
    return finding


def _read(file: Path) -> dict[str, _Aged]:
    try:
        tree = msgspec.json.decode(_text(file), type=dict[str, float | str | _Aged])
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return {name: one if isinstance(one, _Aged) else _Aged(one) for name, one in tree.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8 text") from None


def _object(result: Score) -> dict[str, Any]:
    response = result.response
    return {
        "score": result.name,
        "scale": result.scale,
        "total": result.total,
        "at_least": result.at_least,
        "at_most": result.at_most,
        "partial": result.partial,
        "trigger": result.trigger,
        "response": None if response is None else {"name": response.name, "action": response.action},
        "parts": {
            part.parameter: {"value": part.value, "points": part.points, "at_most": part.most, "age_s": part.age_s}
            for part in result.parts
        },
        "missing": {lack.parameter: lack.reason for lack in result.missing},
    }


def _lines(table: Table, result: Score) -> list[str]:
    name = result.name if result.scale is None else f"{result.name} (SpO2 scale {result.scale})"
    lines = [f"{name}: {_verdict(result)}", *(f"  {_counted(part)}" for part in result.parts)]
    lines += [f"  {lack.parameter} MISSING ({lack.reason.replace('_', ' ')})" for lack in result.missing]
    return [*lines, f"Table: {table.source}.", "It supports clinical judgement and never replaces it."]


def _verdict(result: Score) -> str:
    if result.response is not None:
        amount = f"at least {result.total}, PARTIAL" if result.at_least else str(result.total)
        return f"{amount}: {result.response.name.replace('_', ' ')}; {result.response.action}"
    total = "--" if result.total is None else f"{result.total} so far"
    return f"{total}, PARTIAL, up to {result.at_most}: response unknown"


def _counted(part: Part) -> str:
    value = part.value if isinstance(part.value, str) else f"{part.value:g}"
    points = str(part.points) if part.most == part.points else f"{part.points} to {part.most}"
    return " ".join(f"{part.parameter} {value} {part.unit}".split()) + f": {points}"
