"""How delay, hysteresis and averaging trade alarms against true episodes: ``python -m benchmarks.alarm_load``.

Writes docs/alarm-load.md. Recorded adults who breathed less and less oxygen (varied_fio2 in the folder that
VITALS_TEST_DATA names, ../shared/data by default), every oximeter of every subject, each through the alarms that run
live. What a true episode is stands in DEFINITION, and was fixed before anything was run.
"""

import os
import statistics
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from vitals import recording
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.replay import Coverage, Recorded, Report, coverage, report
from vitals.cli.alarms import as_recorded
from vitals.clock import SystemClock, iso

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "alarm-load.md"
SUBJECTS: Final = ("100001", "100002", "100003")
OXIMETERS: Final = (1, 2, 3, 4, 5)
DELAYS_S: Final = (0, 5, 10, 15, 30)
HYSTERESES: Final = (0, 1, 2, 3)
AVERAGED: Final = ((0, 0, 0), (10, 0, 0), (42, 0, 0), (10, 0, 2), (42, 0, 2), (0, 15, 2), (10, 15, 2), (42, 15, 2))
"""Averaging and delay in seconds, and hysteresis; 10 s and 42 s are those of Rheineck-Leyssius and Kalkman, 1998."""
LIMIT: Final = 90
LEAST_S: Final = 10
JOINED_S: Final = 30

DEFINITION: Final = f"""\
Fixed before the run:

- A **true episode** of a subject is a stretch of at least {LEAST_S} s in which the *median* of the oximeters that show
  a value is below {LIMIT} %. Stretches less than {JOINED_S} s apart are one episode. (A monitor's alarm condition delay
  is to be below 10 s; a patient who is back for less than half a minute has not recovered.)
- An episode is **heard** by an oximeter when one of its alarms is on at some moment of the episode. It is **lost** to a
  setting when the same oximeter hears it without delay and hysteresis and no longer with them.
- **Delay added** is how much later the first alarm of an episode comes than without delay and hysteresis.
- An alarm **outside** shares no moment with any true episode.
- Averaging was added to the run later, under the same definitions; 10 s and 42 s are what a study of pulse oximeters
  after surgery had compared (Rheineck-Leyssius and Kalkman, 1998).
- The same again with each oximeter judged by its *own* values in place of the median, since oximeters disagree.
"""


class Span(NamedTuple):
    """From one moment until before another, in milliseconds."""

    start_ms: int
    end_ms: int

    def meets(self, other: "Span") -> bool:
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


class Course(msgspec.Struct, frozen=True):
    """What one oximeter recorded of one subject."""

    subject: str
    oximeter: int
    recorded: list[Recorded]
    coverage: Coverage

    def values(self) -> dict[int, float | None]:
        """What it showed, by millisecond."""
        return {moment.at_ms: moment.observations[0].value for moment in self.recorded}

    def has_data(self) -> bool:
        """Whether it showed a value at all."""
        return any(value is not None for value in self.values().values())


class Truth(NamedTuple):
    """What a true episode is: below the limit for at least so long, joined where so little lies between."""

    least_s: float = LEAST_S
    joined_s: float = JOINED_S


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


def setting(delay_s: float, hysteresis: float, average_s: float = 0) -> Profile:
    """A profile with one limit."""
    limit = f'{{ below = {LIMIT}, delay_s = {delay_s}, priority = "medium" }}'
    name = f"{delay_s:g} s, {hysteresis:g} %, mean of {average_s:g} s"
    return parse(f'name = "{name}"\n[spo2]\naverage_s = {average_s}\nhysteresis = {hysteresis}\nlimits = [{limit}]')


