"""training/source_dir: the networks, a tiny training from recordings to a model folder, and what it exports."""

import base64
import csv
import json
import sys
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from birdapp.chalicelib.pooling import BIRD, PooledWindow, PoolingRule, Species, pool
from local import model_folder
from spectrogram_fn import handler, spectrogram
from training import prepare, windows

REPOSITORY = Path(__file__).parent.parent
SHIPPED = REPOSITORY / "training" / "model"
SPECIES = {"Parus_major": 4_000, "Pica_pica": 1_500, "Strix_aluco": 700}
# One each: family names that even a careless table would not confuse.
RECORDISTS = ["Lee", "Ek", "Day", "Fox", "Gu", "Ho", "Ivy", "Jay", "Kim", "Low", "Moe", "Nagy", "Ott", "Poe", "Quo"]


@pytest.fixture(scope="module")
def code():
    """The modules of the container's folder, imported as they are there: side by side, with spectrogram.py."""
    folders = [str(REPOSITORY / "training" / "source_dir"), str(REPOSITORY / "spectrogram_fn")]
    sys.path[:0] = folders
    import batches  # noqa: PLC0415
    import calibrate  # noqa: PLC0415
    import model  # noqa: PLC0415
    import optimizer  # noqa: PLC0415
    import train  # noqa: PLC0415

    yield SimpleNamespace(batches=batches, calibrate=calibrate, model=model, optimizer=optimizer, train=train)
    sys.path[:] = [folder for folder in sys.path if folder not in folders]


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory):
    """Three species, two of them listed, and clips without a bird, written and prepared as a user's would be."""
    root = tmp_path_factory.mktemp("training")
    rows, recordists = [], iter(RECORDISTS)
    for label, hertz in SPECIES.items():
        for number in range(3 if label == "Strix_aluco" else 6):
            name = f"{label}/{number}.wav"
            write_wav(root / name, chirps(hertz + 40 * number))
            rows.append((name, label, label.replace("_", " "), next(recordists)))
    for number in range(4):
        write_wav(root / f"no_bird/{number}.wav", np.random.default_rng(number).normal(0, 0.1, 110_250))
        rows.append((f"no_bird/{number}.wav", "no_bird", "no_bird", f"{number}{number}"))
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("filename", "primary_label", "scientific_name", "recordist"), *rows])
    small = ["--min-recordings", "6", "--test-minimum", "1", "--test-total", "2", "--processes", "1"]
    assert prepare.main(["--recordings", str(root), "--output", str(root / "dataset"), *small]) == 0
    return root / "dataset"


@pytest.fixture(scope="module")
def exported(code, dataset_folder, tmp_path_factory):
    """The model folder of a --tiny training."""
    root = tmp_path_factory.mktemp("tiny")
    train(code, dataset_folder, root, "--tiny")
    return root / "model"


def train(code, dataset, root, *options):
    folders = ["--data", str(dataset), "--model-dir", str(root / "model"), "--checkpoint-dir", str(root / "points")]
    code.train.main([*folders, "--batch-size", "4", *options])


def chirps(hertz):
    times = np.arange(7 * spectrogram.SAMPLE_RATE) / spectrogram.SAMPLE_RATE
    return 0.4 * np.sin(2 * np.pi * hertz * times) * (np.sin(2 * np.pi * 2 * times) > 0)


def write_wav(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, spectrogram.SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32_767).astype("<i2").tobytes())


def saved_model_answer(folder, images):
    import tensorflow as tf  # noqa: PLC0415 (seconds)

    loaded = tf.saved_model.load(str(folder / "saved_model"))
    answer = loaded.signatures["serving_default"](spectrogram=tf.constant([image.tobytes() for image in images]))
    return {name: value.numpy() for name, value in answer.items()}


def test_report_network_is_the_one_of_the_report(code):
    network = code.model.build("report", 19)
    convolutions = sum(9 * into * out + out + 4 * out for into, out in [(1, 64), (64, 128), (128, 256)])
    dense = sum(into * out + out for into, out in [(256, 256), (256, 128), (128, 19)])
    assert network.count_params() == convolutions + dense
    assert [layer.rate for layer in network.layers if "dropout" in layer.name] == [0.1, 0.1, 0.1, 0.3, 0.3]


@pytest.mark.parametrize("name", ["default", "deep", "attention", "pooled"])
def test_each_light_network_costs_a_tenth_of_the_report_at_most(code, name):
    light, report = code.model.build(name, 305), code.model.build("report", 305)
    assert code.model.multiplications(light) * 10 <= code.model.multiplications(report)
    assert light(np.zeros((2, *spectrogram.SHAPE))).shape == (2, 305)


