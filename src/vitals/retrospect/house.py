"""The stores of a server, opened to be read from another process while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vitals.collector.config import load
from vitals.collector.profiles import load_profile
from vitals.registry.history import open_history
from vitals.retrospect.look import House
from vitals.series.reader import SqliteReader


@contextmanager
def opened(config: Path) -> Iterator[House]:
    """What the server of the configuration file *config* has recorded.

    Raises:
        ConfigurationError: the file cannot be used, or no server has run with it.
        StoreError: a store cannot be read.
    """
    settings = load(config)
    history = open_history(settings.registry)
    try:
        reader = SqliteReader(settings.series)
        try:
            yield House(history, reader, load_profile(settings.profile), settings.time_scale)
        finally:
            reader.close()
    finally:
        history.close()
