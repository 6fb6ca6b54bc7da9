"""Alarm limits, conditions and the alarm state machine: values in, values out, time as an argument.

``profile`` reads what is to alarm, ``limits`` are its values, ``machine`` is the one state machine as a table,
``crossing`` drives it from measured values and ``lapse`` from their absence. Names follow IEC 60601-1-8.
"""
