"""Drivers are data: what they make of a sensor, and that the page about them tells the same."""

from pathlib import Path

from vitals.gatt import CHARACTERISTICS
from vitals_gateway.drivers import COMPANIONS, DRIVERS, Plan, Subscription, known, plan, streaming

NOTIFY = frozenset({"notify"})
READ = frozenset({"read"})
PAGE = Path(__file__).resolve().parents[3] / "docs" / "drivers.md"


def test_a_strap_is_subscribed_and_its_identity_read() -> None:
    found = {"2A37": NOTIFY, "2A38": READ, "2A19": NOTIFY | READ, "2A24": READ, "2A00": READ}
    assert plan(found) == Plan(
        drivers=("heart rate",),
        subscribe=(Subscription("2A37", streams=True), Subscription("2A19")),
        read=("2A19", "2A24"),
        vital=frozenset({"2A37"}),
    )


def test_an_oximeter_may_have_either_measurement() -> None:
    spot_check = plan({"2A5E": frozenset({"indicate"})})
    assert spot_check.subscribe == (Subscription("2A5E"),)
    assert plan({"2A5F": NOTIFY}).subscribe == (Subscription("2A5F", streams=True),)


def test_a_sensor_may_be_two_things() -> None:
    assert plan({"2A5F": NOTIFY, "2A37": NOTIFY}).drivers == ("heart rate", "pulse oximeter")


def test_a_battery_alone_makes_no_sensor() -> None:
    assert plan({"2A19": NOTIFY, "2A24": READ}) == Plan()
    assert not known({"180F", "180A"})


def test_a_battery_that_does_not_notify_is_read_only() -> None:
    battery = plan({"2A37": NOTIFY, "2A19": READ})
    assert battery.subscribe == (Subscription("2A37", streams=True),)
    assert battery.read == ("2A19",)


def test_advertised_services_tell_what_to_expect() -> None:
    assert known({"180A", "1822"})
    assert streaming({"180D", "1822", "180F"}) == ("2A37", "2A5F")
    assert streaming(()) == ()


def test_whatever_is_subscribed_can_be_decoded() -> None:
    for driver in (*DRIVERS.values(), *COMPANIONS.values()):
        names = {item.characteristic for item in driver.subscribe} | set(driver.read)
        assert names <= set(CHARACTERISTICS), driver.name


def test_the_page_lists_the_drivers_that_there_are() -> None:
    rows = [line.split("|")[1:-1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    table = {cells[0].strip(): (cells[1].split(), cells[2].split()) for cells in rows[1:]}
    assert table == {
        driver.name: (sorted(driver.services), [item.characteristic for item in driver.subscribe] or ["-"])
        for driver in (*DRIVERS.values(), *COMPANIONS.values())
    }
