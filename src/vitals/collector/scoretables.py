"""A site's own score tables, and whether every score that the server's profile prescribes can be computed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vitals.alarms.profile import Profile
from vitals.errors import ConfigurationError
from vitals.scores import configured, named
from vitals.scores.table import Table

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def load_tables(files: Mapping[str, Path]) -> dict[str, Table]:
    """The tables by name.

    Raises:
        ConfigurationError: one line that names the file, or the name, that cannot be used.
    """
    tables = {}
    for name, path in files.items():
        if name in named.BUILT_IN or not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"scores.{name}: a table of your own needs another name (small letters, digits and _; "
                f"{' and '.join(named.BUILT_IN)} are built in)"
            )
        try:
            tables[name] = configured.parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"scores.{name}: {path} cannot be read: {error}") from None
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from None
    return tables


def require_scores(profile: Profile, tables: Mapping[str, Table]) -> None:
    """See that every score of *profile* can be computed. Raises ConfigurationError."""
    for name, rule in profile.scores.items():
        try:
            named.find(name, rule.spo2_scale, rule.priorities, tables)
        except ConfigurationError as error:
            raise ConfigurationError(f"profile {profile.name}: {error}") from None
