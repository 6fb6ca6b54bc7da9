"""Simulated sensors: peripherals, a physiological model and scenarios on a virtual Bluetooth controller."""
