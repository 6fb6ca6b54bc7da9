"""GATT characteristics: one module each, named as the Bluetooth SIG names it, with ``decode`` and ``encode``.

Layouts are those of the Bluetooth SIG's service specifications, number words those of IEEE 11073-20601. ``decode`` is
pure and raises only :class:`~vitals.errors.DecodeError`; ``read`` turns a notification into observations.
"""

from vitals.gatt.characteristics import CHARACTERISTICS, Characteristic, decoded_json, read

__all__ = ["CHARACTERISTICS", "Characteristic", "decoded_json", "read"]
