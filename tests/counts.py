"""How often a repeated test repeats: few in ``make test``, all in ``make test-long`` (VITALS_COUNTS=full)."""

import os


def full() -> bool:
    """Whether this is a long run."""
    return os.environ.get("VITALS_COUNTS") == "full"


def count(*, short: int, long: int) -> int:
    """The number for this run."""
    return long if full() else short
