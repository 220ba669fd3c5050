"""Interleaved 16-bit sound -> one channel (docs/contracts.md, "Channels")."""

import warnings
from collections.abc import Iterator, Sequence

from .levels import Level, choose
from .pcm import SAMPLE_BYTES, SAMPLE_RATE

with warnings.catch_warnings():
    # pydub looks for an ffmpeg that we never let it call, and for a module that Python 3.13 drops.
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg or avconv", RuntimeWarning)
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", "invalid escape sequence", SyntaxWarning)
    import audioop

    from pydub import AudioSegment

FULL_SCALE = 32_768
# So much is taken apart at a time: an hour of sound is not held three times.
BLOCK_FRAMES = 2**18
SUM_BYTES = 4


def mix(pcm: bytes, channels: int) -> bytes:
    """Return the mean of all channels, or the loudest one where the mean is nothing."""
    if channels == 1:
        return pcm
    mean, mean_energy, energies = bytearray(), 0.0, [0.0] * channels
    for block in _blocks(pcm, channels):
        parts = block.split_to_mono()
        mixed = block.set_channels(1) if channels == 2 else _mean(parts)
        mean += mixed.raw_data
        mean_energy += _energy(mixed)
        energies = [energy + _energy(part) for energy, part in zip(energies, parts, strict=True)]
    size = max(len(mean), 1)
    chosen = choose(mean_energy / size, [energy / size for energy in energies])
    if chosen is None:
        return bytes(mean)
    return b"".join(block.split_to_mono()[chosen].raw_data for block in _blocks(pcm, channels))


def level(pcm: bytes) -> Level:
    """Return how loud one channel of PCM is."""
    segment = _segment(pcm, 1)
    offset = segment.get_dc_offset()
    peak = segment.max / FULL_SCALE
    return Level(offset, max(peak - abs(offset), 0.0), _energy(segment) / max(len(pcm), 1))


def _blocks(pcm: bytes, channels: int) -> Iterator[AudioSegment]:
    size = BLOCK_FRAMES * channels * SAMPLE_BYTES
    for start in range(0, len(pcm), size):
        yield _segment(pcm[start : start + size], channels)


def _segment(pcm: bytes, channels: int) -> AudioSegment:
    return AudioSegment(
        data=pcm, sample_width=SAMPLE_BYTES, frame_rate=SAMPLE_RATE, channels=channels
    )


def _mean(parts: Sequence[AudioSegment]) -> AudioSegment:
    """Return the mean of channels, added up in 32 bits."""
    total = bytes(len(parts[0].raw_data) // SAMPLE_BYTES * SUM_BYTES)
    for part in parts:
        wide = audioop.lin2lin(part.raw_data, SAMPLE_BYTES, SUM_BYTES)
        total = audioop.add(total, audioop.mul(wide, SUM_BYTES, 1 / len(parts)), SUM_BYTES)
    return _segment(audioop.lin2lin(total, SUM_BYTES, SAMPLE_BYTES), 1)


def _energy(segment: AudioSegment) -> float:
    """Power in parts of full scale, without the mean, times the length in bytes."""
    power = (segment.rms / FULL_SCALE) ** 2 - segment.get_dc_offset() ** 2
    return float(max(power, 0.0) * len(segment.raw_data))
