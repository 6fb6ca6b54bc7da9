"""What of a server's stores is to be replayed: the options of ``vitals alarms replay --patient``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Stored:
    """The stored course of a patient.

    Attributes:
        patient: whose stored course is replayed in place of a file: identifier or record number, or all.
        from_: from this moment, 2026-11-22T03:00 at the patient's site or with an offset; a day before the end.
        to: until this moment; until now.
        config: the configuration file of the server whose stores are read.
        picture: write a picture to this file, .png or .svg.
        keep_prescribed: what was prescribed for the patient stays in force over the proposed profile.
    """

    patient: str | None = None
    from_: Annotated[str | None, Parameter(name="--from")] = None
    to: str | None = None
    config: Path = Path("server.toml")
    picture: Path | None = None
    keep_prescribed: Annotated[bool, Parameter(negative="")] = False
