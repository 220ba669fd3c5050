"""training.cross_validate: each recording scored once, by a network that did not learn from it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from training_fixtures import SMALL

from training import cross_validate
from training.data.folds import assign_folds, read_table
from training.evaluate import Scored
from training.scores import model_card
from training.scores.metrics import Result
from training.scores.mixture_scores import SEQUENCE, Answer

LABELS = ["Parus major", "Pica pica"]


def test_no_group_is_in_two_folds_and_each_has_its_part_of_every_label():
    random = np.random.default_rng(3)
    groups = random.integers(40, size=300).tolist()
    labels = random.choice(["tit", "jay", "owl"], 300).tolist()
    folds = assign_folds(labels, groups, folds=5)
    pairs = set(zip(groups, folds, strict=True))
    assert len(pairs) == len(set(groups))
    for label in ("tit", "jay", "owl"):
        own = [fold for fold, one in zip(folds, labels, strict=True) if one == label]
        counts = np.bincount(own, minlength=5)
        assert counts.min() > 0.5 * counts.mean()


def test_folds_are_the_same_for_the_same_seed():
    groups, labels = list(range(30)), ["tit", "jay", "owl"] * 10
    assert assign_folds(labels, groups, seed=1) == assign_folds(labels, groups, seed=1)
    assert assign_folds(labels, groups, seed=1) != assign_folds(labels, groups, seed=2)


@pytest.fixture
def run(dataset_folder, tmp_path, monkeypatch):
    """Cross-validate the tiny dataset in two folds; training and answers are played."""
    trained = []

    def train(fold, arguments):
        rows = read_table(fold.dataset / "recordings.csv")
        parts = {row["recording_id"]: row["part"] for row in rows}
        trained.append(SimpleNamespace(parts=parts, fold=fold, arguments=arguments))
        fold.model.mkdir(parents=True, exist_ok=True)
        (fold.model / "constants.json").write_text(json.dumps({"labels": LABELS}))
        if "--predictions" in arguments:
            fold.predictions.parent.mkdir(exist_ok=True)
            fold.predictions.touch()

    def score(pairs, options, *, labels, sources):
        parts = trained[-1].parts
        assert {parts[f"{path.parent.name}/{path.name}"] for path, _ in pairs} == {"calibration"}
        assert set(sources.values()) == {"others"}
        ranked, sung = [(name, 0.5) for name in labels], [("Parus major", 0.9, True)]
        results = [
            Result(str(path), name, "bird", ranked, ranked[:1], sung, sources[path])
            for path, name in pairs
        ]
        answers = [Answer(SEQUENCE, dict.fromkeys(labels, 0.0), "bird", sung)]
        return Scored(results, answers, [], results if options.phones else [])

    monkeypatch.setattr(cross_validate, "train", train)
    monkeypatch.setattr(cross_validate.evaluate, "score", score)
    folders = ["--recordings", str(dataset_folder.parent), "--dataset", str(dataset_folder)]

    def call(*options, folds="2"):
        words = [*folders, "--output", str(tmp_path), "--folds", folds, "--minutes", "3"]
        code = cross_validate.main([*words, *SMALL, *options])
        scores = tmp_path / "evaluation.json"
        found = json.loads(scores.read_text()) if scores.exists() else {}
        return SimpleNamespace(trained=trained, scores=found, code=code, output=tmp_path)

    return call


def test_every_recording_is_scored_once_by_a_network_that_did_not_learn_from_it(run):
    done = run()
    held = [
        name
        for one in done.trained
        if "--predictions" in one.arguments
        for name, part in one.parts.items()
        if part == "calibration"
    ]
    assert len(held) == len(set(held)) == 19
    assert done.scores["recordings"] == {"listed": 12, "other_species": 3, "no_bird": 4}
    assert done.scores["sequences"]["both_certain"]["n"] == 2


def test_each_fold_is_calibrated_by_the_others_and_options_reach_every_training(run):
    *_, scored = run(folds="3").trained
    assert scored.fold.number == 2
    assert scored.arguments[:4] == ["--minutes", "3.0", "--seed", "7"]
    assert scored.arguments[4:] == ["--out-of-fold", str(scored.fold.others)]
    links = {link.name: link.resolve() for link in scored.fold.others.iterdir()}
    predictions = scored.fold.predictions.parent.resolve()
    assert links == {name: predictions / name for name in ("0.npz", "1.npz")}


def test_stopped_run_goes_on_and_folds_may_be_shared_among_machines(run, capsys):
    before = run("--only", "1")
    assert before.code == 1
    assert "folds 0 are to be trained before any is scored" in capsys.readouterr().err
    assert [one.fold.number for one in before.trained] == [1]
    after = run()
    assert [one.fold.number for one in after.trained] == [1, 0, 0, 1]
    assert after.scores["recordings"]["listed"] == 12
    assert after.scores["listed"] == run().scores["listed"]
    assert len(after.trained) == 4


def test_phones_are_asked_about_in_every_fold_and_kept(run):
    assert run("--phones").scores["phones"]["top1"]["n"] == 12
    assert run("--phones").scores["phones"]["bird_said_of_other_species"]["n"] == 3


def test_phones_are_asked_about_later_where_folds_were_scored_without_them(run):
    assert run().scores["phones"] == {}
    assert run("--phones").scores["phones"]["top1"]["n"] == 12


def test_folds_of_other_settings_are_not_mixed(run, capsys):
    run("--only", "0")
    assert run(folds="3").code == 1
    assert "holds folds of other data or settings" in capsys.readouterr().err


def test_pictures_of_the_windows_are_made_once_for_all_folds(run):
    first = run("--only", "0")
    made = first.output / "fold-0" / "checkpoints" / "default-1" / "images.npy"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"images")
    run()
    assert (first.output / "fold-1/checkpoints/default-1/images.npy").read_bytes() == b"images"


def test_missing_folder_is_a_sentence(capsys):
    assert cross_validate.main([]) == 1
    assert "expected a folder of recordings" in capsys.readouterr().err


def test_card_of_a_model_of_all_folds_has_their_scores(run, dataset_folder, tmp_path):
    scores, model = run().output, tmp_path / "model"
    model.mkdir()
    constants = {"labels": LABELS, "settings": {"version": "all"}}
    training = {"parameters": 7, "minutes": 3.0, "windows_seen": 9, "curve": []}
    (model / "constants.json").write_text(json.dumps(constants))
    (model / "training.json").write_text(json.dumps(training))
    folders = ["--recordings", "-", "--dataset", str(dataset_folder), "--model", str(model)]
    assert model_card.main([*folders, "--cross-validation", str(scores)]) == 0
    card = (model / "MODEL_CARD.md").read_text()
    assert "Measured with `make cross-validate`" in card
    assert "| sequence: both are certain | 0.0 % (0.0 % to 65.8 %, n = 2) |" in card
    assert "| others | " in card
    assert {row["part"] for row in read_table(model / "manifest.csv")} == {"train"}
    assert (model / "reliability_birds.png").exists()
    assert not (model / "NOTICE").exists()
