"""How sound travels between the parts: 16-bit little-endian mono PCM (docs/contracts.md)."""

SAMPLE_RATE = 22_050
SAMPLE_BYTES = 2
