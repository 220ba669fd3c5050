"""What may serve as a model on this machine, and what is refused while the old model serves on."""

import hashlib
import json
import threading

import pytest
from local_app import wait_for
from tiny_model import BLACKBIRD, OWLS, constants, make_network, write_model, write_whole
from wrong_models import WRONG_CONSTANTS, spoiled

from birdapp.chalicelib.model import parse_model
from local import model_folder, sagemaker_runtime


def test_the_shipped_form_of_a_model_passes_its_check(tiny_folder):
    model_folder.check(model_folder.load(tiny_folder), model_folder.whistles())


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """An endpoint that looks at its folder a hundred times a second; its log, its folder."""
    folder, lines = write_model(tmp_path_factory.mktemp("watched"), version="old"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sagemaker_runtime, "POLL_SECONDS", 0.01)
        patch.setattr(sagemaker_runtime, "_log", lambda event, **more: lines.append((event, more)))
        endpoint = sagemaker_runtime.Endpoint(folder)
        threading.Thread(target=endpoint.watch, daemon=True).start()
        yield endpoint, lines, folder


def version_served(endpoint):
    outputs = sagemaker_runtime.predict(
        endpoint.model, b'{"signature_name": "describe", "inputs": {"ask": [""]}}'
    )["outputs"]
    return parse_model(outputs).version


@pytest.mark.parametrize("name", WRONG_CONSTANTS)
def test_wrong_constants_are_refused_with_the_reason_and_the_old_model_serves_on(name, watched):
    endpoint, lines, folder = watched
    lines.clear()
    write_whole(folder / "constants.json", json.dumps(spoiled(name)).encode())
    assert wait_for(lambda: lines, 20)
    [(event, more)] = lines
    assert (event, more["serving"], version_served(endpoint)) == ("model_refused", "old", "old")
    with pytest.raises(model_folder.BadModelError, match=WRONG_CONSTANTS[name][1]):
        model_folder.load(folder)
    assert more["reason"].count("\n") == 0


@pytest.mark.parametrize(
    ("species", "network", "message"),
    [
        (OWLS, make_network, "probabilities: expected a list of 4 items, got 3"),
        (BLACKBIRD, lambda count: make_network(count, scale=1.05), "up to at most 1, got 1.050"),
        (BLACKBIRD, lambda count: make_network(count, scale=-0.5), "probabilities: expected a num"),
        (BLACKBIRD, lambda count: make_network(count, scale=float("nan")), "probabilities: .* nan"),
        (BLACKBIRD, lambda count: make_network(count, bird=1.5), "bird: expected a number from 0"),
        (BLACKBIRD, lambda count: make_network(count, bird=float("nan")), "bird: .* got nan"),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(species, network, message, watched):
    endpoint, lines, folder = watched
    lines.clear()
    write_model(folder, species, network=network(3))
    assert wait_for(lambda: [more for event, more in lines if event == "model_refused"], 20)
    assert version_served(endpoint) == "old"
    with pytest.raises(model_folder.BadModelError, match=message):
        model_folder.check(model_folder.load(folder), model_folder.whistles())


def test_settings_that_are_not_known_yet_travel_on(tiny_folder, tmp_path):
    network = (tiny_folder / "model.tflite").read_bytes()
    newer = constants(BLACKBIRD) | {"network_sha256": hashlib.sha256(network).hexdigest()}
    newer["settings"]["seasons"] = {"points": [[0, 0], [1, 1]]}
    write_model(tmp_path, network=network)
    (tmp_path / "constants.json").write_text(json.dumps(newer))
    model = model_folder.load(tmp_path)
    model_folder.check(model, model_folder.whistles())
    assert json.loads(model.constants["settings"]) == newer["settings"]


def test_a_model_for_another_window_is_refused(tiny_folder):
    with pytest.raises(
        model_folder.BadModelError, match="does not answer a window of shape \\[100, 514\\]"
    ):
        model_folder.check(model_folder.load(tiny_folder), model_folder.noise((100, 514)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.tflite", b"no network", "does not load"),
        ("constants.json", b"{", "does not load"),
        ("constants.json", '{"labels": "caf\xe9"}'.encode("cp1252"), "constants.json is not UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_refused(name, content, message, tiny_folder, tmp_path):
    write_model(tmp_path, network=(tiny_folder / "model.tflite").read_bytes())
    (tmp_path / name).write_bytes(content)
    with pytest.raises(model_folder.BadModelError, match=message):
        model_folder.load(tmp_path)
