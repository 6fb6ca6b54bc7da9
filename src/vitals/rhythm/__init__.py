"""Rhythm from RR intervals: atrial fibrillation, bradycardia, tachycardia, as a live monitor can decide them.

Values in, values out, time as an argument. ``beats`` is what a sensor says of one beat and whether beats follow one
another without a gap, ``quality`` says whether they can be analysed, ``entropy`` measures how irregular they are;
``fibrillation`` and ``rate`` are the two detectors, each a state and a ``step``; ``spans`` turns what they say beat
by beat into intervals. Nothing here replaces an electrocardiogram read by a person.
"""
