"""Score a model folder on labelled recordings, through the code that serves: decoder to answer.

Recordings are in folders named by species, or in a folder with a metadata.csv. What the model
learnt from (its manifest.csv says) is left out. Writes evaluation.json and three pictures.
"""

import argparse
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from birdapp.chalicelib.decode import SAMPLE_RATE
from birdapp.chalicelib.endpoint_client import describe, predict
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.model import Model
from birdapp.chalicelib.response import build_answer
from birdapp.chalicelib.spectrogram_client import event, fetch_spectrograms
from local import model_folder, sagemaker_runtime
from spectrogram_fn import handler
from training.data.metadata import NO_BIRD
from training.data.shards import read_pcm
from training.scores import metrics, plots
from training.scores.labelled import Found, Names, Pair, held_back, read_labelled, read_manifest

MODEL = Path(__file__).parent / "model"
LISTED_LABELS = 20
MISSING = (
    "expected a folder of recordings, such as make evaluate RECORDINGS=../recordings: it holds"
    " metadata.csv and the audio, or a folder of audio for each species"
)


class InProcess:
    """Both AWS clients as the main Lambda uses them, with the code behind them in this process."""

    def __init__(self, folder: Path) -> None:
        self._model = model_folder.load(folder)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: ARG002, N803  # boto3's names.
        return {"Payload": _stream(handler.handler(json.loads(Payload), None))}

    def invoke_endpoint(
        self,
        *,
        EndpointName: str,  # noqa: ARG002, N803 (boto3's names)
        ContentType: str,  # noqa: ARG002, N803
        Body: bytes,  # noqa: N803
    ) -> dict[str, Any]:
        return {"Body": _stream(sagemaker_runtime.predict(self._model, Body))}


def _stream(content: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(content).encode())


_client = cache(InProcess)


def classify(audio: Path, folder: Path) -> dict[str, Any]:
    """Return what POST /classify answers to a recording, of an hour at most.

    Raises ServiceError, OSError.
    """
    client = _client(folder)
    found = fetch_spectrograms(client, "", event(read_pcm(audio), SAMPLE_RATE, audio.name))
    if all(window.silent for window in found.windows):
        raise ServiceError("silent_audio")
    return build_answer(
        found, predict(client, "", [window.spectrogram for window in found.windows]), 20
    )


def evaluate(
    pairs: Sequence[Pair], model: Path, *, processes: int
) -> tuple[list[metrics.Result], list[str]]:
    """Return the result of every recording, and why others have none. Runs on all cores."""
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
    """Run the command; return its exit status."""
    options = _parser().parse_args(argv)
    if not options.recordings:
        print(f"evaluate: {MISSING}", file=sys.stderr)
        return 1
    options.recordings = Path(options.recordings)
    try:
        return _run(options)
    except (OSError, ValueError, ServiceError, model_folder.BadModelError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    # A Path would make the folder that is here of a name that is empty.
    parser.add_argument("--recordings", required=True)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--output", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--strangers",
        action="store_true",
        help="score labels that nobody knows as species that the model does not know",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    described = describe(InProcess(options.model), "")
    names = Names(described.labels, described.names, read_manifest(options.model))
    found = read_labelled(options.recordings, names, strangers=options.strangers)
    _refuse_unknown(options.recordings, found)
    pairs = held_back(found.pairs, options.model)
    _print_labels(found, described)
    left_out = len(found.pairs) - len(pairs)
    if any(found.mended.values()):
        print(f"mended labels (training/data/labels.csv): {found.mended}")
    if left_out:
        print(f"{left_out} recordings are left out: the model learnt from them")
    if not pairs:
        raise ValueError(f"{options.recordings}: the model learnt from every recording")
    results, problems = evaluate(pairs, options.model, processes=options.processes)
    problems += [f"{options.recordings / name}: in no species' folder" for name in found.unlabelled]
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if not results:
        raise ValueError(f"none of {len(pairs)} recordings could be scored; {problems[0]}")
    scored = metrics.summarise(results, described.labels)
    facts = {"left_out": left_out, "mended": found.mended, "problems": problems}
    summary = {"command": "make evaluate", **facts, **scored}
    write(options.output, results, summary, described.labels)
    shown = ("recordings", "listed", "verdicts", "calibration")
    print(json.dumps({name: summary[name] for name in shown}, indent=1))
    print(f"written to {options.output}")
    return 0


def _refuse_unknown(folder: Path, found: Found) -> None:
    if found.unknown:
        shown = ", ".join(f"{name} ({n})" for name, n in found.unknown.most_common(LISTED_LABELS))
        more = len(found.unknown) - LISTED_LABELS
        raise ValueError(
            f"{folder}: labels that the model does not know: {shown}"
            + (f" and {more} more" if more > 0 else "")
            + "; give them the scientific names of its list, or use --strangers where these are"
            " other species"
        )


def _print_labels(found: Found, model: Model) -> None:
    """Print which labels were read as which, and which species are scored as not listed."""
    for text, label in found.read_as.items():
        print(f"{text}: read as {label}")
    others = Counter(label for _, label in found.pairs if label not in {*model.labels, NO_BIRD})
    if others:
        shown = ", ".join(f"{name} ({n})" for name, n in others.most_common(LISTED_LABELS))
        print(f"scored as not on the model's list, {len(others)} species: {shown}")


if __name__ == "__main__":
    sys.exit(main())
