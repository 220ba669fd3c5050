"""A redeploy from the command line with a model that is no good.

The old one serves, the exit status is 1, and one sentence says why.
"""

import wave

import numpy as np
import pytest
import tiny_saved_model
from endpoint_account import NAME, NEW, OLD, a_plan, serving_config

import deploy_endpoint
from infra.cloudformation import StackChange
from infra.endpoint import deploy, model, rollout
from infra.endpoint.probe import examine
from infra.endpoint.smoke_clip import make_clip
from infra.stacks import foundation

pytest_plugins = ["endpoint_fixtures"]


@pytest.fixture
def deployed(aws, monkeypatch):
    """An account in which OLD serves. TensorFlow's import is slow: models are examined here."""
    outputs = {"Bucket": a_plan().bucket, "EndpointRoleArn": a_plan().role_arn}
    base = StackChange("stack birdapp-dev-foundation", "unchanged", outputs)
    monkeypatch.setattr(foundation, "ensure", lambda *_: base)
    monkeypatch.setattr(model, "probe", lambda folder, clip, _: examine(folder, list(clip.windows)))
    deploy.deploy(aws[0], a_plan(), OLD)
    return aws


def redeploy(capsys, *arguments):
    """Run the command; returns its exit status and what it says of the failure."""
    status = deploy_endpoint.main([*map(str, arguments)])
    return status, capsys.readouterr().err


def is_one_sentence(text):
    return text.endswith(".\n") and text.count("\n") == 1 and ". " not in text


def still_as_before(clients, updates):
    names = [item["EndpointName"] for item in clients.sagemaker.list_endpoints()["Endpoints"]]
    return (
        serving_config(clients) == a_plan().config_name(OLD) and names == [NAME] and updates == []
    )


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("wrong_shape", "does not take 216 x 514 bytes a window"),
        ("nan", "would refuse its answer: probabilities: expected a number, got NoneType"),
        ("other_label_count", "probabilities: expected a list of 2 items, got 3"),
    ],
)
def test_a_bad_model_is_refused_before_anything_is_paid_for(deployed, tmp_path, capsys, fault, why):
    folder = tiny_saved_model.write_saved_model(
        tmp_path / "saved_model", **tiny_saved_model.FAULTS[fault]
    )
    status, said = redeploy(capsys, folder)
    assert status == 1
    assert why in said
    assert is_one_sentence(said)
    assert still_as_before(deployed[0], deployed[2])


def test_a_model_that_names_the_smoke_clip_wrongly_is_refused(deployed, tmp_path, capsys):
    with wave.open(str(tmp_path / "clip.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(
            np.random.default_rng(1).integers(-9_000, 9_000, 22_050 * 6, np.int16).tobytes()
        )
    folder = tiny_saved_model.write_saved_model(tmp_path / "saved_model")
    status, said = redeploy(
        capsys, folder, "--clip", tmp_path / "clip.wav", "--expect", "Tyto alba"
    )
    assert status == 1
    assert "the smoke clip is Tyto alba, the model says" in said
    assert is_one_sentence(said)
    assert still_as_before(deployed[0], deployed[2])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "did not answer the smoke clip"),
        (NEW.reference, "other settings than the model that was checked"),
    ],
)
def test_a_good_model_that_does_not_serve_well_is_refused_on_the_candidate(
    deployed, tmp_path, capsys, answer, why
):
    deployed[1].endpoints[a_plan().candidate] = answer
    folder = tiny_saved_model.write_saved_model(tmp_path / "saved_model")
    status, said = redeploy(capsys, folder)
    assert status == 1
    assert why in said
    assert is_one_sentence(said)
    assert still_as_before(deployed[0], deployed[2])


def test_a_good_model_goes_live_and_back(deployed, tmp_path, capsys):
    clients, endpoints, _ = deployed
    folder = tiny_saved_model.write_saved_model(tmp_path / "saved_model")
    checked = model.check_model(str(folder), make_clip(), a_plan().hosting, s3=None)
    endpoints.outputs = checked.reference
    deploy.deploy(clients, a_plan(), checked)
    assert serving_config(clients) == a_plan().config_name(checked)
    rollout.roll_back(clients, NAME, make_clip())
    assert serving_config(clients) == a_plan().config_name(OLD)
