"""A model artefact is packed alike each time, opened safely, and refused before it is paid for."""

import io
import json
import re
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import sounds
import tiny_saved_model
from moto import mock_aws
from wrong_models import WRONG_CONSTANTS, spoiled

import deploy_endpoint
from birdapp.chalicelib import endpoint_client
from birdapp.chalicelib.errors import ServiceError
from infra.endpoint import model_archive
from infra.endpoint.checks import problems_of_answer, problems_of_facts
from infra.endpoint.model import check_model
from infra.endpoint.model_source import find_saved_model, obtain
from infra.endpoint.presets import PRESETS
from infra.endpoint.probe import examine
from infra.endpoint.smoke_clip import make_clip, read_clip
from infra.errors import DeployError

CLIP = make_clip()


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory):
    """A good SavedModel."""
    return tiny_saved_model.write_saved_model(tmp_path_factory.mktemp("model") / "saved_model")


def tar(path, *members):
    """Write a tar.gz of (TarInfo, content)."""
    with tarfile.open(path, "w:gz") as file:
        for member, content in members:
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


def a_file(name, content=b"x"):
    return tarfile.TarInfo(name), content


def a_link(name, kind):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member, b""


def test_the_same_model_packs_to_the_same_bytes(saved_model, tmp_path):
    copy = tmp_path / "copy"
    for path in sorted(saved_model.rglob("*"), reverse=True):
        if path.is_file():
            (copy / path.relative_to(saved_model)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(saved_model)).write_bytes(path.read_bytes())
    assert model_archive.pack(copy) == model_archive.pack(saved_model)


def test_the_archive_is_what_tensorflow_serving_looks_for(saved_model):
    with tarfile.open(fileobj=io.BytesIO(model_archive.pack(saved_model))) as file:
        assert "1/saved_model.pb" in file.getnames()
        assert all(name.startswith("1/") for name in file.getnames())


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (a_file("../outside"), "leaves its folder"),
        (a_file("/etc/cron.d/job"), "leaves its folder"),
        (a_file("1/../../outside"), "leaves its folder"),
        (a_link("1/link", tarfile.SYMTYPE), "link or a device"),
        (a_link("1/link", tarfile.LNKTYPE), "link or a device"),
        (a_link("1/device", tarfile.CHRTYPE), "link or a device"),
        (a_link("1/pipe", tarfile.FIFOTYPE), "link or a device"),
    ],
)
def test_an_unsafe_member_is_refused_and_nothing_is_written_outside(tmp_path, member, why):
    target = tmp_path / "in" / "target"
    target.mkdir(parents=True)
    with pytest.raises(DeployError, match=why):
        model_archive.unpack(tar(tmp_path / "model.tar.gz", member), target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "model.tar.gz"]


def test_a_bomb_is_stopped_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(model_archive, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = tar(tmp_path / "model.tar.gz", a_file("1/saved_model.pb", bytes(50_000_000)))
    with pytest.raises(DeployError, match="more than 1,000,000 bytes"):
        model_archive.unpack(bomb, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(DeployError, match=r"no readable tar\.gz"):
        model_archive.unpack(tmp_path / "model.tar.gz", tmp_path)


def test_too_many_and_doubled_members_are_refused(tmp_path, monkeypatch):
    with pytest.raises(DeployError, match="twice"):
        model_archive.unpack(
            tar(tmp_path / "doubled.tar.gz", a_file("1/a"), a_file("1/a")), tmp_path
        )
    monkeypatch.setattr(model_archive, "MAX_MEMBERS", 2)
    with pytest.raises(DeployError, match="more than 2 members"):
        model_archive.unpack(
            tar(tmp_path / "many.tar.gz", *(a_file(f"2/{n}") for n in range(3))), tmp_path
        )


def keras_file(layer):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(
            zipfile.ZipInfo("config.json"),
            json.dumps({"config": {"layers": [{"class_name": layer}]}}),
        )
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("weights.pkl", b"anything", "pickle"),
        ("assets/words.txt", b"\x80\x04\x95rest", "pickle"),
        ("model.keras", keras_file("Lambda"), "Lambda layer"),
        ("keras_metadata.pb", b'{"class_name": "Lambda", "config": {}}', "Lambda layer"),
        ("code/inference.py", b"import os", "does not belong in a SavedModel"),
    ],
)
def test_files_that_could_run_code_are_refused(tmp_path, name, content, why):
    folder = tmp_path / "saved_model"
    (folder / name).parent.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / name).write_bytes(content)
    with pytest.raises(DeployError, match=why):
        find_saved_model(tmp_path, tmp_path)


