"""training/data/http.py, download.py: against a server that plays both archives, with faults."""

import io
import json
import threading
import urllib.parse
import wave
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from training.data.download import (
    Kaggle,
    XenoCanto,
    download,
    kaggle_headers,
    narrow,
    xeno_canto_key,
)
from training.data.filters import Filter
from training.data.http import ATTEMPTS, Fetcher, FetchError, GoneError, RefusedError
from training.data.metadata import Recording
from training.prepare import main


def make_wav(seconds=1.0):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 22_050, 0, "NONE", ""))
        sound.writeframes(
            np.random.default_rng(1)
            .integers(-9_000, 9_000, round(22_050 * seconds), np.int16)
            .tobytes()
        )
    return file.getvalue()


SOUND = make_wav()


class Archive:
    """A server whose files, and whose faults for the next requests of a path, a test sets."""

    def __init__(self):
        self.files, self.faults, self.asked = {}, defaultdict(deque), []
        archive = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                archive.asked.append((self.path, dict(self.headers)))
                path = urllib.parse.urlsplit(self.path).path
                fault = archive.faults[path].popleft() if archive.faults[path] else send_file
                fault(self, archive.files.get(path))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


def answer(handler, status, body, **headers):
    handler.send_response(status)
    for name, value in {"Content_Length": len(body), **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def send_file(handler, content):
    if content is None:
        return answer(handler, 404, b"gone")
    start = int(handler.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
    if start == 0:
        return answer(handler, 200, content)
    if start >= len(content):
        return answer(handler, 416, b"")
    return answer(
        handler,
        206,
        content[start:],
        Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}",
    )


def cut(handler, content):
    start = int(handler.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
    answer(
        handler,
        206 if start else 200,
        content[start : start + 10_000],
        Content_Length=len(content) - start,
        **({"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}),
    )


def status(code, **headers):
    return lambda handler, _: answer(handler, code, b"no", **headers)


def ignore_range(handler, content):
    answer(handler, 200, content)


def other_range(handler, content):
    answer(handler, 206, content[5:], Content_Range=f"bytes 5-{len(content) - 1}/{len(content)}")


def hang_up(handler, _):
    handler.close_connection = True


def html(handler, _):
    answer(handler, 200, b"<html>Please log in</html>", Content_Type="text/html")


@pytest.fixture
def archive():
    made = Archive()
    made.files["/17/download"] = SOUND
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def fetch(archive, waits, tmp_path):
    """Download recording 17; the pauses between requests are in `waits` as 0.5."""

    def run(number=17):
        fetcher = Fetcher(pause_seconds=0.5, sleep=waits.append)
        recording = Recording(f"{number}.wav", "skylar", xc_id=str(number))
        return download([recording], tmp_path, XenoCanto(archive.address), fetcher)

    return run


def waited(waits):
    return [seconds for seconds in waits if seconds != 0.5]


def test_file_arrives_whole_and_is_fetched_once(archive, fetch, tmp_path):
    assert fetch() == []
    assert fetch() == []
    assert (tmp_path / "17.wav").read_bytes() == SOUND
    assert len(archive.asked) == 1
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("faults", "expected_waits"),
    [
        ([status(429, Retry_After=7)], [7]),
        ([status(429)], [2]),
        ([status(500), status(503, Retry_After=1)], [2, 4]),
        ([hang_up], [2]),
        ([cut], [2]),
        ([cut, cut], [2, 4]),
        ([cut, ignore_range], [2]),
        ([cut, other_range], [2, 4]),
        ([cut, status(416)], [2, 4]),
    ],
)
def test_passing_fault_is_waited_out(archive, fetch, waits, tmp_path, faults, expected_waits):
    archive.faults["/17/download"].extend(faults)
    assert fetch() == []
    assert (tmp_path / "17.wav").read_bytes() == SOUND
    assert waited(waits) == expected_waits


def test_cut_download_goes_on_where_it_was(archive, fetch):
    archive.faults["/17/download"].extend([cut, cut])
    fetch()
    assert [headers.get("Range") for _, headers in archive.asked] == [
        None,
        "bytes=10000-",
        "bytes=20000-",
    ]


def test_stopped_run_goes_on_where_it_was(archive, fetch, tmp_path):
    (tmp_path / "17.wav.part").write_bytes(SOUND[:12_345])
    assert fetch() == []
    assert archive.asked[0][1]["Range"] == "bytes=12345-"
    assert (tmp_path / "17.wav").read_bytes() == SOUND


def test_file_that_changed_in_between_is_fetched_anew(archive, fetch, tmp_path):
    (tmp_path / "17.wav.part").write_bytes(b"x" * 12_345)
    assert fetch() == []
    assert (tmp_path / "17.wav").read_bytes() == SOUND


def test_date_in_retry_after_is_understood(archive, fetch, waits):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    archive.faults["/17/download"].append(status(429, Retry_After=moment))
    assert fetch() == []
    assert 50 < waited(waits)[0] <= 100


def test_every_request_is_preceded_by_a_pause(archive, fetch, waits):
    archive.faults["/17/download"].append(status(500))
    fetch()
    assert waits == [0.5, 2.0, 0.5]


def test_lasting_fault_is_given_up_and_listed(archive, fetch, waits, tmp_path):
    archive.faults["/17/download"].extend([status(500)] * ATTEMPTS)
    assert fetch() == [
        f"17.wav: {archive.address}/17/download: 6 attempts failed, the last one so: status 500"
    ]
    assert waited(waits) == [2, 4, 8, 16, 32]
    assert not (tmp_path / "17.wav").exists()


@pytest.mark.parametrize(
    ("fault", "words"), [(html, "of no use: unsupported_audio"), (status(404), "status 404")]
)
def test_what_is_no_audio_is_listed_and_not_asked_for_again(archive, fetch, tmp_path, fault, words):
    archive.faults["/17/download"].append(fault)
    assert words in fetch()[0]
    assert len(archive.asked) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(401), "is the key right"),
        (status(403), "key"),
        (status(429, Retry_After=3600), "3600 s"),
    ],
)
def test_archive_that_turns_us_away_ends_the_run(archive, fetch, fault, words):
    archive.faults["/17/download"].append(fault)
    with pytest.raises(RefusedError, match=words):
        fetch()


