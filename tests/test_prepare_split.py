"""training/data/split.py: whole groups go to one part, and every species has enough in each."""

from collections import Counter

import pytest

from training.data.build import Options, assign
from training.data.dataset import Entry
from training.data.metadata import read_folder
from training.data.split import Quotas, split_groups

LABELS = [label for label in "abc" for _ in range(20)]
GROUPS = [number // 2 for number in range(60)]
SMALL = Quotas(test_total=9)


def split(labels=LABELS, groups=GROUPS, quotas=SMALL, seed=7):
    return split_groups(labels, groups, ["a", "b", "c"], quotas=quotas, seed=seed)


@pytest.fixture(scope="module")
def real_entries(recordings):
    return assign([Entry(recording, None) for recording in read_folder(recordings)], Options())


def test_no_group_is_on_two_sides():
    assert len(set(zip(GROUPS, split(), strict=True))) == 30


def test_every_species_has_its_share():
    counts = Counter(zip(LABELS, split(), strict=True))
    for label in "abc":
        assert counts[label, "test"] == 4
        assert counts[label, "calibration"] == 2


def test_same_seed_gives_the_same_parts_and_another_seed_others():
    assert split() == split()
    assert split() != split(seed=8)


def test_busy_group_goes_to_train():
    groups = [0] * 12 + list(range(1, 9)) + GROUPS[20:]
    assert split(groups=groups)[0] == "train"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "huge",
    [
        {"a": 12, "b": 12, "c": 12},  # A whole test part of one recordist would meet every share.
        {"a": 20, "b": 0, "c": 15},
        {"a": 9, "b": 9, "c": 4},
    ],
)
def test_huge_group_never_rules_a_held_back_part(huge, seed):
    labels, groups = [], []
    for label, of_one in huge.items():
        labels += [label] * 60
        groups += [0] * of_one + [1000 * ord(label) + n for n in range(60 - of_one)]
    numbers = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    parts = split(labels, [numbers[group] for group in groups], Quotas(), seed)
    for part in ("calibration", "test"):
        largest = Counter(
            group for group, there in zip(groups, parts, strict=True) if there == part
        )
        assert max(largest.values()) <= 0.15 * parts.count(part)


def test_huge_group_with_one_recording_of_each_species_is_not_held_back():
    """It meets all minimums of calibration at once: a search that has it never leaves it."""
    names = [chr(letter) for letter in range(ord("a"), ord("z"))]
    labels = [name for name in names for _ in range(12)]
    groups = [0 if place % 12 == 0 else place for place in range(len(labels))]
    numbers = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    renumbered = [numbers[group] for group in groups]
    assert split_groups(labels, renumbered, names, quotas=Quotas(), seed=1)[0] == "train"


def test_huge_group_is_held_back_where_a_minimum_needs_it():
    labels = [label for label in "abc" for _ in range(60)]
    groups = [number if number < 120 else 120 + (number - 120) // 20 for number in range(180)]
    parts = split(labels, groups, Quotas())
    assert {part for label, part in zip(labels, parts, strict=True) if label == "c"} == {
        *("train", "calibration", "test")
    }


def test_species_of_one_recordist_is_named_as_impossible():
    groups = [0] * 20 + GROUPS[20:]
    with pytest.raises(
        ValueError, match=r"minimums asked for; a: 0 of 1 in train; a: 0 of 1 in calibration$"
    ):
        split(groups=groups)


def test_smaller_minimums_can_be_asked_for():
    groups = [0] * 20 + GROUPS[20:]
    parts = split(groups=groups, quotas=Quotas(test_minimum=0, calibration_minimum=0, test_total=5))
    assert set(parts[:20]) == {"train"}


def test_test_part_must_be_large_enough_in_all():
    with pytest.raises(ValueError, match=r"all listed species: \d+ of 61 in test"):
        split(quotas=Quotas(test_total=61))


@pytest.mark.parametrize("shares", [(0.6, 0.4), (-0.1, 0.1)])
def test_shares_must_leave_something_to_train_on(shares):
    with pytest.raises(ValueError, match="leave something to train on"):
        Quotas(*shares)


def test_real_split_holds_back_enough_of_every_listed_species(real_entries):
    counts = Counter(
        entry.recording.primary_label for entry in real_entries if entry.part == "test"
    )
    everything = Counter(entry.recording.primary_label for entry in real_entries)
    listed = [label for label, count in everything.items() if count >= 10 and label != "no_bird"]
    total = sum(everything[label] for label in listed)
    assert min(counts[label] for label in listed) >= 3
    assert 0.17 * total < sum(counts[label] for label in listed) < 0.21 * total


@pytest.mark.parametrize("field", ["recordist", "url", "xc_id", "freesound_id"])
def test_nothing_that_ties_recordings_is_on_two_sides_of_the_real_split(real_entries, field):
    sides = {}
    for entry in real_entries:
        if value := getattr(entry.recording, field):
            sides.setdefault(value, set()).add(entry.part)
    assert all(len(parts) == 1 for parts in sides.values())


def test_recordings_without_a_recordist_stay_with_their_source_in_the_real_split(real_entries):
    sides = {}
    for entry in real_entries:
        if not entry.recording.recordist and entry.recording.primary_label != "no_bird":
            sides.setdefault(entry.recording.source, set()).add(entry.part)
    assert all(len(parts) == 1 for parts in sides.values())


def test_real_test_part_hears_many_recordists(real_entries):
    everything = Counter(
        entry.recording.primary_label for entry in real_entries if entry.recording.recordist
    )
    test = [
        entry
        for entry in real_entries
        if entry.part == "test" and everything[entry.recording.primary_label] >= 10
    ]
    groups = Counter(entry.group for entry in test)
    assert len(groups) > 60
    assert max(groups.values()) < 0.15 * len(test)
