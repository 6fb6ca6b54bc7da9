"""The simulated sensors: their GATT services on bumble, and how a moment becomes a payload."""
