"""What every watch goes by."""

import msgspec

from vitals.alarms.profile import Profile
from vitals.delays import Delays
from vitals.scores.findings import DEFAULT_AGE_LIMITS, AgeLimits
from vitals.scores.table import Table


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Delays and profile, scaled already by *scale*; *tables* are a site's own scores by name."""

    delays: Delays
    profile: Profile
    tables: dict[str, Table] = {}
    scale: float = 1.0

    @property
    def ages(self) -> AgeLimits:
        """How long findings count in a score."""
        return DEFAULT_AGE_LIMITS.scaled(self.scale)

    @property
    def realarm_ms(self) -> float:
        """How long an acknowledged high may persist (S8)."""
        return self.delays.realarm_s * 1000

    @property
    def held_ms(self) -> float:
        """The longest gap that holds a delay (S12), and how long a sensor counts as measuring."""
        return self.delays.gap_held_s * 1000
