"""training/source_dir: what a network looks at and learns from, before any network."""

import base64

import numpy as np
import pytest

from birdapp.chalicelib.decode import decode
from spectrogram_fn import handler, spectrogram
from training.data import shards


def random():
    return np.random.default_rng(4)


def test_every_band_hears_something_and_none_hears_rumble(code):
    weights = code.front.mel_bands()
    assert weights.sum(axis=0) == pytest.approx(np.ones(code.front.BANDS), abs=2e-3)
    assert not weights[:3].any()


def test_window_has_the_same_bytes_in_training_and_in_the_lambda(code, dataset):
    pcm = base64.b64encode(dataset.windows[0].tobytes()).decode()
    answer = handler.handler({"sample_rate": spectrogram.SAMPLE_RATE, "pcm": pcm}, None)
    served = base64.b64decode(answer["windows"][0]["spectrogram"])
    assert code.corpus.image(dataset, 0).tobytes() == served


def test_recordings_from_the_shelf_have_the_same_bytes_too(code, recordings, dataset):
    name = sorted((recordings / "Turdus_merula").iterdir())[0]
    pcm = decode(name.read_bytes(), 20)
    event = {"sample_rate": 22_050, "pcm": base64.b64encode(pcm).decode()}
    served = handler.handler(event, None)["windows"][0]["spectrogram"]
    window = spectrogram.split_windows(spectrogram.from_pcm(pcm))[0]
    stored = (window.samples * spectrogram.PCM_FULL_SCALE).astype("<i2")
    fake = dataset.__class__(dataset.folder, stored[None], [], [], [], [], [])
    assert code.corpus.image(fake, 0).tobytes() == base64.b64decode(served)


def test_kept_images_are_the_bands_of_the_served_bytes_to_half_a_byte(code, dataset, images):
    served = np.stack([code.corpus.image(dataset, index) for index in range(4)])
    layer = code.model.first_layer("default")(served.astype(np.float32)).numpy()
    assert np.abs(layer - images[:4]).max() <= 0.75


def test_kept_images_are_read_again_and_never_for_another_dataset(code, dataset, images, tmp_path):
    path = tmp_path / "images.npy"
    made = path.stat().st_mtime_ns
    again = code.corpus.keep_images(dataset, code.front.MEL, path)
    assert np.array_equal(again, images)
    assert path.stat().st_mtime_ns == made
    with pytest.raises(ValueError, match="delete it"):
        code.corpus.keep_images(dataset, code.front.WHOLE, path)


def test_images_are_read_from_disk_and_not_held_in_memory(images):
    assert isinstance(images, np.memmap)


def test_powers_add_up_as_the_sounds_do(recordings):
    species = ("Turdus_merula", "Parus_major")
    paths = [sorted((recordings / one).iterdir())[0] for one in species]
    sounds = [np.resize(shards.read_audio(path), spectrogram.WINDOW_SAMPLES) for path in paths]
    one, other = (sound / sound.std() for sound in sounds)
    truth = spectrogram.to_spectrogram(one + other)
    added = spectrogram.to_levels(spectrogram.to_power(one) + spectrogram.to_power(other))
    difference = (truth - added) * spectrogram.DYNAMIC_RANGE_DB
    assert np.abs(difference).mean() < 2  # Single cells differ by their phases,
    assert np.abs(difference.mean()) < 0.5  # and the sum of all does not.


def test_another_bird_sings_at_another_place_and_no_louder(code):
    image = np.zeros((80, 257), np.uint8)
    image[40, 200] = 255
    draws = np.random.default_rng(0)
    moved = [code.acoustics.another_bird(image, draws) for _ in range(64)]
    assert max(power.max() for power in moved) <= 1
    loud = [np.argwhere(power > 0.01) for power in moved]
    bands, times = np.concatenate([places for places in loud if places.size]).T
    assert {int(bands.min()), int(bands.max())} <= {38, 39, 40, 41, 42}
    assert 185 < times.min() < 200 < times.max() < 215


def test_far_bird_loses_its_high_notes(code):
    near = np.ones((80, 257), np.float32)
    far = code.acoustics.far(near, code.front.MEL, random())
    assert far[-1].mean() < far[0].mean()


def test_phone_changes_the_sound_and_keeps_it_finite(code):
    power = np.random.default_rng(2).random((80, 257)).astype(np.float32)
    for seed in range(20):
        heard = code.acoustics.phone(power, code.front.MEL, np.random.default_rng(seed))
        assert np.isfinite(heard).all()
        assert heard.min() >= 0


def test_another_recorder_leaves_what_is_sung_and_takes_the_colour_of_the_next_window(
    code, monkeypatch
):
    monkeypatch.setattr(code.batches, "COLOUR", 0.0)
    sounds = np.random.default_rng(0).normal(100, 30, (8, 80, 257)).astype(np.float32)
    sounds[1::2] = sounds[1::2] * 3 + 5
    moved = code.batches.other_recorders(sounds, random(), share=1.0)
    assert np.corrcoef(moved[0, 40], sounds[0, 40])[0, 1] > 0.999
    assert moved[::2].mean() > sounds[::2].mean() + 5
    assert moved[1::2].std() < sounds[1::2].std() - 5
    untouched = code.batches.other_recorders(sounds, random(), share=0.0)
    assert untouched == pytest.approx(sounds, abs=1e-2)


