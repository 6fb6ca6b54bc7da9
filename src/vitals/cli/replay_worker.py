"""The process behind the console's replay page: ``python -m vitals.cli.replay_worker --config server.toml``.

It reads one question as JSON on its standard input and answers in lines of JSON: ``progress`` now and then, at last
``answer`` or ``refused``. It gives way to everything else on the machine, and to the server above all.
"""

import base64
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from vitals.alarms import profile as profiles
from vitals.alarms.profile import Profile
from vitals.cli.replaying import beyond, episodes_of
from vitals.clock import SystemClock
from vitals.codes import BY_LABEL, CODES
from vitals.collector.profiles import in_force
from vitals.errors import ConfigurationError, VitalsError
from vitals.registry import Patient
from vitals.retrospect.form import Form, described, form_of, lacking, profile_of
from vitals.retrospect.house import opened
from vitals.retrospect.look import Findings, House, Proposal, look_back
from vitals.retrospect.period import at, period
from vitals.retrospect.telling import tell

_NICE: Final = 10
_TOLD_MS: Final = 300
_LOCAL: Final = "%Y-%m-%dT%H:%M"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person asks: the limits of a patient, or a replay under those of a form or a pasted *profile*."""

    do: Literal["limits", "replay"]
    patient: str
    begins: str = ""
    ends: str = ""
    form: Form | None = None
    profile: Annotated[str, Meta(max_length=65_536)] = ""


def main(words: list[str]) -> int:
    """Answer one question."""
    os.nice(_NICE)
    _, config = words
    try:
        asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
        with opened(Path(config)) as house:
            patient = house.history.patient(asked.patient)
            answer = _limits(house, patient) if asked.do == "limits" else _replay(house, patient, asked)
    except msgspec.DecodeError as error:
        _say("refused", f"this cannot be asked: {error}")
    except VitalsError as error:
        _say("refused", str(error))
    else:
        _say("answer", answer)
    return 0


def _say(what: str, said: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    print(json.dumps({what: said}), flush=True)


def _limits(house: House, patient: Patient) -> dict[str, Any]:
    """The limits in force for a patient now, as the form has them, and the last day at the patient's site."""
    plans = house.history.plans(patient.id)
    plan = next((each.plan for each in reversed(plans) if each.until_utc_ms is None), None)
    profile, refused = in_force(plan, house.profile)
    form = form_of(profile)
    notes = [refused] if refused else []
    if lacking(profile, form):
        notes.append("these limits say more than the form can show: paste the profile instead")
    zone, now_ms = ZoneInfo(patient.time_zone), SystemClock().utc_ms()
    return {
        "patient": patient.id,
        "zone": patient.time_zone,
        "begins": at(now_ms - 86_400_000, zone).strftime(_LOCAL),
        "ends": at(now_ms, zone).strftime(_LOCAL),
        "form": msgspec.to_builtins(form),
        "metrics": msgspec.to_builtins(described()),
        "notes": notes,
    }


def _replay(house: House, patient: Patient, asked: Question) -> dict[str, Any]:
    within = period(asked.begins or None, asked.ends or None, patient.time_zone, SystemClock().utc_ms())
    found = look_back(house, patient, within, Proposal(_proposed(asked)), _Progress())
    told = tell(found)
    return {"told": told, "rows": _rows(told, found), "picture": _picture(found), "name": found.name}


def _proposed(asked: Question) -> Profile:
    if asked.profile:
        return profiles.parse(asked.profile)
    if asked.form is None:
        raise ConfigurationError("no limits are proposed: fill in the form or paste a profile")
    return profile_of(asked.form)


def _rows(told: dict[str, Any], found: Findings) -> list[dict[str, Any]]:
    """The table beside the picture, ready to be shown: moments are of the site's clock."""
    zone = ZoneInfo(found.patient.time_zone)
    rows = []
    for where, each, later in episodes_of(told):
        code = CODES[BY_LABEL[each["metric"]]]
        alarm_ms = found.period.from_ms + round(each["alarm_at"] * 1000)
        rows.append(
            {
                "where": where,
                "what": f"{code.display} {beyond(each)} {code.ucum}",
                "priority": each["priority"],
                "worst": each["worst"],
                "alarm": at(alarm_ms, zone).strftime("%Y-%m-%d %H:%M:%S"),
                "lasts_s": None if each["end"] is None else round(each["end"] - each["alarm_at"], 1),
                "later": later,
            }
        )
    return rows


def _picture(found: Findings) -> str | None:
    """The picture as SVG in base 64; None where what draws it is not installed."""
    try:
        from vitals.retrospect.picture import paint  # noqa: PLC0415 - matplotlib is an extra
    except ModuleNotFoundError:
        return None
    return base64.b64encode(paint(found, "svg")).decode("ascii")


class _Progress:
    def __init__(self) -> None:
        self._clock = SystemClock()
        self._told_ms = 0

    def __call__(self, share: float) -> None:
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._told_ms >= _TOLD_MS:
            self._told_ms = now_ms
            _say("progress", round(share, 3))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
