"""The form in which sound travels between the parts: 16-bit little-endian mono PCM at 22,050 Hz (docs/contracts.md)."""

SAMPLE_RATE = 22_050
SAMPLE_BYTES = 2
