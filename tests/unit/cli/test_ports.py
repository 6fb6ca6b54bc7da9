"""A port that nobody can listen on is refused as an option, not as a crash."""

import pytest

from vitals.cli.demo.processes import require_free_port
from vitals.errors import ConfigurationError


@pytest.mark.parametrize("port", [-5, 0, 65536, 99999])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ConfigurationError, match="--port must lie between 1 and 65535"):
        require_free_port("127.0.0.1", port)
