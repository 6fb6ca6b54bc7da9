"""From ``vitals demo`` to the first value on the page: ``python -m benchmarks.first_value`` prints one JSON object.

Warm: the environment exists and its files are in the page cache. The page itself is asked over HTTP as a browser would.
"""

import json
import subprocess
import sys
import tempfile
import time

from vitals.cli.demo.processes import STOP_S, free_port
from vitals.cli.remote import get
from vitals.errors import LinkError

ROUNDS = 3
WITHIN_S = 60.0


def main() -> None:
    rounds = [measure() for _ in range(ROUNDS)]
    print(json.dumps({"address_s": min(r[0] for r in rounds), "first_value_s": sorted(r[1] for r in rounds)}))


def measure() -> tuple[float, float]:
    """Seconds until the address is printed, and until some patient has a value."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ov-") as folder:
        began = time.perf_counter()
        demo = subprocess.Popen(
            [sys.executable, "-m", "vitals.cli", "demo", "--port", str(port), "--state", folder],
            stdout=subprocess.PIPE,
        )
        try:
            assert demo.stdout is not None
            demo.stdout.readline()
            address_s = time.perf_counter() - began
            while not shows_a_value(port):
                assert time.perf_counter() - began < WITHIN_S, "no value"
                time.sleep(0.02)
            return round(address_s, 2), round(time.perf_counter() - began, 2)
        finally:
            demo.terminate()
            demo.wait(4 * STOP_S)


def shows_a_value(port: int) -> bool:
    try:
        tiles = get(f"http://localhost:{port}", "/api/v1/snapshot")["tiles"]
    except LinkError:
        return False
    return any(shown["value"] is not None for tile in tiles for shown in tile["shown"].values())


if __name__ == "__main__":
    main()
