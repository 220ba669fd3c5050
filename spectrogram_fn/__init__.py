"""The spectrogram Lambda: 16-bit sound in, one byte a spectrogram value out."""
