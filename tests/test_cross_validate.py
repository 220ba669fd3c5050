"""training.cross_validate: each recording scored once, by a network that did not learn from it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from training import cross_validate
from training.data.folds import assign_folds
from training.scores.metrics import Result


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
def played(dataset_folder, tmp_path, monkeypatch):
    """Cross-validate the tiny dataset in two folds; training and answers are played."""
    trained = []

    def train(dataset, model, checkpoints, arguments):
        rows = cross_validate.read_table(dataset / "recordings.csv")
        trained.append(({row["recording_id"]: row["part"] for row in rows}, checkpoints, arguments))
        model.mkdir(parents=True)
        (model / "constants.json").write_text(json.dumps({"labels": ["Parus major", "Pica pica"]}))

    def evaluate(pairs, model, *, processes):
        parts, *_ = trained[-1]
        assert {parts[f"{path.parent.name}/{path.name}"] for path, _ in pairs} == {"test"}
        ranked = [("Parus major", 0.9), ("Pica pica", 0.1)]
        return [Result(str(path), name, "bird", ranked, ranked[:1]) for path, name in pairs], []

    monkeypatch.setattr(cross_validate, "train", train)
    monkeypatch.setattr(cross_validate.evaluate, "evaluate", evaluate)
    folders = ["--recordings", str(dataset_folder.parent), "--dataset", str(dataset_folder)]
    options = ["--output", str(tmp_path), "--folds", "2", "--minutes", "3"]
    assert cross_validate.main([*folders, *options]) == 0
    scores = json.loads((tmp_path / "cross_validation.json").read_text())
    return SimpleNamespace(trained=trained, scores=scores)


def test_every_recording_is_scored_once_by_a_network_that_did_not_learn_from_it(played):
    tested = [
        name for parts, *_ in played.trained for name, part in parts.items() if part == "test"
    ]
    assert len(tested) == len(set(tested)) == 19
    assert played.scores["recordings"] == {"listed": 12, "other_species": 3, "no_bird": 4}


def test_both_halves_of_a_fold_come_from_one_training_and_options_reach_it(played):
    (first, points, options), (second, same, _), *_ = played.trained
    assert points == same
    assert options == ["--minutes", "3"]
    learnt = [
        {name for name, part in parts.items() if part == "train"} for parts in (first, second)
    ]
    assert learnt[0] == learnt[1]


def test_folder_without_a_dataset_is_refused(tmp_path, capsys):
    assert cross_validate.main(["--recordings", "-", "--dataset", str(tmp_path)]) == 1
    assert "expected windows.npy" in capsys.readouterr().err
