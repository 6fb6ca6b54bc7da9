"""What every watch goes by."""

import msgspec

from vitals.alarms.profile import Profile
from vitals.delays import Delays


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Delays and profile, scaled already."""

    delays: Delays
    profile: Profile

    @property
    def realarm_ms(self) -> float:
        """How long an acknowledged high may persist (S8)."""
        return self.delays.realarm_s * 1000

    @property
    def held_ms(self) -> float:
        """The longest gap that holds a delay (S12), and how long a sensor counts as measuring."""
        return self.delays.gap_held_s * 1000
