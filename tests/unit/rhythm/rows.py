"""Made-up rows of intervals in milliseconds; the same every time."""

import math
import random


def steady(count: int, mean: float = 800, spread: float = 12, seed: int = 1) -> list[float]:
    """A sinus rhythm at rest."""
    draw = random.Random(seed)
    return [draw.gauss(mean, spread) for _ in range(count)]


def fibrillating(count: int, mean: float = 700, spread: float = 130, seed: int = 2) -> list[float]:
    """No order at all; never as short as an artefact."""
    draw = random.Random(seed)
    return [max(310.0, draw.gauss(mean, spread)) for _ in range(count)]


def breathing(count: int, swing: float = 120, seed: int = 3) -> list[float]:
    """Respiratory sinus arrhythmia of a healthy person: as wide as fibrillation, but periodic."""
    draw = random.Random(seed)
    return [850 + swing * math.sin(2 * math.pi * beat / 4.3) + draw.gauss(0, 15) for beat in range(count)]


def ectopic(count: int, share: float, seed: int = 4) -> list[float]:
    """A sinus rhythm with premature beats, each with its pause."""
    draw = random.Random(seed)
    row: list[float] = []
    while len(row) < count:
        premature = draw.random() < share
        row += [draw.gauss(500, 40), draw.gauss(1050, 40)] if premature else [draw.gauss(800, 15)]
    return row[:count]


def bigeminal(count: int, seed: int = 5) -> list[float]:
    """Every other beat premature."""
    draw = random.Random(seed)
    return [draw.gauss(1100 if beat % 2 else 500, 12) for beat in range(count)]


def noise(count: int, seed: int = 6) -> list[float]:
    """What a heartbeat detector makes of noise: beats as soon as it is ready again, now and then a long wait."""
    draw = random.Random(seed)
    return [draw.uniform(190, 320) if draw.random() < 0.6 else draw.uniform(320, 2500) for _ in range(count)]