def test_multiplications_of_the_report_are_counted_by_hand(code):
    body = 9 * (64 * 216 * 514 + 64 * 128 * 108 * 257 + 128 * 256 * 54 * 128)
    assert code.model.multiplications(code.model.build("report", 19)) == body + 256 * 256 + 256 * 128 + 128 * 19


def test_another_bird_sings_at_another_place_and_no_louder(code):
    sound = np.zeros((64, 80, 257, 2), np.float32)
    sound[:, 40, 200] = 1
    moved = code.model.Perturb(pitch=2.0, pace=0.1)._another_bird(sound, 64).numpy()
    assert moved.max() <= 1
    bands, times = (np.unique(moved.max(axis=(0, axis, 3)).nonzero()[0]) for axis in (2, 1))
    assert (bands.min(), bands.max()) == (38, 42)
    assert 190 < times.min() < 200 < times.max() < 210


def test_another_recorder_leaves_what_is_sung_and_takes_the_colour_of_the_next_window(code):
    sounds = np.random.default_rng(0).normal(0, 1, (8, 80, 257, 2)).astype(np.float32)
    sounds[1::2] = sounds[1::2] * 3 + 5
    moved = code.model.Perturb(recorder=1.0)._another_recorder(sounds, 8).numpy()
    assert np.corrcoef(moved[0, 40, :, 0], sounds[0, 40, :, 0])[0, 1] > 0.999
    means, spreads = moved.mean(axis=2), moved.std(axis=2)
    assert 0 < means.mean() < 5
    assert means[::2].mean() > sounds[::2].mean() + 0.5
    assert means[1::2].mean() < sounds[1::2].mean() - 0.5
    assert spreads[::2].mean() > 1.1
    assert spreads[1::2].mean() < 2.9
    untouched = code.model.Perturb(recorder=0.0)._another_recorder(sounds, 8).numpy()
    assert untouched == pytest.approx(sounds, abs=1e-4)


def test_every_band_hears_something_and_none_hears_rumble(code):
    weights = code.model.mel_bands()
    assert weights.sum(axis=0) == pytest.approx(np.ones(code.model.BANDS), abs=2e-3)
    assert not weights[:3].any()


def test_window_has_the_same_bytes_in_training_and_in_the_lambda(code, dataset_folder):
    dataset = code.batches.load(dataset_folder)
    pcm = base64.b64encode(dataset.windows[0].tobytes()).decode()
    answer = handler.handler({"sample_rate": spectrogram.SAMPLE_RATE, "pcm": pcm}, None)
    served = base64.b64decode(answer["windows"][0]["spectrogram"])
    assert code.calibrate.image(dataset, 0).tobytes() == served


def test_recordings_from_the_shelf_have_the_same_bytes_too(code, recordings):
    name = "Turdus_merula/" + sorted(path.name for path in (recordings / "Turdus_merula").iterdir())[0]
    from birdapp.chalicelib.decode import decode  # noqa: PLC0415

    pcm = decode((recordings / name).read_bytes(), 20)
    answer = handler.handler({"sample_rate": 22_050, "pcm": base64.b64encode(pcm).decode()}, None)
    window = spectrogram.split_windows(spectrogram.from_pcm(pcm))[0]
    stored = (window.samples * spectrogram.PCM_FULL_SCALE).astype("<i2")
    dataset = SimpleNamespace(windows=stored[None], rows=[])
    assert code.calibrate.image(dataset, 0).tobytes() == base64.b64decode(answer["windows"][0]["spectrogram"])


def test_window_kept_for_training_gives_the_served_bytes_again(code, dataset_folder):
    dataset = code.batches.load(dataset_folder)
    sampler = code.batches.Sampler(dataset, 1)
    for _ in range(2):  # Made, then kept.
        again = spectrogram.to_bytes(spectrogram.to_levels(sampler._power(0)))
        assert np.array_equal(again, code.calibrate.image(dataset, 0))


def test_powers_add_up_as_the_sounds_do(recordings):
    windows.use_shipped_ffmpeg()
    paths = [sorted((recordings / species).iterdir())[0] for species in ("Turdus_merula", "Parus_major")]
    one, other = (np.resize(windows.read_audio(path), spectrogram.WINDOW_SAMPLES) for path in paths)
    one, other = (sound / sound.std() for sound in (one, other))
    truth = spectrogram.to_spectrogram(one + other)
    added = spectrogram.to_levels(spectrogram.to_power(one) + spectrogram.to_power(other))
    difference = (truth - added) * spectrogram.DYNAMIC_RANGE_DB
    assert np.abs(difference).mean() < 2  # Single cells differ by their phases,
    assert np.abs(difference.mean()) < 0.5  # and the sum of all does not.