def true_episodes(values: Mapping[int, float | None], truth: Truth) -> list[Span]:
    """The episodes in *values* by second (milliseconds); an unknown second ends a stretch."""
    stretches: list[Span] = []
    for at_ms, value in values.items():
        if value is None or value >= LIMIT:
            continue
        if stretches and stretches[-1].end_ms == at_ms:
            stretches[-1] = Span(stretches[-1].start_ms, at_ms + 1000)
        else:
            stretches.append(Span(at_ms, at_ms + 1000))
    episodes: list[Span] = []
    for stretch in stretches:
        if stretch.end_ms - stretch.start_ms < truth.least_s * 1000:
            continue
        if episodes and stretch.start_ms - episodes[-1].end_ms < truth.joined_s * 1000:
            episodes[-1] = Span(episodes[-1].start_ms, stretch.end_ms)
        else:
            episodes.append(stretch)
    return episodes


class Experiment:
    """Every oximeter of every subject; a setting is replayed on each once."""

    def __init__(self, folder: Path) -> None:
        self.courses = [course for subject in SUBJECTS for course in _courses(folder, subject)]
        self.judged = [course for course in self.courses if course.has_data()]
        self._medians = {subject: self._median(subject) for subject in SUBJECTS}
        self._replayed: dict[tuple[str, str, int], Report] = {}

    @property
    def seconds(self) -> float:
        """How long all oximeters with data recorded, together."""
        return sum(course.coverage.seconds for course in self.judged)

    def report(self, profile: Profile, course: Course) -> Report:
        """What *profile* makes of *course*."""
        key = (profile.name, course.subject, course.oximeter)
        if key not in self._replayed:
            self._replayed[key] = report(profile, course.recorded)
        return self._replayed[key]

    def truth(self, course: Course, truth: Truth, *, own: bool = False) -> list[Span]:
        """The true episodes that *course* is judged by."""
        return true_episodes(course.values() if own else self._medians[course.subject], truth)

    def verdict(self, profile: Profile, course: Course, spans: Sequence[Span]) -> Verdict:
        """What the alarms of *profile* on *course* are worth against true episodes."""
        found = self.report(profile, course)
        end_ms = round(course.coverage.seconds * 1000)
        alarms = [Span(one.alarm_ms, end_ms if one.end_ms is None else one.end_ms) for one in found.episodes]
        return Verdict(
            alarms=len(alarms),
            outside=sum(1 for alarm in alarms if not any(alarm.meets(true) for true in spans)),
            heard=tuple(min((alarm.start_ms for alarm in alarms if alarm.meets(true)), default=None) for true in spans),
        )

    def verdicts(self, profile: Profile, truth: Truth, *, own: bool = False) -> list[Verdict]:
        """The verdict on every course with data."""
        return [self.verdict(profile, each, self.truth(each, truth, own=own)) for each in self.judged]

    def _median(self, subject: str) -> dict[int, float | None]:
        values = [course.values() for course in self.courses if course.subject == subject]
        shown = {at_ms: [value for each in values if (value := each[at_ms]) is not None] for at_ms in values[0]}
        return {at_ms: statistics.median(several) if several else None for at_ms, several in shown.items()}


def _courses(folder: Path, subject: str) -> Iterable[Course]:
    lines = recording.load_lines(folder / "varied_fio2" / f"{subject}.csv")
    for oximeter in OXIMETERS:
        read = recording.read(lines, {recording.TIME: "Time", "spo2": f"SpO2 {oximeter}"})
        recorded = as_recorded(read)
        yield Course(subject, oximeter, recorded, coverage(recorded))


VARIANTS: Final = tuple(Truth(least_s, joined_s) for least_s in (5, 10, 30) for joined_s in (0, 30, 60))


# The page