def test_archive_that_is_down_ends_the_run(archive, waits, tmp_path):
    recordings = [Recording(f"{number}.wav", "skylar", xc_id=str(number)) for number in range(50)]
    for number in range(50):
        archive.faults[f"/{number}/download"].append(html)
    with pytest.raises(RefusedError, match="5 failures in a row"):
        download(recordings, tmp_path, XenoCanto(archive.address), Fetcher(sleep=waits.append))
    assert len(archive.asked) == 5


def test_key_is_shown_to_no_other_host(archive, tmp_path):
    other = f"http://localhost:{archive.server.server_port}/17/download"
    archive.files["/moved"] = b""
    archive.faults["/moved"].append(status(302, Location=other))
    fetcher = Fetcher({"Authorization": "Bearer secret"}, sleep=lambda _: None)
    fetcher.download(f"{archive.address}/moved", tmp_path / "a.wav", lambda _: None)
    assert [headers.get("Authorization") for _, headers in archive.asked] == ["Bearer secret", None]


def test_key_in_an_address_is_in_no_message():
    assert "secret" not in str(FetchError("https://a/b?key=secret", "status 500"))


def test_kaggle_is_asked_for_one_file_of_the_competition(archive):
    recording = Recording("skylar/XC17.ogg", "skylar")
    url = Kaggle("birdclef-2022", address=archive.address).url(recording)
    api = f"{archive.address}/api/v1/competitions/data/download"
    assert url == f"{api}/birdclef-2022/train_audio%2Fskylar%2FXC17.ogg"


def test_kaggle_of_2021_has_names_without_folders():
    url = Kaggle("birdclef-2021", "train_short_audio").url(Recording("XC17.ogg", "skylar"))
    assert url.endswith("/birdclef-2021/train_short_audio%2Fskylar%2FXC17.ogg")


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({"KAGGLE_API_TOKEN": "t"}, "Bearer t"),
        ({"KAGGLE_USERNAME": "ann", "KAGGLE_KEY": "k"}, "Basic YW5uOms="),
        ({}, "Basic Ym86ag=="),
    ],
)
def test_kaggle_token_is_found(tmp_path, environment, header):
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text('{"username": "bo", "key": "j"}')
    assert kaggle_headers(environment, tmp_path) == {"Authorization": header}


def test_missing_keys_are_named(tmp_path):
    with pytest.raises(ValueError, match="KAGGLE_API_TOKEN"):
        kaggle_headers({}, tmp_path)
    with pytest.raises(ValueError, match="XENO_CANTO_KEY"):
        xeno_canto_key({})


