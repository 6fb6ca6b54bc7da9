"""A day of a ward of simulated patients at home: ``python -m benchmarks.day``.

Not part of the product: it invents patients and nurses, and every figure depends on how they were invented. What it
runs is the product: the alarm desk, its registry and series store, the notifier, under a clock that is told the time.
"""
