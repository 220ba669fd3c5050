"""training/data/grouping.py: what must stay on one side of the split."""

import pytest

from training.data.grouping import group_recordings, person_keys
from training.data.metadata import Recording, read_folder


def groups_of(*recordings):
    return group_recordings(
        [Recording(str(index), "label", **fields) for index, fields in enumerate(recordings)]
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Patrik Åberg", "Patrik Ã\x85berg"),
        ("Patrik Åberg", "Patrik Ã…berg"),
        ("Patrik Åberg", "Patrik berg"),
        ("Thomas Lüthi", "Thomas LÃ¼thi"),
        ("Timo Schnabel", "Timo Schnabel "),
        ("Johannes Buhl", "buhl johannes"),
        ("Matthias Hemprich", "Hemprich,M."),
        ("Bodo Sonnenburg", "Sonnenburg"),
        ("Frank A. Roos", "Frank Roos"),
        ("Fernand DEROUSSEN", "Fernand Deroussen"),
        ("Francesco Sottile", "Francesco Sottile (original recording: by Giuseppe Martino)"),
    ],
)
def test_spellings_of_one_recordist_share_a_key(one, other):
    assert person_keys(one) & person_keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Frank Lambert", "Frank Holzapfel"), ("Lars Buckx", "Lars Burnus")]
)
def test_first_name_alone_does_not_join_people(one, other):
    assert not person_keys(one) & person_keys(other)


def test_shared_url_number_or_recordist_joins_a_chain():
    assert groups_of(
        {"recordist": "Ann Lee", "url": "u1"},
        {"recordist": "Bo Ek", "url": "u1"},
        {"recordist": "Bo Ek", "xc_id": "9"},
        {"recordist": "Cy Day", "xc_id": "9"},
        {"recordist": "Di Fox"},
    ) == [0, 0, 0, 0, 1]


def test_clips_without_a_bird_are_grouped_by_the_file_that_they_were_cut_from():
    names = ["rain/roof-1", "rain/roof-2", "rain/tent-1", "bar/roof-1", "wind/7", "wind/8"]
    clips = [Recording(f"no_bird/{name}.ogg", "no_bird", source="freesound") for name in names]
    assert group_recordings(clips) == [0, 0, 1, 2, 3, 3]


def test_unknown_recordists_are_grouped_by_source():
    assert groups_of(
        {"source": "a"}, {"source": "b"}, {"source": "a"}, {"source": "a", "recordist": "Ann Lee"}
    ) == [
        0,
        1,
        0,
        2,
    ]


def test_clips_without_birds_are_grouped_by_their_recording():
    clips = [{"source": "freesound", "freesound_id": number} for number in ("1", "2", "1")]
    assert groups_of(*clips) == [0, 1, 0]


def test_busiest_real_recordist_is_one_person_in_four_spellings(recordings):
    found = read_folder(recordings)
    groups = group_recordings(found)
    spellings = {
        recording.recordist
        for recording in found
        if recording.recordist.endswith("berg") and "Patrik" in recording.recordist
    }
    assert len(spellings) == 4
    assert (
        len(
            {
                group
                for recording, group in zip(found, groups, strict=True)
                if recording.recordist in spellings
            }
        )
        == 1
    )
