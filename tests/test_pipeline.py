"""`make train`: the small sets that people have become a model with its card, by one command."""

import json
import re
import subprocess

import numpy as np
import pytest
from datasets import read_table, write_wav
from local_app import running

from training import cross_validate, evaluate, pipeline
from training.jobs.source_folder import REPOSITORY

SPECIES = {
    "Turdus_merula": "Amsel",
    "Parus_major": "Kohlmeise",
    "Erithacus_rubecula": "Rotkehlchen",
}

PEOPLE = ("Jörg Müller", "Ute Groß", "Ida Kühn", "Olaf Beck", "Änne Voß", "Tim Wolf", "Eva Lenz")


def song(kind, number):
    times = np.arange(3 * 22_050) / 22_050
    hertz = 1_500 + 1_500 * kind + 30 * number
    trill = np.sin(2 * np.pi * hertz * times + 30 * np.sin(2 * np.pi * (2 + number % 5) * times))
    return (0.3 * trill * (np.sin(4 * np.pi * times) > 0)).astype(np.float32)


def write_songs(folder, count, name):
    for kind, label in enumerate(list(SPECIES)[: 2 if count == 12 else 3]):
        for number in range(count):
            write_wav(folder / name(label, number), song(kind, number))


def folders_without_a_table(folder):
    write_songs(folder, 12, lambda label, number: f"{label}/{number}.wav")
    return ["--split-by", "recording"]


def table_of_a_german_excel(folder):
    write_songs(folder, 40, lambda label, number: f"Aufnahmen/{label}/{number}.wav")
    lines = ["Filename;Primary Label;Scientific Name;Common Name;Recordist;Latitude"]
    for label, name in SPECIES.items():
        species = f"{label};{label.replace('_', ' ')};{name}"
        lines += [f"Aufnahmen\\{label}\\{n}.WAV;{species};{PEOPLE[n % 7]};50,1" for n in range(40)]
    text = "\r\n".join([*lines, ";;;;;", ""])
    (folder / "metadata.csv").write_bytes(text.encode("cp1252"))
    return []


def kaggle_of_2021(folder):
    codes = {"Turdus_merula": "eurbla", "Parus_major": "gretit1"}
    write_songs(folder, 12, lambda label, n: f"train_short_audio/{codes[label]}/XC{n}.wav")
    lines = ["primary_label,latitude,longitude,scientific_name,common_name,author,filename,license"]
    for label, code in codes.items():
        name = label.replace("_", " ")
        lines += [
            f"{code},50,10,{name},{SPECIES[label]},{PEOPLE[n % 7]},XC{n}.wav,CC" for n in range(12)
        ]
    (folder / "train_metadata.csv").write_text("\n".join(lines) + "\n")
    return []


@pytest.mark.parametrize(
    ("write", "epochs"),
    [(folders_without_a_table, 60), (table_of_a_german_excel, 12), (kaggle_of_2021, 60)],
)
def test_small_set_becomes_a_model_that_names_a_recording(tmp_path, write, epochs, capfd):
    folder, model = tmp_path / "Vögel im Garten", tmp_path / "ein Modell"
    options = write(folder)
    words = ["--recordings", str(folder), "--processes", "1", "--model", str(model), *options]
    words += ["--epochs", str(epochs), "--batch-size", "8", "--pairs", "3"]
    words += ["--architecture", "light"]
    places = {f"--{name}": str(tmp_path / name) for name in ("dataset", "checkpoints")}
    assert pipeline.main([*words, *pipeline.words(places)]) == 0, capfd.readouterr().err
    card = (model / "MODEL_CARD.md").read_text()
    assert "These figures mean little" in card
    assert "| all, copied as phones leave them | " in card
    assert ("flatter" in card) == bool(options)
    assert "the weights are free" in card or "is not known" in card or "no recording is" in card
    scored = ["--recordings", str(folder), "--model", str(model), "--output", str(tmp_path)]
    assert evaluate.main([*scored, "--processes", "1", "--pairs", "0"]) == 0
    assert json.loads((tmp_path / "evaluation.json").read_text())["listed"]["top1"]["value"] > 0.6
    with running(model) as app:
        assert name_held_back(app, model, folder) > 0.6


def name_held_back(app, model, folder):
    """The share of the recordings not learnt from that the running app names right, first."""
    right = []
    for row in read_table(model / "manifest.csv"):
        if row["part"] == "test":
            status, answer = app.classify((folder / row["recording_id"]).read_bytes())
            first = answer["species"][0]
            assert status == 200
            assert first["name"] in SPECIES.values() or first["name"] == first["scientific_name"]
            right.append(first["scientific_name"] == row["scientific_name"])
    return sum(right) / len(right)


@pytest.mark.parametrize("words", [[], ["--recordings", ""]])
@pytest.mark.parametrize("command", [pipeline.main, evaluate.main])
def test_missing_folder_is_a_sentence(command, words, capsys):
    if command is evaluate.main:
        words = ["--recordings", ""]
    assert command(words) == 1
    assert "expected a folder of recordings, such as make" in capsys.readouterr().err


def test_option_that_nobody_knows_is_refused_before_the_work_starts(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        pipeline.main(["--recordings", str(tmp_path), "--epoch", "3"])
    assert ended.value.code == 2
    assert "--epoch" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["train", "evaluate"])
def test_make_passes_options_on(target):
    command = ["make", "--dry-run", target, "RECORDINGS=a b", "ARGS=--split-by day --x"]
    printed = subprocess.run(
        command, cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout
    assert re.search(r'--recordings "a b" .*--split-by day --x', printed)


@pytest.mark.parametrize(
    ("command", "work"),
    [(pipeline, "prepare.main"), (evaluate, "describe"), (cross_validate, "_keep_settings")],
)
def test_ctrl_c_is_a_sentence(command, work, monkeypatch, capsys, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("training.prepare.main", lambda _: 0)
    monkeypatch.setattr(f"{command.__name__}.{work}", stop)
    assert command.main(["--recordings", str(tmp_path)]) == 130
    assert ": stopped" in capsys.readouterr().err
