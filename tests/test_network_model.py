"""What may go into the model's Lambda: the LiteRT network and its constants, asked by its code."""

import json
import tarfile

import pytest
from endpoint_account import CLIP
from tiny_model import BLACKBIRD, OWLS, constants, make_network, write_model

from infra.endpoint.model import check_model
from infra.endpoint.model_archive import contents, pack
from infra.endpoint.presets import PRESETS
from infra.errors import DeployError

HOSTING = PRESETS["lambda"].hosting


def check(folder):
    return check_model(str(folder), CLIP, HOSTING, s3=None)


def test_a_model_folder_packs_to_its_network_and_constants_alone(tiny_folder, tmp_path):
    (tmp_path / "card.md").write_text("not for the Lambda")
    write_model(tmp_path, network=(tiny_folder / "model.tflite").read_bytes())
    checked = check(tmp_path)
    files = contents(checked.archive)
    assert files == {name: (tmp_path / name).read_bytes() for name in files}
    assert set(files) == {"model.tflite", "constants.json"}
    assert (checked.version, len(checked.reference["labels"])) == ("tiny", len(BLACKBIRD))
    # The deployed archive is checked, and packs to itself, once more.
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(checked.archive)
    assert check(archive).sha256 == checked.sha256


@pytest.mark.parametrize(
    ("species", "network", "why"),
    [
        (OWLS, make_network, "probabilities: expected a list of 4 items, got 3"),
        (BLACKBIRD, lambda count: make_network(count, scale=1.05), "up to at most 1"),
        (BLACKBIRD, lambda count: make_network(count, scale=float("nan")), "got NoneType"),
        (BLACKBIRD, lambda count: make_network(count, bird=1.5), "bird: expected a number from 0"),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(species, network, why, tmp_path):
    with pytest.raises(DeployError, match=f"is not fit to serve: .*{why}"):
        check(write_model(tmp_path, species, network=network(3)))


def test_constants_of_another_network_are_refused(tiny_folder, tmp_path):
    write_model(tmp_path, network=(tiny_folder / "model.tflite").read_bytes())
    strange = constants(BLACKBIRD) | {"network_sha256": "0" * 64}
    (tmp_path / "constants.json").write_text(json.dumps(strange))
    with pytest.raises(DeployError, match=r"cannot be loaded .*another model\.tflite"):
        check(tmp_path)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    with pytest.raises(DeployError, match="The model cannot be loaded"):
        check(write_model(tmp_path, network=b"no network"))


@pytest.mark.parametrize("missing", ["model.tflite", "constants.json"])
def test_a_folder_without_one_of_both_files_says_so(missing, tiny_folder, tmp_path):
    write_model(tmp_path, network=(tiny_folder / "model.tflite").read_bytes())
    (tmp_path / missing).unlink()
    with pytest.raises(DeployError, match=missing.replace(".", r"\.")):
        check(tmp_path)


def test_a_saved_models_archive_is_no_network_and_the_sentence_says_what_to_name(tmp_path):
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").write_bytes(b"")
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(pack(tmp_path / "saved_model"))
    assert tarfile.is_tarfile(archive)
    with pytest.raises(DeployError, match=r"exactly one model\.tflite.*--model"):
        check(archive)
