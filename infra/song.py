"""A made-up song, for whoever needs a sound: no recording of anybody's ships with the product."""

import math
from array import array

# Of 32,767: louder than a quiet recording, far from clipping.
AMPLITUDE = 10_000


def make_song(seconds: float, sample_rate: int) -> "array[int]":
    """Return 16-bit samples of a whistle that falls from 5 to 3 kHz, once a second."""
    times = (number % sample_rate / sample_rate for number in range(round(seconds * sample_rate)))
    # The frequency is the derivative of the phase in turns: 5,000 - 2,000 t Hz.
    turns = ((5_000 - 1_000 * time) * time for time in times)
    return array("h", (round(AMPLITUDE * math.sin(2 * math.pi * turn)) for turn in turns))