def test_xeno_canto_number_comes_from_the_page_too():
    recording = Recording("a.ogg", "a", url="https://www.xeno-canto.org/17")
    assert XenoCanto().url(recording) == "https://xeno-canto.org/17/download"
    with pytest.raises(ValueError, match="no xeno-canto number"):
        XenoCanto().url(Recording("a.ogg", "a"))


def test_search_asks_only_for_what_the_filter_can_keep():
    assert narrow("grp:birds", Filter()) == 'grp:birds box:35.0,-10.0,70.0,60.0 len:"<15"'
    assert narrow("grp:birds", Filter(None, None, None, 1)) == "grp:birds"


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"error": "client_error", "message": "Bad key"}', b"[]"]
)
def test_search_that_fails_says_so(archive, body):
    archive.files["/api/3/recordings"] = body
    with pytest.raises(FetchError, match="expected"):
        XenoCanto(archive.address).search(Fetcher(sleep=lambda _: None), "grp:birds", "k")


def play_xeno_canto(archive):
    """Two pages of search results: 17 passes the filter, 18 is too far south."""
    places = {17: "50", 18: "0"}

    def page(handler, _):
        values = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        number = 16 + int(values["page"])
        entry = {
            "id": str(number),
            "gen": "Alauda",
            "sp": "arvensis",
            "en": "Skylark",
            "rec": "Ann Lee",
            "lat": places[number],
            "lon": "10",
            "length": "0:01",
            "file-name": "a.wav",
        }
        answer(handler, 200, json.dumps({"numPages": 2, "recordings": [entry]}).encode())

    archive.faults["/api/3/recordings"].extend([page, page])
    archive.files["/18/download"] = SOUND


def test_search_filter_and_download_from_xeno_canto(archive, tmp_path, monkeypatch, capsys):
    play_xeno_canto(archive)
    monkeypatch.setenv("XENO_CANTO_KEY", "k")
    options = [
        "--recordings",
        str(tmp_path),
        "--output",
        str(tmp_path / "out"),
        "--min-recordings",
        "1",
    ]
    options += [
        "--download",
        "xeno-canto",
        "--xeno-canto-address",
        archive.address,
        "--query",
        "grp:birds",
    ]
    options += ["--pause-seconds", "0", "--processes", "1"]
    assert main(options) == 1
    assert "is the only species" in capsys.readouterr().err
    assert (tmp_path / "Alauda_arvensis" / "XC17.wav").read_bytes() == SOUND
    assert not any("/18/" in path for path, _ in archive.asked)


def test_filter_and_download_from_kaggle(archive, tmp_path, monkeypatch, capsys):
    rows = [
        "primary_label,latitude,filename,longitude",
        "skylar,50,skylar/1.wav,10",
        "skylar,0,skylar/2.wav,10",
    ]
    (tmp_path / "train_metadata.csv").write_text("\n".join(rows))
    prefix = "/api/v1/competitions/data/download/birdclef-2022/train_audio%2Fskylar%2F"
    archive.files[f"{prefix}1.wav"] = archive.files[f"{prefix}2.wav"] = SOUND
    monkeypatch.setenv("KAGGLE_API_TOKEN", "t")
    options = [
        "--metadata",
        str(tmp_path / "train_metadata.csv"),
        "--recordings",
        str(tmp_path),
        "--output",
        str(tmp_path),
    ]
    options += [
        "--min-recordings",
        "1",
        "--download",
        "kaggle",
        "--kaggle-address",
        archive.address,
        "--processes",
        "1",
    ]
    assert main([*options, "--pause-seconds", "0"]) == 1
    assert "is the only species" in capsys.readouterr().err
    assert [(path, headers["Authorization"]) for path, headers in archive.asked] == [
        (f"{prefix}1.wav", "Bearer t")
    ]
    assert (tmp_path / "skylar" / "1.wav").read_bytes() == SOUND


def test_gone_recordings_do_not_mean_that_the_archive_is_down(archive, waits, tmp_path):
    recordings = [
        Recording(f"{number}.wav", "skylar", xc_id=str(number)) for number in range(10, 18)
    ]
    failures = download(
        recordings, tmp_path, XenoCanto(archive.address), Fetcher(sleep=waits.append)
    )
    assert len(failures) == 7
    assert (tmp_path / "17.wav").exists()
    assert issubclass(GoneError, FetchError)
