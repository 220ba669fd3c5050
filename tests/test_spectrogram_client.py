"""The client of the spectrogram Lambda over a real socket: what it sends and takes."""

import base64
import json

import pytest
from lambda_fixtures import IMAGE, PCM, upstream_code


def test_the_whole_recording_travels_in_one_call_and_all_windows_come_back(fake, fetch):
    found = fetch()
    [(_, path, body)] = fake.requests
    assert path == "/2015-03-31/functions/bird-spectrogram/invocations"
    assert base64.b64decode(json.loads(body)["pcm"]) == PCM
    assert [(one.start_seconds, one.end_seconds, one.silent) for one in found.windows] == [
        (0, 5, False),
        (5, 6, False),
    ]
    assert len(base64.b64decode(found.windows[0].spectrogram)) == 216 * 514


WINDOW = {"start_seconds": 0.0, "end_seconds": 5.0, "silent": False, "spectrogram": IMAGE}
WRONG_SPECTROGRAMS = {
    "no windows": {"windows": []},
    "windows are missing": {"windows": None},
    "a window is no object": {"windows": [1]},
    "another size": {"windows": [{**WINDOW, "spectrogram": IMAGE[4:]}]},
    "no image": {"windows": [{**WINDOW, "spectrogram": None}]},
    "silent is a number": {"windows": [{**WINDOW, "silent": 0}]},
    "ends before it starts": {"windows": [{**WINDOW, "start_seconds": 6.0}]},
    "no time": {"windows": [{key: value for key, value in WINDOW.items() if key != "end_seconds"}]},
    "no seconds": {"audio_seconds": None},
    "negative seconds": {"audio_seconds": -1},
    "flat shape": {"shape": [111_024]},
    "empty shape": {"shape": [0, 514]},
}


@pytest.mark.parametrize("change", WRONG_SPECTROGRAMS.values(), ids=WRONG_SPECTROGRAMS.keys())
def test_a_spectrogram_answer_out_of_the_contract_is_invalid(change, fake, fetch):
    answer = {"shape": [216, 514], "audio_seconds": 5.0, "windows": [WINDOW], **change}
    fake.reply["lambda"] = (200, {}, json.dumps(answer))
    assert upstream_code(fetch) == "upstream_invalid"


def test_a_failed_function_is_an_upstream_error(fake, fetch):
    failure = json.dumps(
        {"errorMessage": "half a sample", "errorType": "ValueError", "stackTrace": []}
    )
    fake.reply["lambda"] = (200, {"X-Amz-Function-Error": "Unhandled"}, failure)
    assert upstream_code(fetch) == "upstream_error"
