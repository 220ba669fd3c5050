"""A redeploy from the command line with a model that is no good: the old one serves, the status is 1, one sentence."""

import wave

import numpy as np
import pytest
import tiny_saved_model
from endpoint_account import NAME, NEW, OLD, a_plan, serving_config

import deploy_endpoint
from infra.endpoint import deploy, model, rollout
from infra.endpoint.probe import examine
from infra.endpoint.smoke_clip import made_clip

pytest_plugins = ["endpoint_fixtures"]


@pytest.fixture
def standing(aws, monkeypatch):
    """An account in which OLD serves. Models are examined in this process: TensorFlow's import is slow."""
    monkeypatch.setattr(model, "probe", lambda folder, clip, _: examine(folder, list(clip.windows)))
    deploy.deploy(aws[0], a_plan(), OLD)
    return aws


def redeploy(capsys, *arguments):
    """Run the command; returns its exit status and what it says of the failure."""
    plan = a_plan()
    status = deploy_endpoint.main(
        [*map(str, arguments), "--role", plan.role_arn, "--bucket", plan.bucket]
    )
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
        ("nan", "NaN"),
        ("other_label_count", "rows of 2 values, one a label"),
    ],
)
def test_a_bad_model_is_refused_before_anything_is_paid_for(standing, tmp_path, capsys, fault, why):
    folder = tiny_saved_model.write_saved_model(
        tmp_path / "saved_model", **tiny_saved_model.FAULTS[fault]
    )
    status, said = redeploy(capsys, folder)
    assert status == 1
    assert why in said
    assert is_one_sentence(said)
    assert still_as_before(standing[0], standing[2])


def test_a_model_that_names_the_smoke_clip_wrongly_is_refused(standing, tmp_path, capsys):
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
    assert still_as_before(standing[0], standing[2])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "did not answer the smoke clip"),
        (NEW.reference, "other settings than the model that was checked"),
    ],
)
def test_a_good_model_that_does_not_serve_well_is_refused_on_the_candidate(
    standing, tmp_path, capsys, answer, why
):
    standing[1].endpoints[a_plan().candidate] = answer
    folder = tiny_saved_model.write_saved_model(tmp_path / "saved_model")
    status, said = redeploy(capsys, folder)
    assert status == 1
    assert why in said
    assert is_one_sentence(said)
    assert still_as_before(standing[0], standing[2])


def test_a_good_model_goes_live_and_back(standing, tmp_path, capsys):
    clients, endpoints, _ = standing
    folder = tiny_saved_model.write_saved_model(tmp_path / "saved_model")
    checked = model.check_model(str(folder), made_clip(), s3=None)
    endpoints.outputs = checked.reference
    deploy.deploy(clients, a_plan(), checked)
    assert serving_config(clients) == a_plan().config_name(checked)
    rollout.roll_back(clients, NAME, poll_seconds=0)
    assert serving_config(clients) == a_plan().config_name(OLD)
