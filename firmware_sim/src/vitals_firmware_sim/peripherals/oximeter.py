"""The pulse oximeter: Pulse Oximeter Service, continuous and spot-check (Bluetooth SIG, PLXS 1.0)."""

from collections.abc import Callable
from typing import Final

from vitals.gatt import battery_level, plx_continuous_measurement, plx_features, plx_spot_check_measurement
from vitals.gatt.ieee11073 import Special
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement
from vitals.gatt.plx_features import Feature, PlxFeatures
from vitals.gatt.plx_spot_check_measurement import PlxSpotCheckMeasurement
from vitals.gatt.pulse_oximetry import DeviceStatus, MeasurementStatus
from vitals_firmware_sim.air import Air
from vitals_firmware_sim.ledger import Ledger
from vitals_firmware_sim.peripherals import services
from vitals_firmware_sim.peripherals.peripheral import Peripheral
from vitals_firmware_sim.peripherals.services import Identity
from vitals_firmware_sim.script import Moment

BATTERY_EVERY_S: Final = 60.0
SPOT_CHECK_AFTER_S: Final = 5.0
SPOT_CHECK_EVERY_S: Final = 300.0

_SHAKEN: Final = 0.5
"""Motion from which on the values are questionable."""
_FAINT: Final = 0.4
"""Perfusion index, in %, below which the device says so."""
_MEASUREMENT_STATUS: Final = (
    MeasurementStatus.EARLY_ESTIMATE | MeasurementStatus.FULLY_QUALIFIED | MeasurementStatus.QUESTIONABLE
)
_DEVICE_STATUS: Final = DeviceStatus.POOR_SIGNAL | DeviceStatus.LOW_PERFUSION | DeviceStatus.UNCONNECTED_TO_USER
_FEATURES: Final = PlxFeatures(
    features=Feature.MEASUREMENT_STATUS | Feature.DEVICE_STATUS | Feature.PULSE_AMPLITUDE_INDEX,
    measurement_status_support=int(_MEASUREMENT_STATUS),
    device_status_support=int(_DEVICE_STATUS),
)


class Oximeter:
    """A finger-clip oximeter."""

    def __init__(
        self, identity: Identity, *, air: Air, ledger: Ledger, begun: Callable[[], None], battery: int = 97
    ) -> None:
        self._battery = battery
        pulse_oximeter = services.service(
            services.PULSE_OXIMETER,
            services.indicated("2A5E"),
            services.notified("2A5F"),
            services.constant("2A60", plx_features.encode(_FEATURES)),
        )
        charge = services.service(services.BATTERY, services.battery_level(lambda: battery_level.encode(self._battery)))
        self.peripheral = Peripheral(
            identity,
            [pulse_oximeter, charge, services.device_information_service(identity)],
            air=air,
            ledger=ledger,
            begun=begun,
        )

    async def measure(self, moment: Moment) -> None:
        """Tell what there is to tell at a moment of a script."""
        await self.show(measurement(moment), at_s=moment.at_s, battery=moment.battery)

    async def show(self, shown: PlxContinuousMeasurement, *, at_s: float, battery: int) -> None:
        """Tell a measurement, wherever it comes from."""
        self._battery = battery
        await self.peripheral.notify("2A5F", plx_continuous_measurement.encode(shown))
        if self.peripheral.due("2A5E", at_s, every_s=SPOT_CHECK_EVERY_S, first_after_s=SPOT_CHECK_AFTER_S):
            self.peripheral.indicate("2A5E", plx_spot_check_measurement.encode(spot_check(shown)))
        if self.peripheral.due("2A19", at_s, every_s=BATTERY_EVERY_S):
            await self.peripheral.notify("2A19", battery_level.encode(battery))


def measurement(moment: Moment) -> PlxContinuousMeasurement:
    """What an oximeter says at a moment: whole numbers, as its display; none with the finger out."""
    if not moment.finger_on:
        return PlxContinuousMeasurement(
            spo2=Special.NAN,
            pr=Special.NAN,
            measurement_status=0,
            device_status=int(DeviceStatus.UNCONNECTED_TO_USER),
            pai=Special.NAN,
        )
    vitals = moment.vitals
    device = DeviceStatus(0)
    qualified = MeasurementStatus.EARLY_ESTIMATE if moment.settling else MeasurementStatus.FULLY_QUALIFIED
    if vitals.motion >= _SHAKEN:
        device |= DeviceStatus.POOR_SIGNAL
        qualified = MeasurementStatus.QUESTIONABLE
    if vitals.perfusion_index < _FAINT:
        device |= DeviceStatus.LOW_PERFUSION
    return PlxContinuousMeasurement(
        spo2=round(vitals.spo2),
        pr=round(vitals.pulse_rate),
        measurement_status=int(qualified),
        device_status=int(device),
        pai=round(vitals.perfusion_index, 2),
    )


def spot_check(shown: PlxContinuousMeasurement) -> PlxSpotCheckMeasurement:
    """The same as a spot-check; the device has no clock, so it has no time."""
    return PlxSpotCheckMeasurement(
        spo2=shown.spo2,
        pr=shown.pr,
        measurement_status=shown.measurement_status,
        device_status=shown.device_status,
        pai=shown.pai,
    )
