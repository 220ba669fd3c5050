"""training/data/filters.py, and the dry run of training/prepare.py that shows what it keeps."""

from collections import Counter

import pytest

from training.data.filters import Filter, describe, keep
from training.data.mended_labels import mend
from training.data.metadata import Recording, read_metadata
from training.prepare import main

# Counted with a few lines of Perl and of Python, apart from this code.
BIRDCLEF = """\
comsan 452, skylar 450, mallar3 417, brnowl 387, gnwtea 384, dunlin 378, houspa 361,
bcnher 318, eurwig 280, gwfgoo 220, cangoo 205, bkbplo 203, rorpar 203, gadwal 186, rinphe 177,
rudtur 143, arcter 134, perfal 124, comwax 108, brant 100, sheowl 100"""


def recording(latitude=50.0, longitude=10.0, seconds=None, label="skylar", name="a"):
    return Recording(name, label, latitude=latitude, longitude=longitude, original_seconds=seconds)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (recording(), True),
        (recording(latitude=35.0), False),
        (recording(latitude=35.01), True),
        (recording(latitude=70.0), False),
        (recording(longitude=-10.0), False),
        (recording(longitude=59.99), True),
        (recording(longitude=60.0), False),
        (recording(latitude=None), False),
        (recording(longitude=None), False),
        (recording(seconds=14.99), True),
        (recording(seconds=15.0), False),
    ],
)
def test_bounds_are_open_and_unknown_places_fail(found, kept):
    assert keep([found], Filter(min_recordings=1)) == [found] * kept


def test_species_needs_enough_recordings_that_pass():
    many = [recording(name=str(number)) for number in range(3)]
    few = [recording(label="brant", name="b"), recording(label="brant", name="c", latitude=0.0)]
    assert keep([*few, *many], Filter(min_recordings=2)) == many


def test_several_recordings_of_one_page_stay():
    found = [
        Recording(name, "skylar", url="https://x/1", latitude=50.0, longitude=10.0) for name in "ab"
    ]
    assert keep(found, Filter(min_recordings=2)) == found


def test_nothing_is_asked_where_there_is_no_bound():
    far = recording(latitude=None, longitude=None, seconds=600.0)
    assert keep([far], Filter(None, None, None, 1)) == [far]


def test_most_recordings_come_first_then_the_alphabet():
    found = [recording(label=label) for label in ("b", "c", "c", "a")]
    assert describe(found) == ["c\t2", "a\t1", "b\t1", "3 species, 4 recordings"]


def test_real_archive_gives_its_species_and_counts(recordings, capsys):
    assert main(["--metadata", str(recordings / "birdclef_train_metadata.csv"), "--dry-run"]) == 0
    lines = ["\t".join(entry.split()) for entry in BIRDCLEF.split(",")]
    assert capsys.readouterr().out.splitlines() == [*lines, "21 species, 5330 recordings"]


def test_filter_can_be_set(recordings, capsys):
    bounds = ["--latitude", "-90", "90", "--longitude", "-180", "180", "--min-recordings", "1"]
    assert (
        main(["--metadata", str(recordings / "birdclef_train_metadata.csv"), "--dry-run", *bounds])
        == 0
    )
    assert capsys.readouterr().out.splitlines()[-1] == "152 species, 14852 recordings"


def test_own_folder_shows_its_listed_species(recordings, capsys):
    assert main(["--recordings", str(recordings), "--dry-run"]) == 0
    birds = mend(read_metadata(recordings / "metadata.csv"))
    counts = Counter(one.primary_label for one in birds)
    listed = sorted(
        ((label, count) for label, count in counts.items() if count >= 8),
        key=lambda item: (-item[1], item[0]),
    )
    assert len(listed) == 47
    assert capsys.readouterr().out.splitlines() == [
        *(f"{label}\t{count}" for label, count in listed),
        f"{len(listed)} species, {sum(count for _, count in listed)} recordings",
    ]


def test_wrong_call_says_what_is_missing(capsys):
    assert main([]) == 1
    assert "--recordings or --metadata" in capsys.readouterr().err
