"""The little-endian fields of a characteristic's value, read one after another."""

from vitals.errors import DecodeError
from vitals.gatt.ieee11073 import Number, decode_sfloat


class Fields:
    """A payload and how far it has been read."""

    def __init__(self, characteristic: str, payload: bytes) -> None:
        self._characteristic = characteristic
        self._payload = payload
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet: after the last field, what the sender should not have sent."""
        return len(self._payload) - self._at

    def unsigned(self, width: int) -> int:
        """The next *width* bytes as an unsigned integer.

        Raises:
            DecodeError: the payload ends before them.
        """
        if self.left < width:
            raise DecodeError(
                f"{self._characteristic}: truncated after {len(self._payload)} of at least {self._at + width} bytes",
            )
        field = self._payload[self._at : self._at + width]
        self._at += width
        return int.from_bytes(field, "little")

    def sfloat(self) -> Number:
        """The next two bytes as an SFLOAT. Raises DecodeError."""
        return decode_sfloat(self.unsigned(2))
