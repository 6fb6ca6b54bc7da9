"""What the documents claim is there."""

import re
from pathlib import Path

import pytest

from vitals.delays import Delays

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def test_every_test_that_the_hazards_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/hazards.md").read_text()))
    defined = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert named
    assert named <= defined, sorted(named - defined)


def test_every_safety_requirement_has_its_row_and_an_unmet_one_says_so() -> None:
    rows = re.findall(r"^\| (S\d+) \|.*\|([^|]*)\|([^|]*)\|$", (ROOT / "docs/hazards.md").read_text(), re.MULTILINE)
    assert [number for number, _, _ in rows] == [f"S{n}" for n in range(1, 21)]
    for number, state, shown_by in rows:
        assert state.strip().startswith(("met", "partly", "unmet")), number
        assert bool(shown_by.strip()) != state.strip().startswith("unmet"), number


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets, page.name


def test_the_numbers_in_the_hazards_are_the_code_s() -> None:
    text = (ROOT / "docs/hazards.md").read_text()
    delays = Delays()
    assert f"NOT MONITORED at {delays.not_monitored_shown_s:g} s" in text
    assert f"nurse alarm at {delays.not_monitored_alarm_s:g} s" in text
    assert f"grey at {delays.console_greyed_s:g} s, sound at {delays.console_sounds_s:g} s" in text
    assert f"Re-alarms after {delays.realarm_s / 60:g} min" in text


def test_every_command_of_the_front_page_exists() -> None:
    from vitals.cli.app import app  # noqa: PLC0415 - only here

    named = set(re.findall(r"`vitals ([a-z]+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= set(app)
