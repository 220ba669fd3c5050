"""What may serve as a model on this machine, and what is refused."""

import json

import pytest
from tiny_model import BLACKBIRD, OWLS, constants, make_network, write_model

from local import model_folder


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
        (
            {"labels": ["Turdus merula", "Turdus merula", "Parus major"]},
            "3 labels, 2 of them different",
        ),
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
    with pytest.raises(
        model_folder.BadModelError, match="does not answer a window of shape \\[100, 514\\]"
    ):
        model_folder.check(model_folder.load(tiny_folder), model_folder.noise((100, 514)))


def test_a_file_that_is_no_network_is_refused(tmp_path):
    write_model(tmp_path, network=b"no network")
    with pytest.raises(model_folder.BadModelError, match="does not load"):
        model_folder.load(tmp_path)
