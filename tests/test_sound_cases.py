"""The API says of every sound of the table what the table expects; the page's half is its own."""

import pytest
import sound_cases
from sound_cases import CASES, HEARD

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def shipped(app):
    if app.model.name != "model":
        pytest.skip("needs the model that ships")


@pytest.fixture(scope="module")
def song():
    return sound_cases.song()


@pytest.fixture(scope="module")
def plain(app, song):
    """The answer to the song as a plain WAV."""
    return app.classify(sound_cases.wav(song))[1]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_api_says_what_the_table_expects(case, app, song, plain, tmp_path):
    status, answer = app.classify(case.make(song, tmp_path))
    if case.expected == HEARD:
        assert status == 200, answer
        best, expected = answer["species"][0], plain["species"][0]
        assert best["name"] == expected["name"]
        assert best["probability"] == pytest.approx(expected["probability"], abs=0.25)
        assert answer["verdict"] != "no_bird"
        assert answer["audio_seconds"] == pytest.approx(case.seconds, abs=0.15)
    else:
        assert answer["error"]["code"] == case.expected


def test_each_case_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES)
