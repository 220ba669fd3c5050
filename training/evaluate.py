"""Score a model folder on labelled recordings, through the very code that serves: decoder, Lambda handler, answer.

Recordings are `<Genus_species>/` folders, or a folder with a metadata.csv. What the model learnt from (its
manifest.csv says) is left out. Writes evaluation.json and three pictures.
"""

import argparse
import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from tqdm import tqdm

from birdapp.chalicelib.decode import SAMPLE_RATE, decode
from birdapp.chalicelib.endpoint_client import describe, predict
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.formats import SUFFIXES
from birdapp.chalicelib.response import build_answer
from birdapp.chalicelib.spectrogram_client import event, fetch_spectrograms
from local import model_folder, sagemaker_runtime
from spectrogram_fn import handler
from training.data.metadata import read_folder
from training.scores import metrics, plots

MODEL = Path(__file__).parent / "model"
LONGEST_SECONDS = 3_600.0
DECODE_SECONDS = 120.0


class InProcess:
    """Both AWS clients at once, as the main Lambda uses them, with the code behind them in this process."""

    def __init__(self, folder: Path) -> None:
        self._model = model_folder.load(folder)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: ARG002, N803  # boto3's names.
        """Run the spectrogram Lambda."""
        return {"Payload": _stream(handler.handler(json.loads(Payload), None))}

    def invoke_endpoint(
        self,
        *,
        EndpointName: str,  # noqa: ARG002, N803 (boto3's names)
        ContentType: str,  # noqa: ARG002, N803
        Body: bytes,  # noqa: N803
    ) -> dict[str, Any]:
        """Run the model."""
        return {"Body": _stream(sagemaker_runtime.predict(self._model, Body))}


def _stream(content: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(content).encode())


_client = cache(InProcess)


def classify(audio: Path, folder: Path) -> dict[str, Any]:
    """Answer one recording as POST /classify would, however long it is. Raises ServiceError, OSError."""
    client = _client(folder)
    os.environ.setdefault("FFMPEG_BINARY", imageio_ffmpeg.get_ffmpeg_exe())
    pcm = decode(audio.read_bytes(), DECODE_SECONDS, max_seconds=LONGEST_SECONDS)
    found = fetch_spectrograms(client, "", event(pcm, SAMPLE_RATE, audio.name))
    return build_answer(
        found, predict(client, "", [window.spectrogram for window in found.windows]), 20
    )


def labelled(folder: Path) -> list[tuple[Path, str]]:
    """List the recordings of a folder with their labels: scientific names, or no_bird. Raises OSError, ValueError."""
    if (folder / "metadata.csv").exists():
        pairs = [
            (folder / one.filename, one.scientific_name or one.primary_label)
            for one in read_folder(folder)
        ]
    else:
        found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
        pairs = [(path, _label(folder, path)) for path in found]
    if not pairs:
        raise ValueError(f"{folder}: expected metadata.csv or <Genus_species>/ folders with audio")
    return pairs


def _label(folder: Path, path: Path) -> str:
    label = path.relative_to(folder).parts[0]
    return label if label == metrics.NO_BIRD else label.replace("_", " ")


def held_back(pairs: Sequence[tuple[Path, str]], model: Path) -> list[tuple[Path, str]]:
    """Leave out the recordings that a model learnt from or was calibrated on."""
    parts = manifest_parts(model)
    return [(path, label) for path, label in pairs if parts.get(_identity(path), "test") == "test"]


def manifest_parts(model: Path) -> dict[str, str]:
    """The part of each recording that a model's manifest names; {} without a manifest."""
    manifest = model / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(newline="", encoding="utf-8") as file:
        return {_identity(Path(row["recording_id"])): row["part"] for row in csv.DictReader(file)}


def _identity(path: Path) -> str:
    """A recording is known by its species folder and file name, whatever its format."""
    return f"{path.parent.name}/{path.stem}"


def evaluate(
    pairs: Sequence[tuple[Path, str]], model: Path, *, processes: int
) -> tuple[list[metrics.Result], list[str]]:
    """Answer every recording, on all cores. Also give those that could not be answered, with the reason."""
    results, problems = [], []
    with ProcessPoolExecutor(processes) as pool:
        jobs = pool.map(_try, [path for path, _ in pairs], [model] * len(pairs), chunksize=4)
        for (path, label), answer in tqdm(
            zip(pairs, jobs, strict=True), total=len(pairs), unit="recording"
        ):
            if isinstance(answer, str):
                problems.append(f"{path}: {answer}")
            else:
                results.append(_result(str(path.parent.name) + "/" + path.name, label, answer))
    return results, problems


def _try(audio: Path, model: Path) -> dict[str, Any] | str:
    try:
        return classify(audio, model)
    except (ServiceError, OSError) as error:
        return str(error)


def _result(recording: str, label: str, answer: dict[str, Any]) -> metrics.Result:
    ranked = [(one["scientific_name"], one["probability"]) for one in answer["species"]]
    best = [window["species"][0] for window in answer["windows"]]
    windows = [(one["scientific_name"], one["probability"]) for one in best]
    return metrics.Result(recording, label, answer["verdict"], ranked, windows)


def write(
    folder: Path, results: Sequence[metrics.Result], summary: dict[str, Any], labels: Sequence[str]
) -> None:
    """Write evaluation.json and the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[one.recording, one.truth, one.verdict, one.best, one.ranked[0][1]] for one in results]
    listing = ",\n".join("  " + json.dumps(row) for row in rows)
    text = json.dumps(summary, indent=1).removesuffix("\n}")
    (folder / "evaluation.json").write_text(f'{text},\n "results": [\n{listing}\n ]\n}}\n', "utf-8")
    plots.species(folder / "species.png", summary)
    plots.confusion(folder / "confusion.png", results, labels)
    curves = {of: metrics.curve(results, labels, of=of) for of in ("windows", "recordings")}
    plots.reliability(folder / "reliability.png", curves)


def main(argv: Sequence[str] | None = None) -> int:
    """Run as a script; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--output", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)
    try:
        found = labelled(options.recordings)
        pairs = held_back(found, options.model)
        labels = describe(InProcess(options.model), "").labels
    except (OSError, ValueError, model_folder.BadModelError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    if len(pairs) < len(found):
        print(f"{len(found) - len(pairs)} recordings are left out: the model learnt from them")
    results, problems = evaluate(pairs, options.model, processes=options.processes)
    if not results:
        print(
            f"evaluate: none of {len(pairs)} recordings could be scored; {problems[:1]}",
            file=sys.stderr,
        )
        return 1
    left_out = len(found) - len(pairs)
    scored = metrics.summarise(results, labels)
    summary = {"command": "make evaluate", "left_out": left_out, "problems": problems, **scored}
    write(options.output, results, summary, labels)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(
        json.dumps(
            {name: summary[name] for name in ("recordings", "listed", "verdicts", "calibration")},
            indent=1,
        )
    )
    print(f"written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
