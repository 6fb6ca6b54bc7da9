"""``python -m vitals.cli`` is the command ``vitals``: a demonstration starts its own parts this way."""

import sys

from vitals.cli.app import main

sys.exit(main())
