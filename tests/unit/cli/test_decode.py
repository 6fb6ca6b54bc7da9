"""``vitals decode`` as a technician types it."""

import json

import cyclopts
import pytest

from vitals.cli.decode import decode
from vitals.cli.entry import Exit, run

EXAMPLE = '{"characteristic": "2A5F", "spo2": null, "pr": 61, "missing": {"spo2": "nan"}, "malformed": 0}\n'


def vitals(*tokens: str) -> int:
    app = cyclopts.App(name="vitals")
    app.command(decode)
    return run(app, ["decode", *tokens])


@pytest.mark.parametrize(
    ("characteristic", "payload"),
    [
        ("2A5F", "00ff073d00"),
        ("2a5f", "00FF073D00"),
        ("0x2A5F", "0x00ff073d00"),
        ("00002a5f-0000-1000-8000-00805f9b34fb", "00 ff 07 3d 00"),
        (" 2A5F", "00:FF:07:3D:00"),
        ("2A5F", "0x00 0xff 0x07 0x3d 0x00"),
        ("2A5F", "00-FF-07-3D-00"),
    ],
)
def test_json(characteristic: str, payload: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert vitals(characteristic, payload, "--json") == Exit.DONE
    assert capsys.readouterr().out == EXAMPLE


def test_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert vitals("2A5F", "00ff073d0000") == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "2A5F PLX Continuous Measurement: spo2 nan, pr 61",
        "observed: spo2 missing (nan), pulse_rate 61 /min (valid)",
        "malformed: 1 trailing byte dropped",
    ]


def test_a_string_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert vitals("2A24", "48313000") == Exit.DONE
    assert capsys.readouterr().out == "2A24 Model Number String: text H10\n"


@pytest.mark.parametrize(
    ("characteristic", "payload", "message"),
    [
        ("2A5F", "00", "2A5F: truncated after 1 of at least 3 bytes"),
        ("2A37", "", "2A37: truncated after 0 of at least 1 bytes"),
        ("2A5F", "00ff073d0", "payload '00ff073d0' has an odd number of hexadecimal digits; write it as 00ff073d00"),
        ("2A5F", "spo2", "payload 'spo2' has something else than hexadecimal digits; write it as 00ff073d00"),
        ("2A5F", "\n\u0663\u0663", "payload '\\n\u0663\u0663' has something else than hexadecimal digits; write it as"),
        ("2A37", "100x5f", "payload '100x5f' has something else than hexadecimal digits; write it as 00ff073d00"),
        ("2A99", "00", "unknown characteristic '2A99'; known are 2A19, "),
        ("heart\nrate", "00", "unknown characteristic 'heart\\nrate'; known are 2A19, "),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_what_cannot_be_read_is_one_line_and_a_failure(
    characteristic: str, payload: str, message: str, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert vitals(characteristic, payload, *flags) == Exit.FAILED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"vitals: {message}")
    assert captured.err.count("\n") == 1


def test_the_object_is_json_for_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert vitals("2A5F", "1fdef3caf3caf35af5d4f3b2f220010000007ae3", "--json") == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {
        "characteristic": "2A5F",
        "spo2": 99,
        "pr": 97,
        "spo2_fast": 97,
        "pr_fast": 137,
        "spo2_slow": 98,
        "pr_slow": 69,
        "measurement_status": 288,
        "device_status": 0,
        "pai": 8.9,
        "missing": {},
        "malformed": 0,
    }
