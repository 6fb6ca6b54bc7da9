"""``vitals decode``: what the bytes of a notification say."""

import json as json_module
import re
from typing import Any, Final

from vitals.cli.entry import Exit
from vitals.codes import CODES
from vitals.errors import DecodeError
from vitals.gatt import CHARACTERISTICS, decoded_json, read
from vitals.observation import Observation

_BASE_UUID: Final = re.compile(r"(?:0X)?(?:0000)?([0-9A-F]{4})(?:-0000-1000-8000-00805F9B34FB)?")
_SEPARATORS: Final = re.compile(r"(?<![0-9a-fA-F])0[xX]|[\s:,-]")


def decode(characteristic: str, payload: str, *, json: bool = False) -> int:
    """Say what a notification's bytes mean, field by field and as observations.

    Args:
        characteristic: its 16-bit name, for example 2A5F; 0x2A5F and the 128-bit form will do.
        payload: its value in hexadecimal; case, 0x, blanks and colons do not matter.
        json: print one JSON object.

    Raises:
        DecodeError: the characteristic is unknown or the payload cannot be read.
    """
    name = _name(characteristic)
    value = _octets(payload)
    decoded = decoded_json(name, value)
    if json:
        print(json_module.dumps(decoded))
    else:
        print("\n".join(_lines(name, decoded, read(name, value).observations)))
    return Exit.DONE


def _name(characteristic: str) -> str:
    short = _BASE_UUID.fullmatch(characteristic.strip().upper())
    return short[1] if short else characteristic.strip()


def _octets(payload: str) -> bytes:
    digits = _SEPARATORS.sub("", payload)
    try:
        return bytes.fromhex(digits)
    except ValueError:
        pass
    odd = "an odd number of hexadecimal digits" if len(digits) % 2 else "something else than hexadecimal digits"
    raise DecodeError(f"payload {payload!r} has {odd}; write it as 00ff073d00")


def _lines(name: str, decoded: dict[str, Any], observations: tuple[Observation, ...]) -> list[str]:
    missing, malformed = decoded["missing"], decoded["malformed"]
    fields = [
        f"{field} {missing.get(field, '--' if value is None else value)}"
        for field, value in decoded.items()
        if field not in {"characteristic", "missing", "malformed"}
    ]
    lines = [f"{name} {CHARACTERISTICS[name].name}: {', '.join(fields)}"]
    if observations:
        lines.append("observed: " + ", ".join(_observed(item) for item in observations))
    if malformed:
        lines.append(f"malformed: {malformed} trailing byte{'s' if malformed > 1 else ''} dropped")
    return lines


def _observed(item: Observation) -> str:
    label = item.metric.label
    if item.value is None:
        return f"{label} missing ({item.missing.label})"
    return f"{label} {item.value:g} {CODES[item.metric].ucum} ({item.validity.name.lower()})"