def test_noises_of_all_kinds_are_finite_and_equally_loud(code):
    sounds = [code.acoustics.noise(np.random.default_rng(seed)) for seed in range(24)]
    assert all(np.isfinite(sound).all() for sound in sounds)
    loud = [code.acoustics.rms(sound) for sound in sounds]
    assert loud == pytest.approx([1] * 24, abs=0.2)


def test_examples_are_drawn_alike_from_the_same_seed(code, sampler):
    one, same = (sampler.draw(4, random()) for _ in range(2))
    other = sampler.draw(4, np.random.default_rng(5))
    for left, right in zip(one, same, strict=True):
        assert np.array_equal(left.power, right.power)
        assert np.array_equal(left.target, right.target)
    assert not np.array_equal(one[0].power, other[0].power)


def test_targets_are_probabilities_and_a_scene_may_hold_several_birds(code, sampler):
    targets = np.stack([example.target for example in sampler.draw(200, random())])
    assert targets.min() >= 0
    assert targets.max() <= 1
    assert (targets[:, :2].sum(axis=1) > 1.5).any()
    with_birds = targets[:, :-1].max(axis=1) > 0.5
    assert not targets[with_birds, -1].any()
    assert targets[~with_birds, -1].all()


def test_batch_is_bytes_of_examples_whatever_their_powers(code, sampler):
    examples = sampler.draw(4, random())
    batch = code.batches.to_batch(examples, random(), recorder_share=0.5)
    assert batch.images.shape == (4, *code.front.MEL.shape)
    assert batch.images.dtype == np.uint8
    assert not batch.known.any()


def test_training_draws_nothing_from_the_held_back_parts(sampler, dataset):
    drawn = {index for each in sampler._by_class.values() for found, _ in each for index in found}
    held_back = {*dataset.part("calibration"), *dataset.part("test")}
    assert held_back
    assert drawn == set(dataset.part("train")) - held_back


def write_scores(dataset, heard, **arrays):
    """Write a listener's scores: `heard` of the label in every window, 0.7 of an owl too."""
    labels = ["Parus_major", "Strix_aluco"]
    scores = np.array([[heard(index), 0.7] for index in range(len(dataset.rows))], np.float16)
    np.savez(dataset.folder / "heard.npz", labels=np.array(labels), scores=scores, **arrays)


@pytest.fixture
def listened(code, dataset):
    """Make the lessons with a listener who hears each recording's first window alone."""
    first = [index == 0 or not dataset.follows(index - 1) for index in range(len(dataset.rows))]

    def make(**arrays):
        write_scores(dataset, lambda index: 0.9 if first[index] else 0.0, **arrays)
        return code.hearing.make_lessons(dataset, code.hearing.read_scores(dataset))

    yield make
    (dataset.folder / "heard.npz").unlink()


def of(dataset, label):
    return [index for index, row in enumerate(dataset.rows) if row["primary_label"] == label]


def test_window_in_which_the_label_is_heard_is_drawn_more(dataset, listened):
    first, second, *_ = of(dataset, "Parus_major")
    weights = listened().weights
    assert weights[first] > 20 * weights[second] > 0


def test_bird_in_the_background_is_a_target_beside_the_label(dataset, listened):
    targets, column = listened().targets, dataset.classes.index("Strix_aluco")
    first, second, *_ = of(dataset, "Parus_major")
    own = dataset.classes.index("Parus_major")
    assert targets[first, column] == pytest.approx(0.7, abs=1e-3)
    assert targets[first, own] == 1
    assert targets[second, own] == 0.5


def test_another_bird_is_as_sure_as_the_surest_that_is_not_listed(dataset, listened):
    targets, another = listened().targets, dataset.classes.index("another_bird")
    assert targets[of(dataset, "Parus_major"), another] == pytest.approx(0.7, abs=1e-3)
    assert (targets[of(dataset, "Strix_aluco"), another] >= 0.5).all()
    assert "Strix_aluco" not in dataset.listed


def test_label_that_a_listener_does_not_know_keeps_its_word(dataset, listened):
    windows = of(dataset, "Pica_pica")
    assert (listened().targets[windows, dataset.classes.index("Pica_pica")] == 1).all()


def test_no_bird_stays_no_bird_whoever_hears_one(dataset, listened):
    targets = listened().targets[of(dataset, "no_bird")]
    assert (targets[:, -1] == 1).all()
    assert not targets[:, :-1].any()


def test_embedding_of_a_window_nobody_was_asked_about_is_not_learnt(code, dataset, listened):
    embedding = np.full((len(dataset.rows), 8), np.nan, np.float16)
    embedding[::2] = np.random.default_rng(0).normal(size=embedding[::2].shape)
    lessons = listened(embedding=embedding)
    images = np.zeros((len(dataset.rows), *code.front.MEL.shape), np.uint8)
    sampler = code.sampler.Sampler(dataset, images + 9, code.front.MEL, lessons)
    known = [one.embedding for one in sampler.draw(100, random()) if one.embedding is not None]
    assert known
    assert np.isfinite(known).all()
