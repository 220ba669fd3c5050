"""How loud the channels of a recording are, and what follows (docs/contracts.md, "Channels")."""

from collections.abc import Sequence
from dataclasses import dataclass

# Power in parts of full scale: -80 dB (docs/contracts.md).
SILENT_POWER = 10.0**-8
# A recording whose peak lies below -36 dB of full scale is raised where its file holds more than
# 16 bits a sample: rounded to 16 bits it would keep 10 of them at most.
QUIET_PEAK = 2.0**-6
RAISED_PEAK = 0.5
# 100 dB: what float holds below that is the dust of a computation.
MAX_GAIN = 1e5


@dataclass(frozen=True)
class Level:
    """Of one channel, in parts of full scale: its mean, and without it its peak and power."""

    offset: float
    peak: float
    power: float


@dataclass(frozen=True)
class Levels:
    """Of the mean of all channels, and of each channel."""

    mean: Level
    channels: tuple[Level, ...]


@dataclass(frozen=True)
class Pick:
    """The channel that is heard (None: the mean of all), its level, and what it is raised by."""

    channel: int | None
    level: Level
    gain: float

    @property
    def is_silent(self) -> bool:
        """Whether it stays silent even when it is raised."""
        return self.level.power * self.gain**2 < SILENT_POWER


def pick(levels: Levels, *, may_raise: bool) -> Pick:
    """Return which channel of measured ones is heard, and how loud it becomes."""
    channel = choose(levels.mean.power, [channel.power for channel in levels.channels])
    level = levels.mean if channel is None else levels.channels[channel]
    return Pick(channel, level, gain(level.peak) if may_raise else 1.0)


def choose(mean_power: float, powers: Sequence[float]) -> int | None:
    """Return the loudest channel (the first of equals) where the mean of all is nothing; or None.

    The mean is nothing where it is silent, and where the channels cancel: where their sum has less
    than half the power of the loudest one. Channels that have nothing to do with each other add up
    to more, and so does one among silent ones; one that is wired upside down takes sound away.
    """
    loudest = max(powers)
    cancel = len(powers) ** 2 * mean_power < loudest / 2
    silent = mean_power < SILENT_POWER <= loudest
    return powers.index(loudest) if cancel or silent else None


def gain(peak: float) -> float:
    """Return what brings a peak into the range of 16 bits; 1 where it is there, or is nothing."""
    if not peak or QUIET_PEAK <= peak <= 1.0:
        return 1.0
    return min(RAISED_PEAK / peak, MAX_GAIN)
