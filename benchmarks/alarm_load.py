"""How delay and hysteresis trade alarms against true episodes: ``python -m benchmarks.alarm_load``.

Writes docs/alarm-load.md. Recorded adults who breathed less and less oxygen (varied_fio2 in the folder that
VITALS_TEST_DATA names, ../shared/data by default), every oximeter of every subject, each through the alarms that run
live. What a true episode is stands in DEFINITION, and was fixed before anything was run.
"""

import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from vitals import recording
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.replay import Coverage, Episode, Recorded, report
from vitals.cli.alarms import as_recorded
from vitals.clock import SystemClock, iso
from vitals.codes import Metric

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "alarm-load.md"
SUBJECTS: Final = ("100001", "100002", "100003")
OXIMETERS: Final = (1, 2, 3, 4, 5)
DELAYS_S: Final = (0, 5, 10, 15, 30)
HYSTERESES: Final = (0, 1, 2, 3)
LIMIT: Final = 90
LEAST_S: Final = 10
JOINED_S: Final = 30
VARIANTS: Final = tuple((least_s, joined_s) for least_s in (5, 10, 30) for joined_s in (0, 30, 60))

DEFINITION: Final = f"""\
Fixed before the run:

- A **true episode** of a subject is a stretch of at least {LEAST_S} s in which the *median* of the oximeters that show
  a value is below {LIMIT} %. Stretches less than {JOINED_S} s apart are one episode. (A monitor's alarm condition delay
  is to be below 10 s; a patient who is back for less than half a minute has not recovered.)
- An episode is **heard** by an oximeter when one of its alarms is on at some moment of the episode. It is **lost** to a
  setting when the same oximeter hears it without delay and hysteresis and no longer with them.
- **Delay added** is how much later the first alarm of an episode comes than without delay and hysteresis.
- An alarm **outside** shares no moment with any true episode.
- The same again with each oximeter judged by its *own* values in place of the median, since oximeters disagree.
"""


class Span(NamedTuple):
    """From one moment until before another, in milliseconds."""

    start_ms: int
    end_ms: int

    def meets(self, other: "Span") -> bool:
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


class Course(msgspec.Struct, frozen=True):
    """What one oximeter recorded of one subject, and the true episodes by the median and by its own values."""

    subject: str
    oximeter: int
    recorded: list[Recorded]
    coverage: Coverage
    by_median: list[Span]
    by_own: list[Span]


class Verdict(msgspec.Struct, frozen=True):
    """Alarms of one course under one setting, against one kind of true episode; delays are of heard episodes."""

    alarms: int
    outside: int
    heard: tuple[int | None, ...]

    def lost_to(self, plain: "Verdict") -> int:
        """Episodes that *plain* hears and this does not."""
        return sum(1 for here, there in zip(self.heard, plain.heard, strict=True) if here is None and there is not None)

    def added_s(self, plain: "Verdict") -> list[float]:
        """How much later than *plain* the first alarm of each episode comes."""
        pairs = zip(self.heard, plain.heard, strict=True)
        return [(here - there) / 1000 for here, there in pairs if here is not None and there is not None]


def setting(delay_s: float, hysteresis: float) -> Profile:
    """A profile with one limit."""
    limit = f'{{ below = {LIMIT}, delay_s = {delay_s}, priority = "medium" }}'
    return parse(f'name = "{delay_s} s, {hysteresis} %"\n[spo2]\nhysteresis = {hysteresis}\nlimits = [{limit}]')


def true_episodes(values: Mapping[int, float | None], *, least_s: float, joined_s: float) -> list[Span]:
    """Stretches below the limit in *values* by second; an unknown second ends a stretch."""
    below = [at_ms for at_ms, value in values.items() if value is not None and value < LIMIT]
    stretches: list[Span] = []
    for at_ms in below:
        if stretches and stretches[-1].end_ms == at_ms:
            stretches[-1] = Span(stretches[-1].start_ms, at_ms + 1000)
        else:
            stretches.append(Span(at_ms, at_ms + 1000))
    episodes: list[Span] = []
    for stretch in stretches:
        if stretch.end_ms - stretch.start_ms < least_s * 1000:
            continue
        if episodes and stretch.start_ms - episodes[-1].end_ms < joined_s * 1000:
            episodes[-1] = Span(episodes[-1].start_ms, stretch.end_ms)
        else:
            episodes.append(stretch)
    return episodes


