"""Mixtures that a teacher has heard: put beside a dataset, and learnt from at a training's end."""

import numpy as np
import pytest

from training.data import heard_mixtures
from training.data.folds import write_fold

SHAPE = (80, 257)
TIT, MAGPIE, OWL, RAIN = "Parus_major", "Pica_pica", "Strix_aluco", "no_bird"
# What each of five is made of, and how loud the second is.
PARTS = [
    ((f"{TIT}/0.wav", 0), (f"{MAGPIE}/0.wav", 1)),
    ((f"{TIT}/0.wav", 0), (f"{MAGPIE}/0.wav", 1)),
    ((f"{RAIN}/0.wav", 0), ("", 0)),
    ((f"{OWL}/0.wav", 0), ("elsewhere.wav", 0)),
    ((f"{TIT}/1.wav", 0), (f"{RAIN}/1.wav", 0)),
]
DECIBELS = [0, -24, 0, 0, 0]
SCORES = {"Parus major": [0.5, 0.5, 0.4, 0, 1], "Pica pica": [1, 0, 0, 0, 0.3]}


def write(folder, **changes):
    """A listener's file; a change of None leaves a field out."""
    folder.mkdir(exist_ok=True)
    pairs = np.array(PARTS, dtype=object)
    images = np.full((len(PARTS), *SHAPE), 100, np.uint8)
    images[:, 30:32, :100] = 255
    arrays = {
        "images": images + np.arange(5, dtype=np.uint8)[:, None, None] * (images == 100),
        "recordings": pairs[:, :, 0].astype(str),
        "windows": pairs[:, :, 1].astype(np.int32),
        "decibels": np.array([[0, level] for level in DECIBELS], np.float16),
        "labels": np.array(list(SCORES)),
        "scores": np.array(list(SCORES.values()), np.float16).T,
        "embedding": np.arange(5 * 3, dtype=np.float16).reshape(5, 3),
        **changes,
    }
    np.savez(folder / "0.npz", **{name: one for name, one in arrays.items() if one is not None})
    return folder


@pytest.fixture
def taught(code, dataset_folder, tmp_path):
    """The dataset with what the listener heard, every recording in the training part."""
    rows = code.corpus.load(dataset_folder).rows
    folder = tmp_path / "taught"
    write_fold(dataset_folder, folder, {row["recording_id"]: "train" for row in rows})
    scores = np.full((len(rows), 2), 0.9, np.float16)
    embedding = np.random.default_rng(0).normal(2, 3, (len(rows), 3)).astype(np.float16)
    labels = np.array([TIT, MAGPIE])
    np.savez(folder / "heard.npz", labels=labels, scores=scores, embedding=embedding)
    assert heard_mixtures.attach(folder, write(tmp_path / "mixtures")) == 4
    return folder


def read(code, folder):
    found = code.corpus.load(folder)
    lessons = code.hearing.make_lessons(found, code.hearing.read_scores(found))
    return found, code.distillation.read(found, lessons, code.front.MEL)


def test_mixture_of_recordings_that_are_not_there_is_left_out(taught):
    images = np.load(taught / "mixtures.npy")
    assert images[:, 0, 0].tolist() == [100, 101, 102, 104]
    with np.load(taught / "mixtures.npz") as found:
        assert found["labels"].tolist() == [TIT, MAGPIE]
        assert (found["windows"][2, 1], found["windows"].shape) == (-1, (4, 2))


def test_targets_are_half_what_was_mixed_and_half_what_is_heard(code, taught):
    dataset, mixtures = read(code, taught)
    tit, magpie, nothing = (dataset.classes.index(name) for name in (TIT, MAGPIE, RAIN))
    found = mixtures.targets.astype(np.float32)
    assert found[0, [tit, magpie, nothing]] == pytest.approx([0.825, 1, 0], abs=2e-3)
    # 24 dB below, it counts half, and nobody heard it.
    assert found[1, magpie] == pytest.approx(0.25, abs=2e-3)
    assert found[2].tolist() == [0] * (len(dataset.classes) - 1) + [1]
    # What is heard beside the label is a target, as it is heard.
    assert found[3, [tit, magpie, nothing]] == pytest.approx([1, 0.3, 0], abs=2e-3)
    assert not found[:, dataset.classes.index("another_bird")].any()


