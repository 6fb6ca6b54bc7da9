"""The command ``vitals``. Commands are imported when they are called: the base install has no server library."""

import cyclopts

from vitals import __version__
from vitals.cli.entry import run

app = cyclopts.App(
    name="vitals",
    help="Remote monitoring of vital signs: serve, look, decode, demonstrate.",
    version=__version__,
)
app.command("vitals.cli.demo.command:demo")
app.command("vitals.cli.serve:serve")
app.command("vitals.cli.status:status")
app.command("vitals.cli.tail:tail")
app.command("vitals.cli.decode:decode")
app.command("vitals.cli.alarms:app", name="alarms")
app.command("vitals.cli.score:score")
app.command("vitals.cli.rhythm:rhythm")


def main() -> int:
    """Run the command line; the exit code is documented in ``vitals.cli.entry``."""
    return run(app)
