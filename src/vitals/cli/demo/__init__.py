"""The demonstration: every part of the chain as a process of its own, on one machine, with simulated sensors."""