def test_of_a_sound_that_was_changed_much_only_what_is_heard_counts(code, taught, tmp_path):
    levels = np.array([[-np.inf, level] for level in DECIBELS], np.float16)
    heard_mixtures.attach(taught, write(tmp_path / "changed", decibels=levels))
    dataset, mixtures = read(code, taught)
    tit, nothing = (dataset.classes.index(name) for name in (TIT, RAIN))
    assert mixtures.targets[0, [tit, nothing]] == pytest.approx([0.5, 0], abs=2e-3)
    assert mixtures.targets[2, nothing] == 1


def test_embeddings_are_centred_as_those_of_windows(code, taught):
    _, mixtures = read(code, taught)
    with np.load(taught / "heard.npz") as heard, np.load(taught / "mixtures.npz") as content:
        windows = heard["embedding"].astype(np.float32)
        own = content["embedding"].astype(np.float32)
    expected = (own - windows.mean(axis=0)) / (windows - windows.mean(axis=0)).std()
    assert mixtures.embeddings == pytest.approx(expected, abs=1e-2)


def test_mixture_with_a_recording_that_is_held_back_teaches_nothing(code, taught, tmp_path):
    rows = code.corpus.load(taught).rows
    parts = {row["recording_id"]: "train" for row in rows} | {f"{MAGPIE}/0.wav": "calibration"}
    write_fold(taught, tmp_path / "fold", parts)
    _, mixtures = read(code, tmp_path / "fold")
    assert mixtures.usable.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decibels": None}, "expected decibels"),
        ({"recordings": np.full((5, 2), "x")}, "none of 1 files has mixtures of"),
    ],
)
def test_mixtures_of_another_form_or_of_other_recordings_are_refused(
    dataset_folder, tmp_path, changes, reason
):
    with pytest.raises(ValueError, match=reason):
        heard_mixtures.attach(dataset_folder, write(tmp_path / "mixtures", **changes))
    assert not list(dataset_folder.glob("*mixtures*"))


def test_images_of_another_network_are_refused(code, taught):
    np.save(taught / "mixtures.npy", np.zeros((4, 8, 8), np.uint8))
    with pytest.raises(ValueError, match=r"expected 4 images of \(80, 257\), got \(4, 8, 8\)"):
        read(code, taught)


def make_training(code, folder, points):
    dataset, workers = code.corpus.load(folder), code.multi_worker.Workers({})
    settings = code.learning.Settings("light", 4, 9.0, 7, 4, 1e-3)
    points.mkdir(exist_ok=True)
    return code.learning.Training(dataset, settings, points, workers)


def test_mixtures_are_learnt_from_last_and_averaged_with_what_was_before(
    code, taught, tmp_path, monkeypatch
):
    monkeypatch.setattr(code.learning, "MIXTURES_PART", 0.5)
    training = make_training(code, taught, tmp_path / "points")
    drawn, rates, averages = [], [], []
    draw, step = training.mixtures.draw, training._step

    def counted(_, size, random):
        drawn.append(training.epochs)
        averages.append(training.averages[0].numpy())
        return draw(size, random)

    def watched(*batch):
        rates.append((training.epochs, float(training.optimizer.learning_rate)))
        return step(*batch)

    monkeypatch.setattr(type(training.mixtures), "draw", counted)
    training._step = watched
    training.run()
    assert min(drawn) == float(training.turned) * 4 == 2
    first = [rate for epoch, rate in rates if epoch < 2]
    second = [rate for epoch, rate in rates if epoch >= 2]
    assert first[-1] < 0.1 * max(first)
    assert max(second) == pytest.approx(0.375e-3, rel=0.1)
    assert second[-1] < 0.1 * max(second)

    again = make_training(code, taught, tmp_path / "points")
    assert float(again.turned) == float(training.turned)
    learnt = again.network.trainable_variables[0]
    place = [id(each) for each in again.network.weights].index(id(learnt))
    before, after = again.before[place].numpy(), again.averages[0].numpy()
    assert np.array_equal(before, averages[0])
    assert not np.allclose(before, after)
    again.use_averages()
    assert np.allclose(learnt.numpy(), (before + after) / 2)


def test_training_without_mixtures_has_one_part(code, dataset_folder, tmp_path):
    training = make_training(code, dataset_folder, tmp_path)
    assert (training.mixtures, training.before) == (None, [])
