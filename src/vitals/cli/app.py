"""The command ``vitals``. Commands are imported when they are called: the base install has no server library."""

import cyclopts

from vitals import __version__
from vitals.cli.entry import run

app = cyclopts.App(
    name="vitals",
    help="Remote monitoring of vital signs: serve, look, decode, demonstrate.",
    version=__version__,
)
# With its help here, a list of commands says what each does without importing it.
app.command(
    "vitals.cli.demo.command:demo",
    help="Run the whole chain with simulated sensors and print the address of the page. Everything in it is invented.",
)
app.command("vitals.cli.serve:serve", help="Collect, alarm and show until SIGTERM or Ctrl-C.")
app.command("vitals.cli.status:status", help="Say how a running server is: patients, open alarms, store, gateways.")
app.command("vitals.cli.tail:tail", help="Follow values and alarms of a running server.")
app.command("vitals.cli.decode:decode", help="Say what a notification's bytes mean, field by field.")
app.command("vitals.cli.alarms:app", name="alarms", help="Alarms of recorded courses.")
app.command("vitals.cli.score:score", help="Score observations: NEWS2 unless told otherwise. It replaces no judgement.")
app.command("vitals.cli.rhythm:rhythm", help="Find atrial fibrillation in recorded RR intervals. It is no diagnosis.")
app.command("vitals.cli.notify:app", name="notify", help="Try notification channels; who is on call, what was sent.")
app.command("vitals.cli.watchdog:watchdog", help="Page people when the path of a server fails, from elsewhere.")


def main() -> int:
    """Run the command line; the exit code is documented in ``vitals.cli.entry``."""
    return run(app)
