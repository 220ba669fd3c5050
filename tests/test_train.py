"""training/source_dir: the networks, a tiny training to a model folder, and what it exports."""

import errno
import hashlib
import json
import os

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from training_fixtures import REPOSITORY

from birdapp.chalicelib.decode import decode
from local import model_folder
from spectrogram_fn import spectrogram

SHIPPED = REPOSITORY / "training" / "model"
# The smaller network, where a test asks nothing of the other.
LIGHT = ("--architecture", "light")


@pytest.fixture(scope="module")
def exported(code, dataset_folder, tmp_path_factory):
    """The model folder of a --tiny training."""
    root = tmp_path_factory.mktemp("tiny")
    train(code, dataset_folder, root, "--tiny")
    return root / "model"


def train(code, dataset, root, *options):
    folders = ["--data", str(dataset), "--model-dir", str(root / "model")]
    points = ["--checkpoint-dir", str(root / "points"), "--batch-size", "4"]
    code.train.main([*folders, *points, *options])


def saved_model_answer(folder, images):
    import tensorflow as tf  # noqa: PLC0415 (seconds)

    loaded = tf.saved_model.load(str(folder / "saved_model"))
    answer = loaded.signatures["serving_default"](
        spectrogram=tf.constant([image.tobytes() for image in images])
    )
    return {name: value.numpy() for name, value in answer.items()}


def test_report_network_is_the_one_of_the_report(code):
    network = code.model.build("report", 19)
    convolutions = sum(
        9 * into * out + out + 4 * out for into, out in [(1, 64), (64, 128), (128, 256)]
    )
    dense = sum(into * out + out for into, out in [(256, 256), (256, 128), (128, 19)])
    assert network.count_params() == convolutions + dense
    assert [layer.rate for layer in network.layers if "dropout" in layer.name] == [
        0.1,
        0.1,
        0.1,
        0.3,
        0.3,
    ]


@pytest.mark.parametrize("name", ["default", "light"])
def test_each_light_network_costs_a_tenth_of_the_report_at_most(code, name):
    light, report = code.model.build(name, 305), code.model.build("report", 305)
    assert code.model.multiplications(light) * 10 <= code.model.multiplications(report)
    assert light(np.zeros((2, *code.front.MEL.shape))).shape == (2, 305)


def test_multiplications_of_the_report_are_counted_by_hand(code):
    body = 9 * (64 * 216 * 514 + 64 * 128 * 108 * 257 + 128 * 256 * 54 * 128)
    assert (
        code.model.multiplications(code.model.build("report", 19))
        == body + 256 * 256 + 256 * 128 + 128 * 19
    )


def test_exported_folder_is_one_that_the_local_endpoint_serves(exported):
    model = model_folder.load(exported)
    model_folder.check(model, model_folder.whistles())
    assert model.constants["labels"] == ["Parus major", "Pica pica"]


def test_saved_model_and_both_lite_models_agree(code, dataset, exported):
    images = np.stack([code.corpus.image(dataset, index) for index in range(4)])
    heavy, light = saved_model_answer(exported, images), model_folder.load(exported).predict(images)
    for name in ("probabilities", "bird", "another"):
        assert light[name] == pytest.approx(heavy[name], abs=1e-3)
        one_by_one = np.concatenate([browser_answer(exported, image)[name] for image in images])
        assert one_by_one == pytest.approx(light[name], abs=1e-4)
    constants = json.loads((exported / "constants.json").read_text())
    assert [label.decode() for label in heavy["labels"]] == constants["labels"]
    assert [name.decode() for name in heavy["names"]] == constants["names"]
    assert json.loads(heavy["settings"]) == constants["settings"]


def browser_answer(folder, image):
    runner = Interpreter(str(folder / "browser.tflite")).get_signature_runner("serving_default")
    return runner(spectrogram=image[None])


def test_constants_name_the_digests_of_both_lite_models(exported):
    constants = json.loads((exported / "constants.json").read_text())
    for name, file in (("network_sha256", "model.tflite"), ("browser_sha256", "browser.tflite")):
        assert constants[name] == hashlib.sha256((exported / file).read_bytes()).hexdigest()


def test_lite_model_of_a_browser_takes_one_window_and_names_no_other_shape(exported):
    (entry,) = Interpreter(str(exported / "browser.tflite")).get_input_details()
    assert entry["shape"].tolist() == [1, *spectrogram.SHAPE]
    assert not (entry["shape_signature"] == -1).any()


def test_settings_hold_the_rule_of_birds_and_own_probabilities(exported):
    settings = json.loads((exported / "constants.json").read_text())["settings"]
    assert settings["independent"] is True
    rule = settings["birds"]
    assert 0 < rule["heard"] < rule["bird"] <= rule["certain"] <= 1
    assert rule["calibration"][0] == [0, 0]
    assert rule["calibration"][-1] == [1, 1]


