"""Folders of recordings, and datasets made of them."""

import csv
import wave

from spectrogram_fn import spectrogram
from training.data import shards


def write_wav(path, samples):
    """Write samples [n] as a WAV that decodes to the same 16-bit values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, spectrogram.SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(shards.to_pcm(samples).tobytes())


def write_table(path, rows):
    """Write rows of the same keys as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_table(path):
    """Read the rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_recordings(folder, tone, species, recordists, seconds=6.0):
    """Write a folder of recordings: a tone for each recordist of each species (name -> hertz)."""
    rows = []
    for label, hertz in species.items():
        for number, recordist in enumerate(recordists):
            row = {
                "filename": f"{label}/{number}.wav",
                "primary_label": label,
                "recordist": recordist,
            }
            names = {"scientific_name": label.replace("_", " "), "common_name": label}
            rows.append({**row, **names, "source": "here", "note": number})
            write_wav(folder / row["filename"], tone(hertz + 10 * number, seconds))
    write_table(folder / "metadata.csv", rows)
    return folder


def contents(folder):
    """Read all files of a folder, not of those below it."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