def test_batches_are_drawn_alike_from_the_same_seed_and_place(code, dataset_folder):
    dataset = code.batches.load(dataset_folder)
    one, same, other = (next(code.batches.Sampler(dataset, seed).batches(3, 4, [0])) for seed in (5, 5, 6))
    assert np.array_equal(one[0], same[0])
    assert np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])
    assert one[1].sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_training_draws_nothing_from_the_held_back_parts(code, dataset_folder):
    dataset = code.batches.load(dataset_folder)
    held_back = {*dataset.part("calibration"), *dataset.part("test")}
    drawn = {
        index
        for recordings in code.batches.Sampler(dataset, 1)._by_class.values()
        for indices, _ in recordings
        for index in indices
    }
    assert held_back
    assert not drawn & held_back


def test_exported_folder_is_one_that_the_local_endpoint_serves(exported):
    model = model_folder.load(exported)
    model_folder.check(model, model_folder.whistles())
    assert model.labels == ["Parus major", "Pica pica"]


def test_saved_model_and_lite_model_agree(code, dataset_folder, exported):
    dataset = code.batches.load(dataset_folder)
    images = np.stack([code.calibrate.image(dataset, index) for index in range(4)])
    heavy, light = saved_model_answer(exported, images), model_folder.load(exported).predict(images)
    for name in ("probabilities", "bird"):
        assert light[name] == pytest.approx(heavy[name], abs=1e-3)
    constants = json.loads((exported / "constants.json").read_text())
    assert [label.decode() for label in heavy["labels"]] == constants["labels"]
    assert [name.decode() for name in heavy["names"]] == constants["names"]
    assert json.loads(heavy["settings"]) == constants["settings"]


def test_saved_model_refuses_a_window_of_another_size(exported):
    with pytest.raises(Exception, match=r"Incompatible shapes|not compatible"):
        saved_model_answer(exported, [np.zeros(111_000, np.uint8)])


def test_shipped_saved_model_and_lite_model_agree_on_real_windows(recordings):
    images = []
    for species in ("Turdus_merula", "Parus_major", "Corvus_corax"):
        from birdapp.chalicelib.decode import decode  # noqa: PLC0415

        path = sorted((recordings / species).iterdir())[0]
        (window, *_) = spectrogram.split_windows(spectrogram.from_pcm(decode(path.read_bytes(), 20)))
        images.append(spectrogram.to_bytes(spectrogram.to_spectrogram(window.samples)))
    heavy, light = saved_model_answer(SHIPPED, images), model_folder.load(SHIPPED).predict(np.stack(images))
    assert light["probabilities"] == pytest.approx(heavy["probabilities"], abs=1e-3)
    assert light["bird"] == pytest.approx(heavy["bird"], abs=1e-3)


def test_stopped_training_goes_on_where_it_was(code, dataset_folder, tmp_path, capsys):
    train(code, dataset_folder, tmp_path, "--epochs", "1")
    train(code, dataset_folder, tmp_path, "--epochs", "2")
    assert "going on after epoch 1" in capsys.readouterr().out
    report = json.loads((tmp_path / "model" / "training.json").read_text())
    assert report["epochs"] == 2
    assert [point["epoch"] for point in report["curve"]] == [1, 2]


@pytest.mark.parametrize(("share", "recorder"), [(0.0, 0.0), (1.0, 0.5)])
def test_last_part_of_a_training_hears_the_windows_own_recorders(
    code, dataset_folder, tmp_path, monkeypatch, share, recorder
):
    monkeypatch.setattr(code.train, "STRANGE_SHARE", share)
    settings = code.train.Settings("default", 1, 9.0, 7, 4, 1e-3)
    training = code.train.Training(
        code.batches.load(dataset_folder), settings, tmp_path, code.train.distribution.Workers({})
    )
    training.run()
    (perturb,) = (layer for layer in training.network.layers if isinstance(layer, code.model.Perturb))
    assert float(perturb.recorder) == recorder


