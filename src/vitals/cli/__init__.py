"""The technician's commands. Every command has ``--json``; ``entry`` turns errors into one line and an exit code."""
