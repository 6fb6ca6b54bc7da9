"""A process that spools notifications as fast as it can, and says on stdout which are stored: to be killed."""

import sys
from pathlib import Path

from tests.spools import at, beat, opened

BATCH = 7


def main() -> None:
    path, first = Path(sys.argv[1]), int(sys.argv[2])
    spool = opened(path, first)
    number = first
    while True:
        number += 1
        spool.record([beat(number, 30 + number % 200)], at(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        if number % BATCH == 0:
            spool.close_batch(at(number))


main()
