"""The heart-rate strap: Heart Rate Service with RR intervals, contact and energy (Bluetooth SIG, HRS 1.0)."""

from collections.abc import Callable
from typing import Final

from bumble.att import ATT_Error

from vitals.gatt import battery_level, heart_rate_measurement
from vitals.gatt.heart_rate_measurement import HeartRateMeasurement
from vitals_firmware_sim.air import Air
from vitals_firmware_sim.ledger import Ledger
from vitals_firmware_sim.peripherals import services
from vitals_firmware_sim.peripherals.peripheral import Peripheral
from vitals_firmware_sim.peripherals.services import Identity
from vitals_firmware_sim.script import Moment

BATTERY_EVERY_S: Final = 60.0
ENERGY_EVERY_S: Final = 10.0
"""The service asks for the energy in about every tenth notification, not in each."""
UNREADABLE: Final = b"\x10"
"""A heart-rate measurement that ends before its heart rate."""

_CHEST: Final = b"\x01"
_RESET_ENERGY: Final = b"\x01"
_CONTROL_POINT_NOT_SUPPORTED: Final = 0x80
_KJ_PER_BEAT: Final = 0.08
_MAX_KJ: Final = 0xFFFF


class Strap:
    """A chest strap. Every *garbage*-th heart-rate notification, if any, cannot be read."""

    def __init__(
        self,
        identity: Identity,
        *,
        air: Air,
        ledger: Ledger,
        begun: Callable[[], None],
        garbage: int | None = None,
        battery: int = 97,
    ) -> None:
        self._garbage = garbage
        self._notified = 0
        self._energy_kj = 0.0
        self._battery = battery
        heart_rate = services.service(
            services.HEART_RATE,
            services.notified("2A37"),
            services.constant("2A38", _CHEST),
            services.control_point("2A39", self._control),
        )
        charge = services.service(services.BATTERY, services.battery_level(lambda: battery_level.encode(self._battery)))
        self.peripheral = Peripheral(
            identity,
            [heart_rate, charge, services.device_information_service(identity)],
            air=air,
            ledger=ledger,
            begun=begun,
        )

    async def measure(self, moment: Moment) -> None:
        """Tell what there is to tell at a moment."""
        self._battery = moment.battery
        self._energy_kj += _KJ_PER_BEAT * len(moment.vitals.rr_1024)
        if self.peripheral.subscribed("2A37"):
            self._notified += 1
            await self.peripheral.notify("2A37", self._heart_rate(moment))
        if self.peripheral.due("2A19", moment.at_s, every_s=BATTERY_EVERY_S):
            await self.peripheral.notify("2A19", battery_level.encode(self._battery))

    def _heart_rate(self, moment: Moment) -> bytes:
        if self._garbage and self._notified % self._garbage == 0:
            return UNREADABLE
        energy_kj = min(_MAX_KJ, int(self._energy_kj)) if moment.at_s % ENERGY_EVERY_S == 0 else None
        return heart_rate_measurement.encode(measurement(moment, energy_kj))

    def _control(self, command: bytes) -> None:
        if command != _RESET_ENERGY:
            raise ATT_Error(_CONTROL_POINT_NOT_SUPPORTED)
        self._energy_kj = 0.0


def measurement(moment: Moment, energy_kj: int | None) -> HeartRateMeasurement:
    """What a strap says at a moment; without skin contact it has no heart rate and no intervals."""
    if not moment.strap_on:
        return HeartRateMeasurement(bpm=0, contact=False, energy_kj=energy_kj)
    return HeartRateMeasurement(
        bpm=round(moment.vitals.heart_rate), contact=True, energy_kj=energy_kj, rr_1024=moment.vitals.rr_1024
    )