def tables(folder: Path) -> str:
    """Everything below the page's head: the same for the same data and code."""
    experiment = Experiment(folder)
    firsts = [course for course in experiment.courses if course.oximeter == OXIMETERS[0]]
    lengths = ", ".join(f"{course.coverage.seconds:g}" for course in firsts)
    episodes = ", ".join(str(len(experiment.truth(course, Truth()))) for course in firsts)
    return "\n".join(
        [
            f"{len(SUBJECTS)} subjects ({lengths} s), {len(experiment.judged)} oximeters with data in all, together",
            f"{experiment.seconds / 3600:.2f} h. True episodes by the median, by subject: {episodes}.",
            "",
            "## What it says",
            "",
            *_findings(experiment),
            "",
            "## All oximeters, judged by the median of all",
            "",
            *_summary(experiment, own=False),
            "",
            "## All oximeters, each judged by its own values",
            "",
            *_summary(experiment, own=True),
            "",
            "## Averaging",
            "",
            "The limit acts on the mean of the last seconds. Judged by the median of all, then each by its own values.",
            "",
            *_averaged(experiment, own=False),
            "",
            *_averaged(experiment, own=True),
            "",
            "## Every oximeter of every subject",
            "",
            f"Alarms at a delay of {' / '.join(map(str, DELAYS_S))} s; in brackets the true episodes lost, where any.",
            "",
            *_each(experiment),
            "",
            "## Other definitions of a true episode",
            "",
            "Whether the result hangs on the definition, by the median: episodes lost at a delay of 15 s with 2 %",
            "hysteresis, and at 30 s with none. Joined below 0 s means that every stretch is an episode of its own.",
            "",
            *_variants(experiment),
            "",
        ]
    )


def _findings(experiment: Experiment) -> list[str]:
    def alarms(delay_s: float, by: float, average_s: float = 0) -> int:
        return sum(each.alarms for each in experiment.verdicts(setting(delay_s, by, average_s), Truth()))

    plain, careful = (experiment.verdicts(profile, Truth()) for profile in (setting(0, 0), setting(15, 2)))
    lost = sum(map(Verdict.lost_to, careful, plain))
    heard = sum(1 for each in plain for at_ms in each.heard if at_ms is not None)
    separate = Truth(joined_s=0)
    strict = [experiment.verdicts(profile, separate) for profile in (setting(15, 2), setting(0, 0))]
    among = sum(len(each.heard) for each in strict[0])
    added = [late for each, without in zip(careful, plain, strict=True) for late in each.added_s(without)]
    different = sum(
        len(experiment.truth(each, Truth())) for each in experiment.courses if each.oximeter == OXIMETERS[0]
    )
    findings = (
        (
            f"- Without delay and hysteresis: {alarms(0, 0)} alarms. A delay of 15 s alone: {alarms(15, 0)}. A "
            f"hysteresis of 2 % alone: {alarms(0, 2)}. Both, as shipped: {alarms(15, 2)}."
        ),
        (
            f"- Of {heard} true episodes heard without them, {lost} are lost with both. That is little evidence: "
            f"behind it are {different} desaturations, each seen by several oximeters."
        ),
        (
            f"- With nothing joined, {sum(map(Verdict.lost_to, *strict))} of {among} stretches are lost to both: an "
            "oximeter that read higher than the others hovered about the limit then, and alarmed for the longer "
            "stretch that followed."
        ),
        (
            f"- The alarm comes later by the delay, {statistics.median(added):g} s in the middle. But where an "
            "oximeter hovers about the limit while the median is below it, every value that is back starts the delay "
            f"again: {max(added):g} s at most. By its own values it was below the limit for seconds at a time then."
        ),
        (
            f"- A mean of 10 s alone: {alarms(0, 0, 10)} alarms; of 42 s: {alarms(0, 0, 42)}. With a hysteresis of 2 % "
            f"too: {alarms(0, 2, 10)} and {alarms(0, 2, 42)}. Where alarms are fewer than the episodes heard, one "
            "lasted into the next episode."
        ),
    )
    return [line for finding in findings for line in textwrap.wrap(finding, 118, subsequent_indent="  ")]


