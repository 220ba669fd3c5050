"""The README's first question, from a terminal."""

import json

from local import ask


def test_without_a_recording_it_sends_a_song(app, capsys):
    assert ask.main(["--url", app.api_url]) == 0
    assert json.loads(capsys.readouterr().out)["audio_seconds"] == 1.0


def test_what_is_no_recording_is_the_apis_error(app, tmp_path, capsys):
    (tmp_path / "bird.mp3").write_text("no sound")
    assert ask.main([str(tmp_path / "bird.mp3"), "--url", app.api_url]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unsupported_audio"


def test_an_api_that_does_not_run_is_one_sentence(capsys):
    assert ask.main(["--url", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "is the file there, and `make run` ready?" in said.err
