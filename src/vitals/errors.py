"""Every error that OpenVitals raises on purpose.

VitalsError
+-- DecodeError            bytes that cannot be read as what they claim to be
|   +-- ChecksumError      a message that was damaged on its way
|   +-- UnknownVersion     a header that is sound, of a version this release cannot read
+-- ConfigurationError     a file, option or profile that cannot be used as it is
+-- StoreError             a store that refused or failed a write
|   +-- DiskFull           no room is left
|   +-- CorruptStore       a file that is not what it should be
+-- LinkError              a peer that is not there or went away
|   +-- BrokerUnavailable  the MQTT broker
|   +-- RadioError         the Bluetooth adapter or a sensor
|       +-- AdapterGone    the adapter is not there, or went away
|       +-- OutOfSlots     the adapter has no connection slot left
|       +-- LinkLost       the link to a sensor ended, or its sensor no longer answers
|       +-- SensorRefused  a sensor answered, with a refusal
+-- ConflictError          an action on something that has changed in the meantime (S9)
+-- NotFoundError          an action on something that does not exist
"""


class VitalsError(Exception):
    """The root: one line that names the cause and, where there is one, the fix."""


class DecodeError(VitalsError):
    """Bytes that cannot be read as what they claim to be."""


class ChecksumError(DecodeError):
    """A message that was damaged on its way: counted, never acknowledged."""


class UnknownVersion(DecodeError):
    """A header that is sound, of a version that this release cannot read: quarantined."""


class ConfigurationError(VitalsError):
    """A file, option or profile that cannot be used as it is."""


class StoreError(VitalsError):
    """A store that refused or failed a write."""


class DiskFull(StoreError):
    """No room is left on the disk or within the store's own bound."""


class CorruptStore(StoreError):
    """A file that is not what it should be."""


class LinkError(VitalsError):
    """A peer that is not there or went away."""


class BrokerUnavailable(LinkError):
    """The MQTT broker does not answer."""


class RadioError(LinkError):
    """The Bluetooth adapter, or a sensor behind it, failed."""


class AdapterGone(RadioError):
    """The Bluetooth adapter is not there, or went away with all its links."""


class OutOfSlots(RadioError):
    """The adapter has no connection slot left."""


class LinkLost(RadioError):
    """The link to a sensor ended, or its sensor no longer answers."""


class SensorRefused(RadioError):
    """A sensor answered a request with a refusal."""


class ConflictError(VitalsError):
    """An action on something that has changed in the meantime (S9)."""


class NotFoundError(VitalsError):
    """An action on something that does not exist."""