def _summary(experiment: Experiment, *, own: bool) -> list[str]:
    plain = experiment.verdicts(setting(0, 0), Truth(), own=own)
    rows = [
        "| delay | hysteresis | alarms | per patient-day | outside | heard | lost | added: median, most | in alarm |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    settings = [(f"{delay} s", f"{by} %", setting(delay, by)) for by in HYSTERESES for delay in DELAYS_S]
    for delay, by, profile in [*settings, ("adult profile", "2 %", built_in("adult"))]:
        rows.append(_judged(experiment, [delay, by], profile, plain, own=own))
    return rows


def _averaged(experiment: Experiment, *, own: bool) -> list[str]:
    plain = experiment.verdicts(setting(0, 0), Truth(), own=own)
    rows = [
        "| mean of | delay | hysteresis | alarms | per patient-day | outside | heard | lost | added | in alarm |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for average, delay, by in AVERAGED:
        names = [f"{average} s" if average else "--", f"{delay} s", f"{by} %"]
        rows.append(_judged(experiment, names, setting(delay, by, average), plain, own=own))
    return rows


def _judged(
    experiment: Experiment, names: Sequence[str], profile: Profile, plain: Sequence[Verdict], *, own: bool
) -> str:
    verdicts = experiment.verdicts(profile, Truth(), own=own)
    in_alarm_s = sum(experiment.report(profile, course).seconds_in_alarm() for course in experiment.judged)
    return _row(names, verdicts, plain, experiment.seconds, in_alarm_s)


def _row(
    names: Sequence[str], verdicts: Sequence[Verdict], plain: Sequence[Verdict], seconds: float, in_alarm_s: float
) -> str:
    pairs = list(zip(verdicts, plain, strict=True))
    alarms = sum(each.alarms for each in verdicts)
    heard = sum(1 for each in verdicts for at_ms in each.heard if at_ms is not None)
    added = [late for each, without in pairs for late in each.added_s(without)]
    cells = [
        *names,
        str(alarms),
        f"{alarms * 86400 / seconds:.0f}",
        str(sum(each.outside for each in verdicts)),
        f"{heard} of {sum(len(each.heard) for each in verdicts)}",
        str(sum(each.lost_to(without) for each, without in pairs)),
        f"{statistics.median(added):g} s, {max(added):g} s" if added else "--",
        f"{100 * in_alarm_s / seconds:.1f} %",
    ]
    return f"| {' | '.join(cells)} |"


def _each(experiment: Experiment) -> list[str]:
    rows = [
        f"| subject | oximeter | missing | true episodes | {' | '.join(f'{by} % hysteresis' for by in HYSTERESES)} |",
        f"|---|--:|--:|--:|{'---|' * len(HYSTERESES)}",
    ]
    for course in experiment.courses:
        spans = experiment.truth(course, Truth())
        missing = ", ".join(f"{reason} {seconds:g} s" for reason, seconds in course.coverage.missing_s.items()) or "0 s"
        plain = experiment.verdict(setting(0, 0), course, spans)
        cells = [course.subject, str(course.oximeter), missing, str(len(spans))]
        for by in HYSTERESES:
            verdicts = [experiment.verdict(setting(delay, by), course, spans) for delay in DELAYS_S]
            cells.append(" / ".join(_counted(each, plain) for each in verdicts) if course.has_data() else "no data")
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _counted(verdict: Verdict, plain: Verdict) -> str:
    lost = verdict.lost_to(plain)
    return f"{verdict.alarms} ({lost})" if lost else str(verdict.alarms)


def _variants(experiment: Experiment) -> list[str]:
    rows = [
        "| at least | joined below | true x oximeters | heard without delay | lost: 15 s, 2 % | lost: 30 s, 0 % |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for truth in VARIANTS:
        plain, careful, slow = (
            experiment.verdicts(profile, truth) for profile in (setting(0, 0), setting(15, 2), setting(30, 0))
        )
        heard = sum(1 for each in plain for at_ms in each.heard if at_ms is not None)
        total = sum(len(each.heard) for each in plain)
        lost = [sum(map(Verdict.lost_to, verdicts, plain)) for verdicts in (careful, slow)]
        rows.append(f"| {truth.least_s} s | {truth.joined_s} s | {total} | {heard} | {lost[0]} | {lost[1]} |")
    return rows


def page(folder: Path, date: str) -> str:
    """The whole page."""
    return f"""\
# Alarm load: what delay, hysteresis and averaging cost and save

Made on {date} by `python -m benchmarks.alarm_load`; do not edit. The alarms are those that run live
(`vitals.alarms`), replayed over recordings as `vitals alarms replay` does; with `--patient all` it says what
other limits would have meant for a server's own patients. This is not a certified medical device.

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