def test_a_keras_file_without_a_lambda_layer_may_lie_beside(tmp_path):
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "model.keras").write_bytes(keras_file("Dense"))
    assert find_saved_model(tmp_path, tmp_path) == tmp_path / "saved_model"


def test_a_link_in_a_folder_is_refused(tmp_path):
    (tmp_path / "saved_model.pb").symlink_to("/etc/passwd")
    with pytest.raises(DeployError, match="is a link"):
        find_saved_model(tmp_path, tmp_path)


def test_a_model_is_fetched_from_s3(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket="models")
        s3.upload_file(
            str(tar(tmp_path / "a.tar.gz", a_file("1/saved_model.pb"))),
            "models",
            "job/model.tar.gz",
        )
        source = obtain("s3://models/job/model.tar.gz", s3, tmp_path)
    assert find_saved_model(source, tmp_path).name == "1"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("wrong_shape", "does not take 216 x 514 bytes"),
        ("nan", "probabilities: expected a number, got NoneType"),
        ("over_one", "probabilities: expected values that add up to at most 1, got 1.200"),
        ("other_label_count", "probabilities: expected a list of 2 items, got 3"),
        ("doubled_label", "labels: expected 3 different ones, got 2"),
        ("no_describe", "no signature describe"),
        ("reads_files", "reaches out of itself (ReadFile)"),
        ("short_windows", "its input is not the spectrogram"),
        ("padded_to_another_shape", "its input is not the spectrogram"),
    ],
)
def test_a_model_that_breaks_the_contract_is_refused(tmp_path, fault, why):
    folder = tiny_saved_model.write_saved_model(tmp_path, **tiny_saved_model.FAULTS[fault])
    facts = examine(folder, list(CLIP.windows))
    assert any(why in problem for problem in problems_of_facts(facts, CLIP)), problems_of_facts(
        facts, CLIP
    )


def test_a_model_that_pads_to_the_spectrogram_is_taken(tmp_path):
    folder = tiny_saved_model.write_saved_model(tmp_path, padded=True)
    assert problems_of_facts(examine(folder, list(CLIP.windows)), CLIP) == []


@pytest.mark.parametrize(
    ("child", "why"),
    [("exit 3", r"cannot be loaded \(exit status 3\)"), ("sleep 60", "did not answer within")],
)
def test_a_child_that_dies_or_hangs_is_one_sentence(tmp_path, monkeypatch, child, why):
    (tmp_path / "saved_model.pb").write_bytes(b"any graph")
    program = tmp_path.parent / f"{tmp_path.name}.sh"
    program.write_text(f"#!/bin/sh\n{child}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    monkeypatch.setattr("infra.endpoint.model.PROBE_SECONDS", 1)
    with pytest.raises(DeployError, match=why):
        check_model(str(tmp_path), CLIP, PRESETS["requests"].hosting, s3=None)


def test_another_sha256_is_refused_before_the_model_is_opened(tmp_path):
    path = tar(tmp_path / "model.tar.gz", a_link("1/link", tarfile.SYMTYPE))
    with pytest.raises(DeployError, match="expected was 00"):
        check_model(str(path), CLIP, PRESETS["requests"].hosting, s3=None, expected_sha256="00")


def an_answer():
    """What a good model answers about CLIP."""
    return {
        "labels": ["Turdus merula", "Parus major"],
        "names": ["Common Blackbird", "Great Tit"],
        "settings": json.dumps({"version": "1"} | tiny_saved_model.SETTINGS),
        "probabilities": [[0.2, 0.7]] * 3,
        "bird": [0.9] * 3,
    }


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_the_clip_is_read_in_the_formats_of_the_api(tmp_path, tone, form):
    (tmp_path / "clip").write_bytes(
        sounds.encode(
            sounds.make_wav(sounds.pcm16(tone(3_000, 12.0))), sounds.ENCODERS[form], tmp_path
        )
    )
    clip = read_clip(tmp_path / "clip", "Turdus merula")
    assert [len(window) for window in clip.windows] == [216 * 514] * 3
    answer = an_answer()
    assert problems_of_answer(answer, clip) == [
        "the smoke clip is Turdus merula, the model says Parus major"
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a", "is no smoke clip: This is not a sound file"),
        (None, "No such file or directory"),
    ],
)
def test_what_is_no_recording_is_no_clip(tmp_path, content, why):
    if content is not None:
        (tmp_path / "clip").write_bytes(content)
    with pytest.raises(DeployError, match=why):
        read_clip(tmp_path / "clip", None)


