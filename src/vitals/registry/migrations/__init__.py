"""Alembic migrations, shipped with the package and applied when a registry is opened.

Expand first: a revision may add tables, columns with a default, and indices. What it replaces is removed one
release later, so that a roll-back of the software runs on the new registry.
"""
