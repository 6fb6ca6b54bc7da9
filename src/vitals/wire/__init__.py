"""Topics and payloads, version 1 (protocol.md; ARCHITECTURE.md, Wire).

``header`` frames a message, ``bodies`` are its MessagePack contents, ``columns`` pack observations,
``topics`` name where each goes.
"""