# The network's digest is of the LiteRT file, which no endpoint serves.
OF_THE_MODEL = [name for name in WRONG_CONSTANTS if name != "another network's digest"]


@pytest.mark.parametrize("name", OF_THE_MODEL)
def test_constants_with_one_wrong_value_are_refused_as_by_the_main_lambda(name):
    made = spoiled(name)
    settings = json.dumps(made["settings"])
    answer = made | {"settings": settings, "probabilities": [[0.2, 0.3, 0.4]] * 3}
    with pytest.raises(ServiceError, match="upstream_invalid"):
        ask_main_lambda(answer)
    (problem,) = problems_of_answer(answer, CLIP)
    assert re.search(f"would refuse its answer: .*{WRONG_CONSTANTS[name][1]}", problem)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("labels", None),
        ("settings", "no JSON"),
        ("probabilities", None),
        ("probabilities", [[0.2, 0.7]] * 2),
        ("probabilities", [[0.2, 0.7, 0.1]] * 3),
        ("probabilities", [[0.2, None]] * 3),
        ("probabilities", [[0.2, -0.1]] * 3),
        ("probabilities", [[0.6, 0.6]] * 3),
        ("bird", None),
        ("bird", [0.9] * 2),
        ("bird", [0.9, 0.9, 2.0]),
    ],
)
def test_an_answer_with_one_wrong_field_is_refused_as_by_the_main_lambda(field, value):
    answer = an_answer() | {field: value}
    with pytest.raises(ServiceError, match="upstream_invalid"):
        ask_main_lambda(answer)
    assert problems_of_answer(answer, CLIP)


def test_a_good_model_is_taken_as_the_main_lambda_would():
    assert ask_main_lambda(an_answer()).model.version == "1"
    assert problems_of_answer(an_answer(), CLIP) == []


def ask_main_lambda(answer):
    """What the main Lambda's client of the endpoint makes of an answer."""
    body = io.BytesIO(json.dumps({"outputs": answer}).encode())
    runtime = SimpleNamespace(invoke_endpoint=lambda **_: {"Body": body})
    return endpoint_client.predict(runtime, "endpoint", ["window"] * len(CLIP.windows))


SHIPPED = Path(__file__).parent.parent / "training" / "model" / "saved_model"


def test_the_shipped_model_may_be_deployed():
    assert problems_of_facts(examine(SHIPPED, list(CLIP.windows)), CLIP) == []


def test_a_real_recording_is_a_smoke_clip_that_the_shipped_model_passes(recordings, recording_rows):
    """One of a species' first ten is enough: which one the model knows is not tested here."""
    label = json.loads((SHIPPED.parent / "constants.json").read_text())["labels"][0]
    rows = [row for row in recording_rows if row["scientific_name"] == label][:10]
    clips = (read_clip(recordings / row["filename"], label) for row in rows)
    assert any(
        problems_of_facts(examine(SHIPPED, list(clip.windows)), clip) == [] for clip in clips
    )


def test_a_dry_run_checks_and_prices_without_credentials(saved_model, monkeypatch, capsys):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    assert deploy_endpoint.main([str(saved_model), "--dry-run", "--serverless"]) == 0
    said = capsys.readouterr().out
    digest = model_archive.sha256(model_archive.pack(saved_model))
    assert f"Checked: version tiny, 3 species, sha256 {digest}" in said
    assert "serverless: 3,072 MB, at most 10 requests at once" in said
    assert re.search(r"--preset serverless +0\.00 +1\.11 +111\.12", said)
