"""An address that cannot be one is refused before anything is sent."""

import pytest

from vitals.cli import remote
from vitals.errors import ConfigurationError


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "ftp://host", "http://", "http://localhost:99999", "http://localhost:many", "http://[::1"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write http://HOST:PORT"):
        remote.get(url, "/")
    with pytest.raises(ConfigurationError, match="write http://HOST:PORT"):
        next(remote.events(url, "/"))