def courses(folder: Path, *, least_s: float = LEAST_S, joined_s: float = JOINED_S) -> list[Course]:
    """Every oximeter of every subject."""
    return [course for subject in SUBJECTS for course in _courses(folder, subject, least_s, joined_s)]


def _courses(folder: Path, subject: str, least_s: float, joined_s: float) -> Iterable[Course]:
    lines = recording.load_lines(folder / "varied_fio2" / f"{subject}.csv")
    recorded = {
        oximeter: as_recorded(recording.read(lines, {recording.TIME: "Time", "spo2": f"SpO2 {oximeter}"}))
        for oximeter in OXIMETERS
    }
    values = {oximeter: _values(moments) for oximeter, moments in recorded.items()}
    moments = values[OXIMETERS[0]].keys()
    shown = {at_ms: [value for each in values.values() if (value := each[at_ms]) is not None] for at_ms in moments}
    median = {at_ms: statistics.median(several) if several else None for at_ms, several in shown.items()}
    for oximeter in OXIMETERS:
        yield Course(
            subject,
            oximeter,
            recorded[oximeter],
            report(setting(0, 0), recorded[oximeter]).coverage,
            true_episodes(median, least_s=least_s, joined_s=joined_s),
            true_episodes(values[oximeter], least_s=least_s, joined_s=joined_s),
        )


def _values(recorded: Sequence[Recorded]) -> dict[int, float | None]:
    return {moment.at_ms: moment.observations[0].value for moment in recorded}


def has_data(course: Course) -> bool:
    """Whether the oximeter showed a value at all."""
    return any(value is not None for value in _values(course.recorded).values())


def judge(alarms: Sequence[Episode], course: Course, truth: Sequence[Span]) -> Verdict:
    """What *alarms* of a course are worth against true episodes."""
    end_ms = round(course.coverage.seconds * 1000)
    spans = [Span(alarm.alarm_ms, end_ms if alarm.end_ms is None else alarm.end_ms) for alarm in alarms]
    return Verdict(
        alarms=len(spans),
        outside=sum(1 for span in spans if not any(span.meets(true) for true in truth)),
        heard=tuple(min((span.start_ms for span in spans if span.meets(true)), default=None) for true in truth),
    )


def alarms_of(profile: Profile, course: Course) -> tuple[Episode, ...]:
    """The SpO2 alarms of a course."""
    return tuple(each for each in report(profile, course.recorded).episodes if each.metric is Metric.SPO2)


# The page


def tables(folder: Path) -> str:
    """Everything below the page's head: the same for the same data and code."""
    found = courses(folder)
    judged = [course for course in found if has_data(course)]
    hours = sum(course.coverage.seconds for course in judged) / 3600
    lengths = ", ".join(f"{course.coverage.seconds:g}" for course in found if course.oximeter == OXIMETERS[0])
    episodes = ", ".join(str(len(course.by_median)) for course in found if course.oximeter == OXIMETERS[0])
    return "\n".join(
        [
            f"{len(SUBJECTS)} subjects ({lengths} s), {len(judged)} courses with data, {hours:.2f} h of monitoring.",
            f"True episodes by the median, by subject: {episodes}.",
            "",
            "## All oximeters, judged by the median of all",
            "",
            *_summary(judged, own=False),
            "",
            "## All oximeters, each judged by its own values",
            "",
            *_summary(judged, own=True),
            "",
            "## Every oximeter of every subject",
            "",
            f"Alarms at a delay of {' / '.join(map(str, DELAYS_S))} s; in brackets the true episodes lost, where any.",
            "",
            *_each(found),
            "",
            "## Other definitions of a true episode",
            "",
            "Whether the result hangs on the definition, by the median: episodes lost at a delay of 15 s with 2 %",
            "hysteresis, and at 30 s with none.",
            "",
            *_variants(folder),
            "",
        ]
    )


