"""OpenVitals: remote monitoring of vital signs, from a Bluetooth sensor to a nurse's screen."""

__version__ = "0.1.0"
