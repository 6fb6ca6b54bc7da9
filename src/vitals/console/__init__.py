"""The web console: what a nurse sees and hears, and the one thing that she does about it.

``app`` builds the application from a :class:`vitals.ward.Ward`, ``serve`` runs it on a running event loop,
``rehearsal`` is a ward without patients for tests, pictures and designers.
"""
