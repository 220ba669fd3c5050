"""training/data/species.py: labels and their names are right before any sound is decoded."""

import pytest

from training.data.metadata import Recording, unify_labels
from training.data.species import listed_species, name_species


def recordings(*pairs):
    """A recording a pair of label and scientific name, on the rows from 2."""
    return [
        Recording(f"{row}.wav", label, name, place=f"metadata.csv, row {row}")
        for row, (label, name) in enumerate(pairs, 2)
    ]


def test_label_of_two_words_is_its_own_name():
    found = name_species(recordings(("Parus_major", ""), ("Pica_pica", "")), ["Parus_major"])
    assert [one.scientific_name for one in found] == ["Parus major", ""]


def test_rows_without_a_name_take_that_of_their_label():
    found = name_species(recordings(("a", ""), ("a", "Ana  alba"), ("a", "Ana_alba")), ["a"])
    assert {one.scientific_name for one in found} == {"Ana alba"}


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("eurbla", ""), ("eurbla", "")], r"row 2, row 3: eurbla has no scientific_name"),
        ([("a", "Ana alba"), ("a", "Bea bona")], r"Ana alba \(.*row 2\) and Bea bona \(.*row 3\)"),
        ([("a", "Ana alba"), ("b", "Ana alba")], r"a \(.*row 2\) and b \(.*row 3\)"),
        (
            [("a", "Ana alba"), ("rare", "Ana_alba")],
            r"two labels have the scientific_name Ana alba",
        ),
    ],
)
def test_wrong_names_are_refused_by_row(pairs, words):
    with pytest.raises(ValueError, match=words):
        name_species(recordings(*pairs), sorted({label for label, _ in pairs if label != "rare"}))


@pytest.mark.parametrize("other", ["turdus_merula", "Turdus  merula", "TURDUS merula"])
def test_label_in_another_spelling_is_the_same(other):
    found = unify_labels(recordings(("Turdus_merula", ""), (other, ""), ("Pica_pica", "")))
    assert [one.primary_label for one in found] == ["Turdus_merula", "Turdus_merula", "Pica_pica"]


def test_too_few_recordings_name_the_most_and_the_option():
    with pytest.raises(ValueError, match=r"no species has 3 .*most: a 2, b 1.*--min-recordings"):
        listed_species(recordings(("a", ""), ("a", ""), ("b", "")), 3)


@pytest.mark.parametrize(
    ("count", "recordists", "is_listed"),
    [(8, 4, True), (8, 3, False), (7, 7, False), (10, 1, True)],
)
def test_species_is_listed_from_eight_recordings_by_four_recordists_on(
    count, recordists, is_listed
):
    found = recordings(*[("a", "")] * count, *[("b", "")] * 10)
    groups = [place % recordists for place in range(count)] + list(range(100, 110))
    listed = listed_species(found, 8, groups=groups, min_recordists=4)
    assert ("a" in listed) == is_listed


def test_only_label_is_refused():
    with pytest.raises(ValueError, match="a is the only species"):
        listed_species(recordings(("a", ""), ("a", "")), 2)
    assert listed_species(recordings(("a", ""), ("a", ""), ("no_bird", "")), 2) == ["a"]


def test_unlisted_species_are_other_birds_and_a_wrong_name_is_refused():
    found = recordings(*(("a", "Ana alba"), ("b", "Bea bona")) * 8)
    assert listed_species(found, 8, unlisted=["b"]) == ["a"]
    with pytest.raises(ValueError, match="--unlisted names what no recording is called: c"):
        listed_species(found, 8, unlisted=["a", "c"])
