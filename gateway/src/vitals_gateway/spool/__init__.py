"""The spool: everything a sensor said, on disk before it is sent, until the collector holds it (protocol.md).

``tables`` is the file, ``batches`` and ``streams`` its contents, ``assembly`` turns notifications into messages,
``room`` makes room in a full one and ``salvage`` saves what it can of a broken one. ``file`` puts them together:
synchronous, one thread, time as an argument; ``worker`` is that thread.
"""
