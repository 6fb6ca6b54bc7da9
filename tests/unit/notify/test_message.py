"""What leaves the house: no name, no identifier, no value (rule 15), and never a simulation as if it were real."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify_scene import NOON, settings, shown

from vitals.notify import message
from vitals.notify.base import ORDER, Message, Receipt
from vitals.notify.dispatch import Dispatcher, Moment
from vitals.observation import GenerationMode
from vitals.registry import Notification, Responsible

TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=4, max_size=20)


def test_the_text_of_an_alarm() -> None:
    assert message.alarm_text("high", "K7QF3DMX") == "High priority alarm, open the console: K7QF3DMX"
    assert message.alarm_text("medium", "K7QF3DMX", "https://ward.example") == (
        "Medium priority alarm, open the console: K7QF3DMX\nhttps://ward.example"
    )


@given(patient=TEXTS, name=TEXTS, record=TEXTS, says=TEXTS, value=st.floats(30, 200))
def test_rule_15_whoever_it_is_and_whatever_is_measured_the_message_is_the_same(
    patient: str, name: str, record: str, says: str, value: float
) -> None:
    dispatcher = Dispatcher(settings(), reference=lambda: "K7QF3DMX")
    dispatcher.responsible = {patient: Responsible("nurse-1", "")}
    alarm = shown(
        f"{patient}:spo2.low:5000",
        patient=patient,
        name=name,
        record_number=record,
        message=says,
        value=value,
        limit=value + 1,
    )
    dispatcher.alarm(alarm, Moment(0, NOON))
    (notification,) = dispatcher.take().notifications
    assert message.compose(notification, GenerationMode.REAL) == Message(
        key="K7QF3DMX-1/nurse-1",
        title="OpenVitals K7QF3DMX-1",
        text="High priority alarm, open the console: K7QF3DMX",
        priority="high",
        word=message.word("K7QF3DMX", 1, "nurse-1"),
    )


def test_each_copy_has_a_link_of_its_own_that_names_nobody() -> None:
    links = {who: message.link("https://ward.example/", "K7QF3DMX", 2, who) for who in ("nurse-1", "nurse-2")}
    assert len(set(links.values())) == 2
    for who, link in links.items():
        assert link.startswith("https://ward.example/a/")
        assert who not in link
        found = message.OPENED.fullmatch(link.rpartition("/")[2])
        assert found is not None
        assert found.groups() == ("K7QF3DMX", "2", message.mark("K7QF3DMX", who))
    assert message.OPENED.fullmatch("K7QF3DMX")
    assert message.link("", "K7QF3DMX", 2, "nurse-1") == ""


def test_a_reference_is_read_out_without_mistakes_and_cannot_be_guessed() -> None:
    references = {message.new_reference() for _ in range(500)}
    assert len(references) == 500
    assert all(message.REFERENCE.fullmatch(reference) for reference in references)
    assert not set("".join(references)) & set("01OILAEUY")


@pytest.mark.parametrize("mode", [GenerationMode.DEMO, GenerationMode.TEST])
def test_rule_5_what_is_simulated_says_so_first(mode: GenerationMode) -> None:
    notification = Notification(
        key="K-1/n", kind="alarm", recipient="n", text="High", created_utc_ms=0, reference="K", number=1
    )
    sent = message.compose(notification, mode)
    assert sent.title.startswith(f"OpenVitals {mode.label.upper()} ")
    assert sent.text.startswith(f"{mode.label.upper()}, no real patient: ")
    real = message.compose(notification, GenerationMode.REAL)
    assert (real.title, real.text) == ("OpenVitals K-1", "High")


def test_a_self_test_says_what_its_absence_means() -> None:
    notification = Notification(
        key="k", kind="self_test", recipient="n", text=message.self_test_text("09:00"), created_utc_ms=0
    )
    sent = message.compose(notification, GenerationMode.REAL)
    assert sent.title == "OpenVitals self-test"
    assert "09:00" in sent.text
    assert "does not come" in sent.text
    assert msgspec.structs.asdict(sent)["priority"] == ""


def test_s19_receipts_are_ordered_by_what_they_prove() -> None:
    assert [receipt.value for receipt in ORDER] == [
        "queued",
        "unknown",
        "handed_over",
        "delivered",
        "viewed",
        "acknowledged",
    ]
    assert len(ORDER) == len(Receipt)
