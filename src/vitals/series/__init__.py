"""Stores of recorded series. ``base`` is the contract; every store passes one conformance suite."""