def test_saved_model_refuses_a_window_of_another_size(exported):
    with pytest.raises(Exception, match=r"Incompatible shapes|not compatible"):
        saved_model_answer(exported, [np.zeros(111_000, np.uint8)])


def test_shipped_saved_model_and_lite_model_agree_on_real_windows(recordings):
    images = []
    for species in ("Turdus_merula", "Parus_major", "Corvus_corax"):
        path = sorted((recordings / species).iterdir())[0]
        (window, *_) = spectrogram.split_windows(
            spectrogram.from_pcm(decode(path.read_bytes(), 20))
        )
        images.append(spectrogram.to_bytes(spectrogram.to_spectrogram(window.samples)))
    heavy, light = (
        saved_model_answer(SHIPPED, images),
        model_folder.load(SHIPPED).predict(np.stack(images)),
    )
    assert light["probabilities"] == pytest.approx(heavy["probabilities"], abs=1e-3)
    for name in ("bird", "another"):
        assert light[name] == pytest.approx(heavy[name], abs=1e-3)


def test_stopped_training_goes_on_where_it_was(code, dataset_folder, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(code.refit, "refit", stop)
        with pytest.raises(KeyboardInterrupt):
            train(code, dataset_folder, tmp_path, *LIGHT, "--epochs", "1")
    train(code, dataset_folder, tmp_path, *LIGHT, "--epochs", "2")
    assert "going on after epoch 1" in capsys.readouterr().out
    report = json.loads((tmp_path / "model" / "training.json").read_text())
    assert report["epochs"] == 2
    assert [point["epoch"] for point in report["curve"]] == [1, 2]


@pytest.mark.parametrize(("share", "recorder"), [(0.0, 0.0), (1.0, 0.5)])
def test_last_part_of_a_training_hears_the_windows_own_recorders(
    code, dataset, tmp_path, monkeypatch, share, recorder
):
    monkeypatch.setattr(code.learning, "STRANGE_SHARE", share)
    shares = []
    to_batch = code.batches.to_batch

    def kept(examples, random, *, recorder_share):
        shares.append(recorder_share)
        return to_batch(examples, random, recorder_share=recorder_share)

    monkeypatch.setattr(code.batches, "to_batch", kept)
    training(code, dataset, tmp_path).run()
    assert set(shares) == {recorder}


def training(code, dataset, folder):
    settings = code.learning.Settings("light", 1, 9.0, 7, 4, 1e-3)
    return code.learning.Training(dataset, settings, folder, code.multi_worker.Workers({}))


def test_training_learns_to_hear_as_a_teacher_and_exports_no_trace_of_it(code, dataset, tmp_path):
    scores = np.full((len(dataset.rows), 1), 0.9, np.float16)
    embedding = np.random.default_rng(0).normal(size=(len(dataset.rows), 8)).astype(np.float16)
    names = np.array(["Parus_major"])
    path = dataset.folder / "heard.npz"
    np.savez(path, labels=names, scores=scores, embedding=embedding)
    try:
        taught = training(code, dataset, tmp_path)
        taught.run()
    finally:
        path.unlink()
    assert len(taught.network.outputs) == 2
    listed = len(dataset.listed)
    alone = code.model.served(taught.network, listed)
    assert code.model.EMBEDDING_LAYER not in {layer.name for layer in alone.layers}
    images = np.zeros((2, *code.front.MEL.shape), np.float32)
    images[:, 20:40] = 200
    logits = taught.network(images)[0].numpy()
    kept = np.concatenate([logits[:, :listed], logits[:, -2:]], axis=1)
    assert np.allclose(alone(images).numpy(), kept, atol=1e-5)


def test_long_epoch_is_kept_midway_and_goes_on_there(code, dataset_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(code.learning, "KEEP_MINUTES", 0.0)  # After each batch.
    settings = code.learning.Settings("default", 1, 9.0, 7, 4, 1e-3)
    folder = code.train.checkpoints(tmp_path, settings, dataset_folder)
    dataset, workers = code.corpus.load(dataset_folder), code.multi_worker.Workers({})
    training = code.learning.Training(dataset, settings, folder, workers)
    stop_before(training, 2)
    with pytest.raises(KeyboardInterrupt):
        training.run()
    again = code.learning.Training(dataset, settings, folder, workers)
    assert (int(again.epoch), int(again.batch), int(again.steps)) == (0, 2, 2)
    for kept, found in zip(training.optimizer.variables, again.optimizer.variables, strict=True):
        assert kept.path.endswith("learning_rate") or np.array_equal(kept, found)
    again.run()
    assert (int(again.epoch), int(again.steps)) == (1, training.batches)


def stop_before(training, batch):
    """Play Ctrl-C before a batch of the epoch."""
    step = training._step

    def stopped(*batches):
        if int(training.batch) == batch:
            raise KeyboardInterrupt
        return step(*batches)

    training._step = stopped


def test_muon_moves_each_kernel_alike_in_all_directions_and_adam_the_last_layer(code):
    network, muon = code.model.build("default", 31), code.optimizer.Muon()
    muon.learning_rate.assign(0.01)
    muon.weight_decay = muon.adam_weight_decay = 0.0
    muon.build(network.trainable_variables)
    before = {variable.path: variable.numpy() for variable in network.trainable_variables}
    random = np.random.default_rng(3)
    # Gradients that nearly all point the same way, as most do.
    gradients = [
        random.normal(size=1) + 0.1 * random.normal(size=old.shape) for old in before.values()
    ]
    muon.apply_gradients(
        zip(
            [each.astype(np.float32) for each in gradients],
            network.trainable_variables,
            strict=True,
        )
    )
    moved = {
        variable.path: variable.numpy() - before[variable.path]
        for variable in network.trainable_variables
    }
    (last,) = (path for path in moved if path.endswith("classes/kernel"))
    kernels = {path: change for path, change in moved.items() if change.ndim > 1 and path != last}
    assert len(kernels) == 7
    for change in kernels.values():
        matrix = change.reshape(-1, change.shape[-1])
        lengths = np.linalg.svd(matrix, compute_uv=False) / (
            0.01 * 0.2 * np.sqrt(max(matrix.shape))
        )
        assert lengths.max() < 1.3
        assert np.median(lengths) > 0.6
    for path, change in moved.items():
        if path not in kernels:
            assert np.median(np.abs(change)) == pytest.approx(
                0.01 * code.optimizer.ADAM_SHARE, rel=0.01
            )


def test_training_with_another_seed_never_goes_on_from_these_checkpoints(
    code, dataset_folder, tmp_path
):
    settings = code.learning.Settings("default", 1, 1.0, 7, 4, 1e-3)
    other = code.learning.Settings("default", 1, 1.0, 8, 4, 1e-3)
    longer = code.learning.Settings("default", 9, 9.0, 7, 4, 1e-3)
    folders = [
        code.train.checkpoints(tmp_path, one, dataset_folder) for one in (settings, other, longer)
    ]
    assert folders[0] != folders[1]
    assert folders[0] == folders[2]


def test_model_of_every_recording_is_calibrated_by_predictions_of_folds(
    code, dataset_folder, tmp_path, monkeypatch
):
    calibrations = []

    def export(network, dataset, calibration, *, folder, version):
        folder.mkdir(exist_ok=True)
        calibrations.append(calibration)

    monkeypatch.setattr(code.export, "export", export)
    made = str(tmp_path / "made" / "0.npz")
    train(code, dataset_folder, tmp_path, *LIGHT, "--tiny", "--predictions", made)
    joined = ["--everything", "--out-of-fold", str(tmp_path / "made")]
    train(code, dataset_folder, tmp_path, *LIGHT, "--tiny", *joined)
    apart, joint = calibrations
    assert joint == apart
    assert len(list(tmp_path.glob("points/**/curve.json"))) == 2


def test_full_disk_is_a_sentence_before_an_image_is_written(code, dataset, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"no room for .* GB: No space left on device"):
        code.corpus.keep_images(dataset, code.front.MEL, tmp_path / "images.npy")
    assert not list(tmp_path.iterdir())


def test_last_layer_alone_is_learnt_once_more_and_fits_the_clips_better(
    code, dataset, images, sampler, monkeypatch
):
    monkeypatch.setattr(code.refit, "ROUNDS", 500)
    monkeypatch.setattr(code.refit, "LEARNING_RATE", 0.01)
    network = code.model.build("light", len(dataset.classes), embedding=3)
    windows = dataset.part("train")
    targets = code.hearing.make_lessons(dataset, None).targets[windows]

    def doubt():
        logits = code.calibrate.predict(network, images, windows)
        chances = code.calibrate.Scale().probabilities(logits)
        return -np.log(np.where(targets > 0.5, chances, 1 - chances)).mean()

    def rest():
        layers = [layer for layer in network.layers if layer.name != code.model.LAST_LAYER]
        return [weights for layer in layers for weights in layer.get_weights()]

    before, kept = doubt(), rest()
    code.refit.refit(network, sampler, images, seed=1)
    assert doubt() < 0.8 * before
    assert all(map(np.array_equal, kept, rest()))