def _summary(judged: Sequence[Course], *, own: bool) -> list[str]:
    truths = [course.by_own if own else course.by_median for course in judged]
    plain = [
        judge(alarms_of(setting(0, 0), course), course, truth) for course, truth in zip(judged, truths, strict=True)
    ]
    rows = [
        "| delay | hysteresis | alarms | per patient-day | outside | heard | lost | added: median, most | in alarm |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    settings = [(f"{delay} s", f"{by} %", setting(delay, by)) for by in HYSTERESES for delay in DELAYS_S]
    for delay, by, profile in [*settings, ("profile", "adult", built_in("adult"))]:
        alarms = [alarms_of(profile, course) for course in judged]
        verdicts = [judge(*each) for each in zip(alarms, judged, truths, strict=True)]
        rows.append(_row((delay, by), verdicts, plain, judged, profile))
    return rows


def _row(
    names: tuple[str, str],
    verdicts: Sequence[Verdict],
    plain: Sequence[Verdict],
    judged: Sequence[Course],
    profile: Profile,
) -> str:
    seconds = sum(course.coverage.seconds for course in judged)
    pairs = list(zip(verdicts, plain, strict=True))
    alarms = sum(each.alarms for each in verdicts)
    heard = sum(1 for each in verdicts for at_ms in each.heard if at_ms is not None)
    added = [late for each, without in pairs for late in each.added_s(without)]
    in_alarm = sum(report(profile, course.recorded).seconds_in_alarm() for course in judged)
    cells = [
        *names,
        str(alarms),
        f"{alarms * 86400 / seconds:.0f}",
        str(sum(each.outside for each in verdicts)),
        f"{heard} of {sum(len(each.heard) for each in verdicts)}",
        str(sum(each.lost_to(without) for each, without in pairs)),
        f"{statistics.median(added):g} s, {max(added):g} s" if added else "--",
        f"{100 * in_alarm / seconds:.1f} %",
    ]
    return f"| {' | '.join(cells)} |"


def _each(found: Sequence[Course]) -> list[str]:
    rows = [
        f"| subject | oximeter | missing | true episodes | {' | '.join(f'{by} % hysteresis' for by in HYSTERESES)} |",
        f"|---|--:|--:|--:|{'---|' * len(HYSTERESES)}",
    ]
    for course in found:
        missing = ", ".join(f"{reason} {seconds:g} s" for reason, seconds in course.coverage.missing_s.items()) or "0 s"
        cells = [course.subject, str(course.oximeter), missing, str(len(course.by_median))]
        plain = judge(alarms_of(setting(0, 0), course), course, course.by_median)
        for by in HYSTERESES:
            verdicts = [judge(alarms_of(setting(delay, by), course), course, course.by_median) for delay in DELAYS_S]
            cells.append(" / ".join(_counted(each, plain) for each in verdicts) if has_data(course) else "no data")
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _counted(verdict: Verdict, plain: Verdict) -> str:
    lost = verdict.lost_to(plain)
    return f"{verdict.alarms} ({lost})" if lost else str(verdict.alarms)


def _variants(folder: Path) -> list[str]:
    rows = [
        "| at least | joined below | true x oximeters | heard without delay | lost: 15 s, 2 % | lost: 30 s, 0 % |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for least_s, joined_s in VARIANTS:
        judged = [each for each in courses(folder, least_s=least_s, joined_s=joined_s) if has_data(each)]
        plain, careful, slow = (
            [judge(alarms_of(profile, course), course, course.by_median) for course in judged]
            for profile in (setting(0, 0), setting(15, 2), setting(30, 0))
        )
        heard = sum(1 for each in plain for at_ms in each.heard if at_ms is not None)
        lost = [sum(map(Verdict.lost_to, verdicts, plain)) for verdicts in (careful, slow)]
        total = sum(len(each.heard) for each in plain)
        rows.append(f"| {least_s} s | {joined_s} s | {total} | {heard} | {lost[0]} | {lost[1]} |")
    return rows


def page(folder: Path, date: str) -> str:
    """The whole page."""
    return f"""\
# Alarm load: what delay and hysteresis cost and save

Made on {date} by `python -m benchmarks.alarm_load`; do not edit. The alarms are those that run live
(`vitals.alarms`), replayed over recordings as `vitals alarms replay` does. This is not a certified medical device.

The recordings: three of six adults who breathed less and less oxygen under supervision while several oximeters measured
at 1 Hz on other fingers (Hoffman et al., npj Digital Medicine 2022;5:146, MIT licence). They are healthy volunteers at
rest who were made to desaturate: alarms per patient-day say how settings compare, not what a ward will hear, and there
is almost no movement artefact, which is what delays are mostly for. One limit: SpO2 below {LIMIT} %.

{DEFINITION}
{tables(folder)}"""


def data_folder() -> Path:
    """The folder of recorded patients."""
    return Path(os.environ.get("VITALS_TEST_DATA") or ROOT.parent / "shared" / "data")


if __name__ == "__main__":
    PAGE.write_text(page(data_folder(), iso(SystemClock().utc_ms())[:10]), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
