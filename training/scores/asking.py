"""Ask a model about recordings through the code that serves: decoder, windows, network, answer."""

import io
import json
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from birdapp.chalicelib.decode import SAMPLE_RATE
from birdapp.chalicelib.endpoint_client import predict
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.response import build_answer
from birdapp.chalicelib.spectrogram_client import event, fetch_spectrograms
from local import model_folder, sagemaker_runtime
from spectrogram_fn import handler
from training.data.shards import read_pcm
from training.scores import phones
from training.scores.labelled import Pair
from training.scores.metrics import Result

TOP = 20
# A recording and a model's folder -> what is answered.
Ask = Callable[[Path, Path], dict[str, Any]]


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
        found, predict(client, "", [window.spectrogram for window in found.windows]), TOP
    )


def classify_phone(audio: Path, folder: Path) -> dict[str, Any]:
    """Return what POST /classify answers to a recording as a phone leaves it.

    Raises ServiceError, OSError.
    """
    with tempfile.TemporaryDirectory() as made:
        return classify(phones.copy(audio, Path(made)), folder)


def ask_all(
    pairs: Sequence[Pair],
    model: Path,
    *,
    processes: int,
    sources: Mapping[Path, str],
    ask: Ask = classify,
) -> tuple[list[Result], list[str]]:
    """Return the result of every recording, and why others have none. Runs on all cores."""
    results, problems = [], []
    with workers(processes) as pool:
        jobs = pool.map(
            partial(_try, ask), [path for path, _ in pairs], [model] * len(pairs), chunksize=4
        )
        for pair, answer in tqdm(zip(pairs, jobs, strict=True), total=len(pairs), unit="recording"):
            if isinstance(answer, str):
                problems.append(f"{pair[0]}: {answer}")
            else:
                results.append(_result(pair, sources.get(pair[0], ""), answer))
    return results, problems


def workers(processes: int) -> ProcessPoolExecutor:
    """Return processes that leave Ctrl-C to the one that started them."""
    return ProcessPoolExecutor(
        processes, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def _try(ask: Ask, audio: Path, model: Path) -> dict[str, Any] | str:
    try:
        return ask(audio, model)
    except (ServiceError, OSError) as error:
        return str(error)


def _result(pair: Pair, source: str, answer: dict[str, Any]) -> Result:
    path, label = pair
    best = [window["species"][0] for window in answer["windows"]]
    return Result(
        recording=f"{path.parent.name}/{path.name}",
        truth=label,
        verdict=answer["verdict"],
        ranked=[(one["scientific_name"], one["probability"]) for one in answer["species"]],
        windows=[(one["scientific_name"], one["probability"]) for one in best],
        birds=entries(answer),
        source=source,
    )


def entries(answer: dict[str, Any]) -> list[tuple[str, float, bool]]:
    """Return name, confidence and whether it is certain of an answer's `birds`."""
    return [(one["scientific_name"], one["confidence"], one["certain"]) for one in answer["birds"]]
