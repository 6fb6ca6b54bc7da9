"""What docs/notify.md says is what the code does."""

import re
from pathlib import Path

import pytest

from vitals.alarms.escalation import DEFAULT_PLANS
from vitals.alarms.limits import Priority
from vitals.notify import delivery, ledger, notifier
from vitals.notify.apprise_channel import WITHIN_S
from vitals.notify.base import Receipt

PAGE = (Path(__file__).parents[3] / "docs" / "notify.md").read_text("utf-8")
SAFETY = {
    Priority.HIGH: "`owner` 0 s, `team` 30 s, `charge_nurse` 60 s, `phone` 120 s",
    Priority.MEDIUM: "`owner` 0, `team` 2 min, `charge_nurse` 5 min",
}


def first_column(heading: str) -> list[str]:
    """The names in the first column of the table under *heading*."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    return re.findall(r"^\| `([a-z_]+)(?::NAME)?`", table, re.MULTILINE)


def test_every_receipt_is_explained_in_order() -> None:
    assert first_column("| receipt | proves |") == [receipt.value for receipt in Receipt]


def test_every_condition_is_listed() -> None:
    assert set(first_column("| condition | holds while |")) == {
        delivery.CHANNEL_FAILS,
        notifier.UNREACHED,
        notifier.UNANSWERED,
        notifier.FAILED,
        notifier.WITHDRAWN,
        ledger.NOT_RECORDED,
    }


@pytest.mark.parametrize("priority", SAFETY)
def test_the_stages_are_those_in_force(priority: Priority) -> None:
    assert f"| {priority.label} | {SAFETY[priority]} |" in PAGE
    named = re.findall(r"`(\w+)` (\d+)( min)?", SAFETY[priority])
    said = [(to, int(number) * (60 if minutes else 1)) for to, number, minutes in named]
    assert [(stage.to, stage.after_s) for stage in DEFAULT_PLANS[priority].stages] == said


def test_the_delays_are_those_in_force() -> None:
    words = " ".join(PAGE.split())
    assert "again after 2, 5, 10, 20, 30 and then every 60 s" in words
    assert delivery.BACKOFF_S == (2, 5, 10, 20, 30, 60)
    assert "in at most ten seconds" in words
    assert WITHIN_S == 10
    assert "after at most two seconds, unrecorded" in words
    assert ledger.WITHIN_S == 2
    assert f"less than {notifier.LOOK_S:g} s ago" in words
