"""Looking back: what a profile would have made of a patient's stored course, beside what was in force then.

It reads the stores that a server writes, from a process of its own; nothing here runs in the alarm loop.
"""
