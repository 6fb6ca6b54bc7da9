"""The collector's timeline: the one that everything with deadlines shares."""

from vitals.timeline import Timeline

__all__ = ["Timeline"]
