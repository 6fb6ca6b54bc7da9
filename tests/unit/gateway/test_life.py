"""What a gateway knows of who watches."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.clock import ManualClock
from vitals.errors import ConfigurationError
from vitals_gateway.life import SIGNS, Rounds, file_beside, read


def test_a_round_is_as_old_as_the_newest_sign_that_came_back() -> None:
    rounds = Rounds(0, 60_000)
    assert rounds.age_ms(1000) is None
    first, second = rounds.give(1000), rounds.give(6000)
    rounds.close(second)
    rounds.close(first)  # overtaken on its way
    assert (rounds.closed_ms, rounds.age_ms(9000)) == (6000, 3000)


def test_a_sign_that_this_process_did_not_give_proves_nothing() -> None:
    rounds = Rounds(0, 60_000)
    rounds.give(5000)
    rounds.close(4999)
    assert rounds.closed_ms is None


def test_nobody_watches_after_a_minute_without_a_round_and_it_says_which() -> None:
    rounds = Rounds(0, 60_000)
    assert rounds.unwatched(60_000) is None
    assert rounds.unwatched(60_001) == "nobody watches: no sign of life has come back from a console yet"
    rounds.close(rounds.give(70_000))
    assert rounds.unwatched(130_000) is None
    assert rounds.unwatched(130_001) == "nobody watches: signs of life no longer come back from a console"


@given(st.lists(st.integers(0, 10), max_size=3 * SIGNS))
def test_no_two_signs_have_one_number(steps: list[int]) -> None:
    rounds, now_ms = Rounds(0, 60_000), 0
    numbers = []
    for by_ms in steps:
        now_ms += by_ms
        numbers.append(rounds.give(now_ms))
    assert numbers == sorted(set(numbers))


def written(spool: Path, **changed: object) -> None:
    known = {"boot": f"{7:016x}", "written_ms": 90_000, "round_ms": 80_000, "heard_ms": None, "unwatched": None}
    file_beside(spool).write_text(json.dumps(known | changed))


def test_the_file_tells_ages(tmp_path: Path) -> None:
    clock = ManualClock(monotonic_ms=95_000, boot=7)
    written(tmp_path / "spool.db")
    assert read(tmp_path / "spool.db", clock) == {"said_s": 5.0, "round_s": 15.0, "heard_s": None, "unwatched": None}
    written(tmp_path / "spool.db", unwatched="nobody watches")
    assert read(tmp_path / "spool.db", clock)["unwatched"] == "nobody watches"
    written(tmp_path / "spool.db", written_ms=1000)
    assert read(tmp_path / "spool.db", clock)["unwatched"] == "the gateway says nothing any more: is it running?"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"boot": "0000000000000008"}', '{"boot": "0000000000000007"}'])
def test_a_file_that_says_nothing_of_now_is_refused(tmp_path: Path, content: str) -> None:
    file_beside(tmp_path / "spool.db").write_text(content)
    with pytest.raises(ConfigurationError):
        read(tmp_path / "spool.db", ManualClock(boot=7))
