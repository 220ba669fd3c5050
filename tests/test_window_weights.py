"""training.data.window_weights: a listener's scores, put beside a dataset in its order."""

import csv

import numpy as np
import pytest

from training.data import window_weights


@pytest.fixture
def windows(tmp_path):
    """A dataset's table: two windows of a tit, one of a clip without a bird."""
    with (tmp_path / "windows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["recording_id", "primary_label"])
        writer.writerows([("tit.ogg", "Parus_major")] * 2 + [("rain.ogg", "no_bird")])
    return tmp_path


def write(path, **changes):
    """A listener that heard the tit in its second window, asked in another order."""
    arrays = {
        "recording": np.array(["rain.ogg", "tit.ogg", "tit.ogg"]),
        "window": np.array([0, 1, 0]),
        "labels": np.array(["Pica pica", "Parus major"]),
        "scores": np.array([[0.1, 0.0], [0.2, 0.9], [0.0, 0.3]], np.float16),
    }
    np.savez(path, **{name: value for name, value in {**arrays, **changes}.items() if len(value)})
    return path


def test_scores_come_in_the_datasets_order_and_of_its_species_alone(windows, tmp_path):
    assert window_weights.attach(windows, write(tmp_path / "scores.npz")) == 1
    with np.load(windows / "heard.npz") as found:
        assert found["labels"].tolist() == ["Parus_major"]
        assert found["scores"][:, 0] == pytest.approx([0.3, 0.9, 0.0], abs=1e-3)


def test_window_that_the_listener_was_not_asked_about_has_no_score(windows, tmp_path):
    scores = write(tmp_path / "scores.npz", recording=np.array(["x.ogg", "tit.ogg", "tit.ogg"]))
    assert window_weights.attach(windows, scores) == pytest.approx(2 / 3)
    with np.load(windows / "heard.npz") as found:
        assert np.isnan(found["scores"][2, 0])


def test_species_is_found_under_its_other_name(windows, tmp_path):
    table = (windows / "windows.csv").read_text().replace("Parus_major", "Coloeus_monedula")
    (windows / "windows.csv").write_text(table)
    labels = np.array(["Pica pica", "Corvus monedula"])
    window_weights.attach(windows, write(tmp_path / "scores.npz", labels=labels))
    with np.load(windows / "heard.npz") as found:
        assert found["labels"].tolist() == ["Coloeus_monedula"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"labels": np.array([])}, "expected labels"), ({"recording": np.array(["x"] * 3)}, "none")],
)
def test_file_of_another_form_or_of_other_recordings_is_refused(windows, tmp_path, changes, reason):
    with pytest.raises(ValueError, match=reason):
        window_weights.attach(windows, write(tmp_path / "scores.npz", **changes))
