"""Starting, ending and guarding the local app, and the small parts that it is made of."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from local_app import REPOSITORY, ask, running
from tiny_model import BLACKBIRD, OWLS, constants, make_network, write_model

from loadtests.app import classify_body
from local import environment, gateway, model_folder, processes, server, warm_up
from local.rate import TokenBucket


def alive(pids):
    """Those of the processes that run; one that ended and was not yet waited for does not."""
    return [
        pid for pid in pids if Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    ]


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(claim, seconds=30):
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        time.sleep(0.05)
    return claim()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_child_outlives_the_app(tiny_folder, end):
    with running(tiny_folder) as local_app:
        children = children_of(local_app.process.pid)
        assert len(alive(children)) == 4
        local_app.process.send_signal(end)
        assert wait_for(lambda: not alive(children))


def test_make_run_ends_all_when_make_alone_is_told_to(tiny_folder):
    settings = ["API_PORT=0", "SITE_PORT=0", f"MODEL_DIR={tiny_folder}", f"PYTHON={sys.executable}"]
    command = ["make", "run", *settings]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as make:
        assert make.stdout.readline().startswith("ready: http://127.0.0.1:")
        children = [child for parent in children_of(make.pid) for child in [parent, *children_of(parent)]]
        make.terminate()
        assert wait_for(lambda: not alive(children))
        assert (len(children), make.stdout.read()) == (5, "")


def test_the_app_ends_when_a_part_ends(tiny_folder):
    with running(tiny_folder) as local_app:
        os.kill(children_of(local_app.process.pid)[0], signal.SIGKILL)
        assert local_app.process.wait(30) == 1
        assert "local.gateway has ended with status -9" in local_app.log.read_text()


def test_only_this_machine_can_reach_the_app(app):
    listening = re.compile(r"^ *\d+: (\w+):\w+ \w+:\w+ 0A (?:\S+ +){5}(\d+)", re.MULTILINE)
    owned = {link for child in children_of(app.process.pid) for link in links(child)}
    addresses = [
        address
        for table in ("tcp", "tcp6")
        for address, inode in listening.findall(Path(f"/proc/net/{table}").read_text())
        if f"socket:[{inode}]" in owned
    ]
    assert addresses == ["0100007F"] * 4


def links(pid):
    return [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]


def start_badly(**settings):
    """Start the app where it cannot; (status, what it says)."""
    variables = os.environ | {"API_PORT": "0", "SITE_PORT": "0"} | settings
    command = [sys.executable, REPOSITORY / "run_local.py"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("variable", ["API_PORT", "SITE_PORT"])
def test_a_taken_port_is_named_in_one_sentence(tiny_folder, variable):
    with server.listen(0) as taken:
        port = str(taken.getsockname()[1])
        status, said = start_badly(MODEL_DIR=str(tiny_folder), **{variable: port})
    assert status == 1
    assert re.fullmatch(rf"Port {port} cannot be used .*: make run {variable}=.*\n", said)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"API_PORT": "many"}, "Port many cannot be used"),
        ({"IMAGEIO_FFMPEG_EXE": "/nowhere/ffmpeg"}, "ffmpeg is missing or does not run"),
        ({"MODEL_DIR": "/nowhere"}, "No model to serve: /nowhere holds no model.tflite and no constants.json"),
    ],
)
def test_what_is_missing_is_named_in_one_sentence(settings, message):
    status, said = start_badly(**settings)
    assert status == 1
    assert message in said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def upstreams(tiny_folder):
    """The two servers behind birdapp, alone: the variables that tell boto3 where they are."""
    config = json.loads((REPOSITORY / "birdapp" / ".chalice" / "config.json").read_text())
    settings = os.environ | config["environment_variables"] | {"MODEL_DIR": str(tiny_folder)}
    function, endpoint = server.listen(0), server.listen(0)
    addresses = server.address(function), server.address(endpoint)
    parts = [
        processes.start("local.lambda_invoke", function, settings),
        processes.start("local.sagemaker_runtime", endpoint, settings),
    ]
    yield dict(zip(["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"], addresses, strict=True))
    processes.stop(parts)


def test_chalice_local_answers_alone_given_the_two_addresses(upstreams):
    with server.listen(0) as free:
        url, port = server.address(free), free.getsockname()[1]
    command = [Path(sys.executable).parent / "chalice", "local", "--no-autoreload", "--port", str(port)]
    variables = {"PATH": os.environ["PATH"], **upstreams}
    with subprocess.Popen(command, cwd=REPOSITORY / "birdapp", env=variables) as chalice:
        try:
            assert wait_for(lambda: listens(port))
            assert ask(url, "POST", "/classify", classify_body(warm_up.whistle()))[0] == 200
            assert json.loads(ask(url, "GET", "/species")[2])["model"] == "tiny"
        finally:
            chalice.kill()


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def clients(upstreams):
    """boto3 clients of the two servers."""
    keys = {"region_name": "eu-west-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    lambda_url, runtime_url = upstreams.values()
    return {
        "lambda": boto3.client("lambda", endpoint_url=lambda_url, **keys),
        "runtime": boto3.client("sagemaker-runtime", endpoint_url=runtime_url, **keys),
    }


def test_an_unknown_endpoint_is_a_validation_error_as_on_aws(clients):
    with pytest.raises(ClientError, match=r"ValidationError.*Endpoint nowhere of account"):
        clients["runtime"].invoke_endpoint(EndpointName="nowhere", Body=b"{}")


@pytest.mark.parametrize(
    "request_body",
    [
        "{",
        "[]",
        '{"instances": []}',
        '{"inputs": {"spectrogram": []}}',
        '{"inputs": {"spectrogram": [{"b64": "AAAA"}]}}',
        '{"inputs": {"spectrogram": [{"b64": "?"}]}}',
        '{"inputs": {"spectrogram": ["AAAA"]}}',
        '{"signature_name": "nothing", "inputs": {}}',
    ],
)
def test_what_tensorflow_serving_refuses_is_a_model_error(clients, request_body):
    with pytest.raises(ClientError, match="ModelError") as failure:
        clients["runtime"].invoke_endpoint(EndpointName="bird-classifier", Body=request_body)
    assert failure.value.response["OriginalStatusCode"] == 400


def test_an_unknown_function_is_not_found_as_on_aws(clients):
    with pytest.raises(clients["lambda"].exceptions.ResourceNotFoundException, match="Function not found"):
        clients["lambda"].invoke(FunctionName="nowhere", Payload=b"{}")


def test_a_payload_over_6_mib_is_too_large_for_a_function(clients):
    with pytest.raises(clients["lambda"].exceptions.RequestTooLargeException, match="larger than 6291456 bytes"):
        clients["lambda"].invoke(FunctionName="bird-spectrogram", Payload=b" " * (6 * 2**20 + 1))


def test_a_function_that_fails_is_an_answer_that_says_so(clients):
    answer = clients["lambda"].invoke(FunctionName="bird-spectrogram", Payload=b'{"sample_rate": 8000}')
    failure = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (failure["errorType"], failure["errorMessage"]) == ("ValueError", "expected sample_rate 22050, got 8000")
    assert "handler.py" in "".join(failure["stackTrace"])


def test_the_shipped_form_of_a_model_passes_its_check(tiny_folder):
    model_folder.check(model_folder.load(tiny_folder), model_folder.whistles())


@pytest.mark.parametrize(
    ("species", "network", "message"),
    [
        (OWLS, make_network, r"probabilities has shape \[1, 3\], expected \(1, 4\)"),
        (BLACKBIRD, lambda count: make_network(count, scale=1.2), "add up to 1.200"),
        (BLACKBIRD, lambda count: make_network(count, scale=float("nan")), "no probabilities"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(tmp_path, species, network, message):
    model = model_folder.load(write_model(tmp_path, species, network=network(3)))
    with pytest.raises(model_folder.BadModelError, match=message):
        model_folder.check(model, model_folder.whistles())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["Turdus merula", "Turdus merula", "Parus major"]}, "3 labels, 2 of them different"),
        ({"labels": []}, "0 labels"),
        ({"labels": [[], [], []]}, "unhashable"),
        ({"names": ["Common Blackbird"]}, "1 names for 3 labels"),
        ({"settings": {"version": "1"}}, "does not load: KeyError\\('thresholds'\\)"),
        ({"settings": []}, "does not load"),
    ],
)
def test_constants_that_make_no_sense_are_refused(tiny_folder, tmp_path, change, message):
    write_model(tmp_path, network=(tiny_folder / "model.tflite").read_bytes())
    (tmp_path / "constants.json").write_text(json.dumps(constants(BLACKBIRD) | change))
    with pytest.raises(model_folder.BadModelError, match=message):
        model_folder.check(model_folder.load(tmp_path), model_folder.noise((216, 514)))


def test_a_model_for_another_window_is_refused(tiny_folder):
    with pytest.raises(model_folder.BadModelError, match="does not answer a window of shape \\[100, 514\\]"):
        model_folder.check(model_folder.load(tiny_folder), model_folder.noise((100, 514)))


def test_a_file_that_is_no_network_is_refused(tmp_path):
    write_model(tmp_path, network=b"no network")
    with pytest.raises(model_folder.BadModelError, match="does not load"):
        model_folder.load(tmp_path)


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html"),
        ("/index.html", 200, "text/html"),
        ("/main.js", 200, "text/javascript"),
        ("/style.css", 200, "text/css"),
        ("/config.js", 200, "text/javascript"),
        ("/page/", 404, "text/html;charset=utf-8"),
        ("/%2e%2e/run_local.py", 404, "text/html;charset=utf-8"),
    ],
)
def test_the_site_sends_files_as_what_they_are_and_nothing_else(app, path, status, content_type):
    answered, headers, _ = ask(app.site_url, "GET", path)
    assert (answered, headers["Content-Type"]) == (status, content_type)
    assert f"connect-src 'self' {app.api_url};" in headers["Content-Security-Policy"]


def test_the_page_is_told_where_the_api_is(app):
    text = urlopen(f"{app.site_url}/config.js").read().decode()
    assert text == f'export const apiBase = "{app.api_url}";\n'


def test_work_that_takes_too_long_is_given_up():
    with pytest.raises(TimeoutError):
        gateway.within(0.01, threading.Event().wait)
    assert gateway.within(60, lambda: "done") == "done"


def test_the_token_bucket_lets_a_burst_through_and_then_the_rate():
    now = [0.0]
    bucket = TokenBucket(rate=0.5, burst=3, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 2]
    now[0] = 2.0
    assert [bucket.take(), bucket.take()] == [0, 2]


@pytest.fixture
def installs(tmp_path, monkeypatch):
    """Ensure an environment where a run of `python -m venv` or pip is only noted; (folder, requirements, notes)."""
    folder, requirements, notes = tmp_path / "made", tmp_path / "requirements.txt", []
    requirements.write_text("one==1\n")
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setattr(environment, "_run", lambda command: notes.append("venv" if "venv" in command else "install"))
    return folder, requirements, notes


def test_a_half_made_environment_is_made_anew_and_then_left_alone(installs):
    folder, requirements, notes = installs
    environment.ensure(folder, requirements)
    (folder / "bin" / "python").touch()
    environment.ensure(folder, requirements)
    assert notes == ["venv", "install"]


def test_an_environment_of_older_requirements_is_brought_up_to_date(installs):
    folder, requirements, notes = installs
    (folder / "bin" / "python").touch()
    environment.ensure(folder, requirements)
    requirements.write_text("one==2\n")
    environment.ensure(folder, requirements)
    assert notes == ["venv", "install", "install"]


def test_requirements_that_change_anywhere_change_the_stamp(tmp_path):
    (tmp_path / "outer.txt").write_text("-r inner.txt\n")
    (tmp_path / "inner.txt").write_text("a==1\n")
    before = environment.stamp(tmp_path / "outer.txt")
    (tmp_path / "inner.txt").write_text("a==2\n")
    assert environment.stamp(tmp_path / "outer.txt") != before
