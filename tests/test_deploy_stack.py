"""`make deploy` twice, then `make destroy`, on AWS's emulators; a real MP3 is named between them.

Every process is real: make, deploy.py, API Gateway and the Lambdas in ministack, SageMaker's
control plane in moto, the model behind run_local's endpoint. Nothing but the AWS_ENDPOINT_URL_*
variables tells that this is not AWS.
"""

import base64
import json
import subprocess
import sys
from functools import cache
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import numpy as np
import pytest
import sounds
import stack_aws
import stack_model
from tiny_saved_model import SPECIES

import deploy
from infra import config, limits
from infra.endpoint import model
from infra.endpoint.probe import examine
from infra.packages import wheels

LOCAL_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Here the Lambdas run on this machine's Python.
pytestmark = pytest.mark.skipif(
    LOCAL_PYTHON not in limits.PYTHONS, reason="the main Lambda does not run on this Python"
)
COLD_ATTEMPTS = 20
FASTER = f"--python {LOCAL_PYTHON} --poll-seconds 0.2"


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A model folder, SavedModel and LiteRT."""
    return stack_model.write_model_folder(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory, model_folder):
    """The variables that lead to the emulators."""
    with stack_aws.running(tmp_path_factory.mktemp("emulators"), model_folder) as variables:
        yield variables


def make(target, environment, arguments):
    """Run make as a person does, in this environment; (exit status, lines, error text)."""
    command = ["make", "--silent", target, "ENVIRONMENT=true", f"ARGS={arguments}"]
    done = subprocess.run(
        command,
        cwd=stack_aws.REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module")
def deployed(environment, model_folder):
    """The first `make deploy`, with an MP3 as smoke clip."""
    whistle = 0.5 * np.sin(np.arange(6 * sounds.SAMPLE_RATE))
    clip = model_folder / "clip.mp3"
    clip.write_bytes(encode(whistle, model_folder))
    given = f"--model {model_folder / 'saved_model'} --clip {clip} {FASTER}"
    return make("deploy", environment, given)


def encode(samples, folder):
    """Samples as an MP3."""
    wav = sounds.make_wav(sounds.pcm16(samples))
    return sounds.encode(wav, sounds.ENCODERS["mp3"], folder)


def client(service, environment):
    """A client of the test's own."""
    url = environment[f"AWS_ENDPOINT_URL_{service.upper()}"]
    keys = {"aws_access_key_id": stack_aws.ACCOUNT, "aws_secret_access_key": "test"}
    return boto3.client(service, region_name="eu-west-1", endpoint_url=url, **keys)


@pytest.fixture(scope="module")
def api_url(environment, deployed):
    """Where ministack answers as the API's stage."""
    return find_api(environment)


def find_api(environment):
    url = environment["AWS_ENDPOINT_URL_CLOUDFORMATION"]
    name = config.load("dev").api_stack
    stack = client("cloudformation", environment).describe_stacks(StackName=name)["Stacks"][0]
    (api,) = [
        output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "RestAPIId"
    ]
    return f"{url}/restapis/{api}/dev/_user_request_"


def classify(api_url, sound):
    """POST a recording; (status, headers, answer). A cold Lambda unpacks scipy: it gets time."""
    for _ in range(COLD_ATTEMPTS):
        answer = ask(f"{api_url}/classify", {"data": base64.b64encode(sound).decode()})
        if answer[0] != 504:
            break
    return answer


def ask(url, body=None):
    """One request; (status, headers, answer)."""
    request = Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers, json.load(answer)
    except HTTPError as error:
        return error.code, error.headers, json.load(error)


read_wheels = cache(wheels.contents)


@pytest.fixture
def in_this_process(environment, monkeypatch):
    """Run deploy.py here, where TensorFlow is imported already; (exit status, lines)."""
    stack_aws.lead(monkeypatch, environment)
    probe_elsewhere = model.probe

    def probe(folder, clip, workspace):
        if (folder / "saved_model.pb").exists():
            return examine(folder, list(clip.windows))
        return probe_elsewhere(folder, clip, workspace)

    monkeypatch.setattr(model, "probe", probe)
    # Each of four deploys would unpack the same wheels.
    monkeypatch.setattr(wheels, "contents", lambda found: dict(read_wheels(tuple(found))))

    def run(capsys, *arguments):
        faster = "--python", LOCAL_PYTHON, "--poll-seconds", "0.05"
        exit_status = deploy.main([*arguments, *faster])
        return exit_status, capsys.readouterr().out.splitlines()

    return run


def outcomes(lines):
    """What became of each thing: the first words of the lines before the list of what exists."""
    end = next(
        number
        for number, line in enumerate(lines)
        if line.startswith(("Stage dev in", "Nothing of"))
    )
    return {line.split()[0] for line in lines[:end]}