def test_long_epoch_is_kept_midway_and_goes_on_there(code, dataset_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(code.train, "KEEP_MINUTES", 0.0)  # After each batch.
    settings = code.train.Settings("default", 1, 9.0, 7, 4, 1e-3)
    folder = code.train.checkpoints(tmp_path, settings, dataset_folder)
    dataset, workers = code.batches.load(dataset_folder), code.train.distribution.Workers({})
    training = code.train.Training(dataset, settings, folder, workers)
    stop_before(training, 2)
    with pytest.raises(KeyboardInterrupt):
        training.run()
    again = code.train.Training(dataset, settings, folder, workers)
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
    gradients = [random.normal(size=1) + 0.1 * random.normal(size=old.shape) for old in before.values()]
    muon.apply_gradients(zip([each.astype(np.float32) for each in gradients], network.trainable_variables, strict=True))
    moved = {variable.path: variable.numpy() - before[variable.path] for variable in network.trainable_variables}
    (last,) = (path for path in moved if path.endswith("classes/kernel"))
    kernels = {path: change for path, change in moved.items() if change.ndim > 1 and path != last}
    assert len(kernels) == 7
    for change in kernels.values():
        matrix = change.reshape(-1, change.shape[-1])
        lengths = np.linalg.svd(matrix, compute_uv=False) / (0.01 * 0.2 * np.sqrt(max(matrix.shape)))
        assert lengths.max() < 1.3
        assert np.median(lengths) > 0.6
    for path, change in moved.items():
        if path not in kernels:
            assert np.median(np.abs(change)) == pytest.approx(0.01 * code.optimizer.ADAM_SHARE, rel=0.01)


def test_training_with_another_seed_never_goes_on_from_these_checkpoints(code, dataset_folder, tmp_path):
    settings = code.train.Settings("default", 1, 1.0, 7, 4, 1e-3)
    other = code.train.Settings("default", 1, 1.0, 8, 4, 1e-3)
    longer = code.train.Settings("default", 9, 9.0, 7, 4, 1e-3)
    folders = [code.train.checkpoints(tmp_path, one, dataset_folder) for one in (settings, other, longer)]
    assert folders[0] != folders[1]
    assert folders[0] == folders[2]


def test_noises_of_all_kinds_are_finite_and_equally_loud(code):
    sounds = [code.batches.noise(np.random.default_rng(seed)) for seed in range(24)]
    assert all(np.isfinite(sound).all() for sound in sounds)
    assert [code.batches.rms(sound) for sound in sounds] == pytest.approx([1] * 24, abs=0.2)


@pytest.mark.parametrize("exponent", [1, 2, 4])
@pytest.mark.parametrize("rivals", [1e-4, 0.3])
def test_calibration_gives_the_best_species_the_probability_that_the_app_shows(code, exponent, rivals):
    random = np.random.default_rng(exponent)
    chances = np.concatenate([random.uniform(0.3, 0.9, (3, 1)), random.uniform(0, rivals, (3, 11))], axis=1)
    points = code.calibrate._curve((1.3, 0.9))
    found = code.calibrate.Recording(chances, np.ones(3), 0)
    scores = code.calibrate.score(found, exponent, 0.5)
    expected = code.calibrate.share_out(np.interp([scores], code.calibrate.CURVE_POINTS, points)).max()
    rule = PoolingRule(exponent, 20, tuple(zip(code.calibrate.CURVE_POINTS, points, strict=True)), 0.5)
    names = [f"Species {place}" for place in range(12)]
    judged = [
        PooledWindow(BIRD, [Species(name, name, p) for name, p in zip(names, row, strict=True)]) for row in chances
    ]
    _, species = pool(judged, rule)
    assert species[0].probability == pytest.approx(expected, abs=1e-3)


def test_curve_makes_what_is_shown_as_likely_as_it_is_right(code):
    clear, rivals = [[0.6, 0.05, 0.05]], [[0.6, 0.55, 0.05]]
    kinds = [(clear, 0)] * 66 + [(clear, 1)] * 4 + [(rivals, 0)] * 18 + [(rivals, 1)] * 12
    found = [code.calibrate.Recording(np.array(chances), np.ones(1), truth) for chances, truth in kinds]
    exponent, points = code.calibrate._pooling(found, 0.5, 3)
    scores = np.array([code.calibrate.score(one, exponent, 0.5) for one in found])
    shown = code.calibrate.share_out(np.interp(scores, code.calibrate.CURVE_POINTS, points)).max(axis=1)
    assert shown.mean() == pytest.approx(0.84, abs=0.04)


@pytest.mark.parametrize(
    ("truths", "right", "expected"),
    [
        ("listed", [True] * 100, 0.3),
        ("listed", [False] * 50 + [True] * 50, 0.46),  # Half are wrong below 0.5: 92 % of what is left must be right.
        ("other", [False] * 100, 0.94),
        ("no_bird", [False] * 100, 0.98),
    ],
)
def test_bird_is_said_from_where_its_promises_hold(code, truths, right, expected):
    confidences = np.append(np.arange(100) / 100, 0.995)
    kinds = np.array([truths] * 100 + ["listed"])
    right = np.append(right, True)
    found = code.calibrate._bird_threshold(confidences, right, kinds == "listed", kinds == "no_bird")
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(("strange", "expected"), [(2, 0.3), (3, 0.96)])
def test_one_strange_clip_in_both_copies_does_not_rule_where_there_are_few(code, strange, expected):
    confidences = np.concatenate([np.full(100, 0.97), np.full(strange, 0.95), np.zeros(30 - strange)])
    right, known = np.ones(130, bool), np.arange(130) < 100
    assert code.calibrate._bird_threshold(confidences, right, known, ~known) == pytest.approx(expected)
