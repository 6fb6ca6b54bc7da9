"""The watchdog's decisions: a failure is told in time, a blip is not, and what nobody took stays due."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.notify.watchdog import TRANSITIONS, Look, Page, Phase, Rules, Watch, begun, step, text, told

RULES = Rules(after_ms=35_000)
WELL, SICK = Look(healthy=True, saw="200 ok"), Look(healthy=False, saw="503 no snapshot")
PLACE = "http://ward:8470/healthz"


def broken(for_s: int) -> Look:
    """A look at a path that says for how long it has not been whole."""
    return Look(healthy=False, saw="503 round: no full round", broken_ms=for_s * 1000)


def run(
    looks: list[Look], *, taken: bool = True, rules: Rules = RULES, start: Watch | None = None
) -> list[tuple[int, Page]]:
    """What is told when, with a look every ten seconds."""
    watch = start or begun(0, life=False)
    pages: list[tuple[int, Page]] = []
    for number, look in enumerate(looks):
        at_ms = number * 10_000
        watch = step(watch, look, at_ms, rules)
        if watch.due is not None:
            pages.append((at_ms // 1000, watch.due))
            watch = told(watch, at_ms) if taken else watch
    return pages


def test_every_phase_and_look_has_a_row() -> None:
    assert set(TRANSITIONS) == set(itertools.product(Phase, (True, False)))


def test_s4_a_failure_is_told_well_within_a_minute_and_so_is_its_end() -> None:
    looks = [WELL, WELL, *[SICK] * 8, WELL, WELL]
    assert run(looks) == [(50, Page.FAILURE), (100, Page.RECOVERY)]  # the last healthy look was at 10 s


@given(st.lists(st.booleans(), max_size=60))
def test_whatever_the_looks_a_failure_is_told_exactly_when_it_has_lasted(healthy: list[bool]) -> None:
    pages = run([WELL, *(WELL if well else SICK for well in healthy)])
    expected: list[tuple[int, Page]] = []
    last_well, down = 0, False
    for number, well in enumerate(healthy, start=1):
        at_s = number * 10
        if well:
            if down:
                expected.append((at_s, Page.RECOVERY))
            last_well, down = at_s, False
        elif not down and at_s - last_well >= 35:
            expected.append((at_s, Page.FAILURE))
            down = True
    assert pages == expected


def test_a_path_that_was_never_healthy_is_told_of() -> None:
    assert run([SICK] * 5) == [(40, Page.FAILURE)]


def test_a_failure_that_lasts_is_told_again() -> None:
    pages = run([WELL, *[SICK] * 130])
    assert pages == [(40, Page.FAILURE), (640, Page.FAILURE), (1240, Page.FAILURE)]
    assert run([WELL, *[SICK] * 130], rules=Rules(after_ms=35_000, repeat_ms=0)) == [(40, Page.FAILURE)]


def test_a_path_that_says_that_it_has_been_broken_for_long_is_believed_at_once() -> None:
    assert run([WELL, *[broken(5 + 10 * look) for look in range(4)]]) == [(40, Page.FAILURE)]  # as old as it seems
    assert run([WELL, broken(31), broken(41)]) == [(20, Page.FAILURE)]
    assert run([WELL, broken(35)]) == [(10, Page.FAILURE)]


def test_a_path_that_says_so_of_a_moment_is_not_paged() -> None:
    assert run([WELL, broken(1), WELL, broken(1), WELL]) == []


def test_a_recovery_is_told_when_it_has_lasted() -> None:
    steady = Rules(after_ms=35_000, steady_ms=30_000)
    looks = [WELL, *[SICK] * 4, WELL, WELL, SICK, WELL, WELL, WELL, WELL]
    assert run(looks, rules=steady) == [(40, Page.FAILURE), (110, Page.RECOVERY)]


def test_a_path_that_flaps_is_paged_seldom() -> None:
    steady = Rules(after_ms=35_000, steady_ms=30_000)
    minutes = 120
    flapping = ([SICK] * 4 + [WELL] * 4) * (minutes * 60 // 80)  # 40 s each, for two hours
    pages = run([WELL, *flapping], rules=steady)
    assert len(pages) <= 2 * 5 + minutes // 10
    failures = [at_s for at_s, page in pages if page is Page.FAILURE]
    assert all(later - earlier >= 80 for earlier, later in itertools.pairwise(failures))
    assert max(later - earlier for earlier, later in itertools.pairwise(failures)) <= 700  # and never forgotten


def test_a_failure_long_after_the_last_one_ends_as_soon_as_the_first() -> None:
    steady = Rules(after_ms=35_000, steady_ms=30_000)
    once = [*[SICK] * 5, *[WELL] * 100]
    pages = run([WELL, *once, *once], rules=steady)
    assert [page for _, page in pages] == [Page.FAILURE, Page.RECOVERY] * 2
    assert pages[1][0] - pages[0][0] == pages[3][0] - pages[2][0]


def test_a_page_that_no_channel_took_stays_due_and_gives_way_to_newer_news() -> None:
    looks = [WELL, *[SICK] * 6, WELL, WELL]
    assert run(looks, taken=False) == [
        (40, Page.FAILURE),
        (50, Page.FAILURE),
        (60, Page.FAILURE),
        (70, Page.RECOVERY),
        (80, Page.RECOVERY),
    ]


def test_a_sign_of_life_comes_at_the_start_and_every_day() -> None:
    day = Rules(after_ms=35_000, life_ms=60_000)
    pages = run([WELL] * 14, rules=day, start=begun(0))
    assert pages == [(0, Page.STARTED), (60, Page.SIGN_OF_LIFE), (120, Page.SIGN_OF_LIFE)]
    assert run([WELL] * 14, rules=Rules(after_ms=1, life_ms=0)) == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            Page.FAILURE,
            (
                f"Path failure: {PLACE}: 503 no snapshot; not healthy for 1 min 5 s. "
                "Alarms may be neither raised nor heard nor sent: look after the patients."
            ),
        ),
        (Page.RECOVERY, f"Path healthy again: {PLACE}: 503 no snapshot; it was not for 1 min 5 s."),
        (Page.STARTED, f"The watchdog has begun to watch {PLACE}: 503 no snapshot."),
        (
            Page.SIGN_OF_LIFE,
            f"The watchdog watches {PLACE}: 503 no snapshot. This comes every day; look after it when it does not.",
        ),
    ],
)
def test_what_is_said(page: Page, said: str) -> None:
    watch = Watch(healthy_ms=30_000, failed_ms=10_000, told_ms=0, due=page, saw="503 no snapshot")
    assert text(watch, PLACE, 75_000) == said