def test_deploy_makes_everything_and_lists_what_exists(deployed):
    status, lines, errors = deployed
    assert status == 0, errors
    assert outcomes(lines) == {"created"}
    existing = "\n".join(lines[lines.index("Stage dev in eu-west-1 has:") :])
    for thing in (
        "endpoint bird-classifier: InService",
        "API https://",
        "birdapp-dev-api: CREATE_COMPLETE",
        "bucket birdapp-dev",
    ):
        assert thing in existing


def test_the_page_is_published_with_the_address_of_the_api(environment, deployed, api_url):
    bucket = f"{config.load('dev').function}-site-{stack_aws.ACCOUNT}-eu-west-1"
    s3 = client("s3", environment)
    names = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    (script,) = [name for name in names if name.startswith("config")]
    assert s3.head_object(Bucket=bucket, Key="index.html")["ContentType"].startswith("text/html")
    assert api_url.split("/")[4] in s3.get_object(Bucket=bucket, Key=script)["Body"].read().decode()


def test_the_deployed_api_lists_the_deployed_models_species(api_url):
    status, headers, answer = ask(f"{api_url}/species")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert [species["name"] for species in answer["species"]] == sorted(SPECIES.values())


def test_an_mp3_is_named_through_gateway_both_lambdas_and_endpoint(api_url, tone, tmp_path):
    status, _, answer = classify(api_url, encode(tone(3_000, 7.0), tmp_path))
    assert status == 200, answer
    assert answer["species"][0]["name"] in SPECIES.values()
    assert [window["start_seconds"] for window in answer["windows"]] == [0.0, 5.0]
    assert answer["model"] == "tiny"


def test_a_recorded_bird_as_mp3_is_named_too(api_url, recordings, recording_rows, tmp_path):
    row = min(recording_rows, key=lambda row: float(row["seconds"]))
    mp3 = sounds.encode(
        (recordings / row["filename"]).read_bytes(), sounds.ENCODERS["mp3"], tmp_path
    )
    status, _, answer = classify(api_url, mp3)
    assert status == 200, answer
    assert answer["species"][0]["name"] in SPECIES.values()


def test_an_error_of_the_deployed_api_has_the_contracts_shape(api_url):
    status, headers, answer = classify(api_url, b"not a sound")
    assert (status, answer["error"]["code"]) == (415, "unsupported_audio")
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_a_second_deploy_names_no_model_and_changes_nothing(deployed, in_this_process, capsys):
    status, lines = in_this_process(capsys, "deploy")
    assert status == 0
    assert outcomes(lines) == {"unchanged"}, [
        line for line in lines if not line.startswith("unchanged")
    ]


def test_the_page_alone_is_published_again_with_the_api_that_is_there(environment, deployed):
    command = [sys.executable, "-m", "infra.site.publish", "--stage", "dev"]
    done = subprocess.run(
        command,
        cwd=stack_aws.REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *changes, address = done.stdout.splitlines()
    assert {line.split()[0] for line in changes} == {"unchanged"}
    assert address.startswith("http://birdapp-dev-site-")


def test_destroy_leaves_nothing_and_says_so(environment, deployed):
    status, lines, errors = make("destroy", environment, "--yes --poll-seconds 0.2")
    assert status == 0, errors
    assert outcomes(lines) <= {"deleted", "absent"}
    assert lines[-1] == "Nothing of stage dev exists in eu-west-1."


def test_a_second_destroy_is_no_fault(environment, deployed):
    status, lines, errors = make("destroy", environment, "--yes --poll-seconds 0.2")
    assert status == 0, errors
    assert outcomes(lines) == {"absent"}


@pytest.mark.parametrize("preset", ["serverless", "lambda"])
def test_a_stage_without_machines_is_deployed_twice_and_destroyed(
    preset, model_folder, environment, in_this_process, capsys, tone, tmp_path
):
    stack_aws.reset(environment)
    given = "--preset", preset, "--model", str(model_folder)
    status, lines = in_this_process(capsys, "deploy", *given)
    assert (status, outcomes(lines)) == (0, {"created"})
    made = "endpoint bird-classifier: InService", "stack bird-classifier-function: CREATE_COMPLETE"
    assert any(made[preset == "lambda"] in line for line in lines)
    assert not any(made[preset != "lambda"] in line for line in lines)
    # An endpoint was asked above, the model's Lambda was not.
    if preset == "lambda":
        status, _, answer = classify(find_api(environment), encode(tone(3_000, 7.0), tmp_path))
        assert (status, answer["model"]) == (200, "tiny"), answer
        assert answer["species"][0]["name"] in SPECIES.values()
    status, lines = in_this_process(capsys, "deploy")
    assert (status, outcomes(lines)) == (0, {"unchanged"})
    status, lines = in_this_process(capsys, "destroy", "--yes")
    assert (status, lines[-1]) == (0, "Nothing of stage dev exists in eu-west-1.")
