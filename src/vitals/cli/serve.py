"""``vitals serve``: collector, alarms and console in one process."""

import asyncio
import logging
import sys
from pathlib import Path

from vitals.cli.entry import Exit
from vitals.errors import ConfigurationError


def serve(*, config: Path = Path("server.toml")) -> int:
    """Collect, alarm and show until SIGTERM or Ctrl-C.

    Args:
        config: the configuration file.
    """
    try:
        from vitals.cli.server import run  # noqa: PLC0415 - the server's libraries are an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[server]'") from None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    asyncio.run(run(config))
    return Exit.DONE
