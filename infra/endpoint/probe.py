"""Loads a model and lets it answer, in a child process: python -m infra.endpoint.probe.

A graph is a program. Its operations are read before any of them runs, and those that touch files
or Python are refused; time, memory and file sizes are limited; no AWS variable is in the
environment. It is no sandbox: a fault in TensorFlow itself could still be used. Deploy only models
whose maker you know.
"""

import base64
import json
import math
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIGNATURES = ("serving_default", "describe")
CPU_SECONDS = 120
MEMORY_BYTES = 16 * 1024**3
# Operations that reach out of the graph. Those of a saver may stay: every SavedModel has one.
FORBIDDEN = """
    ReadFile WriteFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader
    TextLineReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 TFRecordReader
    TFRecordReaderV2 TFRecordDataset TextLineDataset FixedLengthRecordDataset
    FixedLengthRecordDatasetV2 CSVDataset PyFunc PyFuncStateless EagerPyFunc GeneratorDataset
    SqlDataset LMDBDataset LMDBReader Save SaveSlices SaveDataset SaveDatasetV2 LoadDataset
    SnapshotDataset SnapshotDatasetV2 CacheDataset CacheDatasetV2 DebugIdentity DebugIdentityV2
    PrintV2 Recv Send RegisterDataset RegisterDatasetV2 DataServiceDataset DataServiceDatasetV2
    SummaryWriter CreateSummaryFileWriter CreateSummaryDbWriter RemoteCall RpcCall RpcClient
    RpcServer
"""


def examine(folder: Path, windows: list[bytes]) -> dict[str, Any]:
    """Load a SavedModel and ask it about windows (uint8 [216, 514], row by row).

    They are asked alone, together, and one that is too short. Returns {"forbidden", "signatures",
    "answer", "alone", "description", "takes_short", "padded_to"}. A value that is not finite comes
    back as null, an exception of the graph as {"error": text} in place of an answer.
    """
    used = {node.op for graph in nodes(folder) for node in graph}
    forbidden = sorted(used & set(FORBIDDEN.split()))
    if forbidden:
        return {"forbidden": forbidden}
    import tensorflow as tf  # noqa: PLC0415 (seconds, and only here)

    model = tf.saved_model.load(str(folder))
    known = [name for name in SIGNATURES if name in model.signatures]
    if list(SIGNATURES) != known:
        return {"forbidden": [], "signatures": known}

    def ask(signature: str, name: str, texts: list[bytes]) -> dict[str, Any]:
        try:
            return plain(model.signatures[signature](**{name: tf.constant(texts)}))
        except (TypeError, ValueError, tf.errors.OpError) as error:
            return {"error": reason(str(error))}

    return {
        "forbidden": [],
        "signatures": known,
        "answer": ask("serving_default", "spectrogram", windows),
        "alone": ask("serving_default", "spectrogram", windows[:1]),
        "padded_to": padded_sizes(folder),
        "takes_short": "error" not in ask("serving_default", "spectrogram", [windows[0][:-1]]),
        "description": ask("describe", "ask", [b""]),
    }


def examine_network(folder: Path, windows: list[bytes]) -> dict[str, Any]:
    """Return the same facts of a folder with a LiteRT network, asked by its Lambda's own code.

    LiteRT itself refuses operations beyond its own, which reach nothing.
    """
    from classifier_fn import classifier  # noqa: PLC0415

    model = classifier.load(folder)

    def ask(texts: list[bytes]) -> dict[str, Any]:
        rows = [{"b64": base64.b64encode(text).decode()} for text in texts]
        try:
            outputs = classifier.respond(model, {"inputs": {"spectrogram": rows}})["outputs"]
        except (ValueError, RuntimeError) as error:
            return {"error": reason(str(error))}
        return {name: to_json(values) for name, values in outputs.items()}

    return {
        "forbidden": [],
        "signatures": SIGNATURES,
        "answer": ask(windows),
        "alone": ask(windows[:1]),
        "takes_short": "error" not in ask([windows[0][:-1]]),
        "padded_to": [],
        "description": model.constants,
    }


def reason(text: str) -> str:
    """Return the line with the cause: TensorFlow puts it last, before the names of the nodes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if not line.startswith("[[")]
    return causes[-1] if causes else "no reason given"


def nodes(folder: Path) -> Iterator[list[Any]]:
    """Yield the nodes of each graph and function of a SavedModel; none is run."""
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: PLC0415

    message = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    for meta_graph in message.meta_graphs:
        yield list(meta_graph.graph_def.node)
        yield from (list(function.node_def) for function in meta_graph.graph_def.library.function)


def padded_sizes(folder: Path) -> list[int]:
    """Return the sizes to which the graph pads or cuts the texts that it decodes."""
    from tensorflow import make_ndarray  # noqa: PLC0415

    sizes = set()
    for graph in nodes(folder):
        constants = {node.name: node.attr["value"].tensor for node in graph if node.op == "Const"}
        lengths = (node.input[1].split(":")[0] for node in graph if node.op == "DecodePaddedRaw")
        sizes |= {
            int(make_ndarray(constants[name])) if name in constants else 0 for name in lengths
        }
    return sorted(sizes)


def plain(outputs: dict[str, Any]) -> dict[str, Any]:
    """Return tensors as lists for JSON; a value that is not finite becomes None."""
    return {name: to_json(tensor.numpy()) for name, tensor in outputs.items()}


def to_json(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if not isinstance(value, float) or math.isfinite(value) else None


def limit_resources() -> None:
    """Limit processor time and memory, and forbid this process to write files."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    """Print the facts as one JSON line. Arguments: the model's folder, a file of base64 lines."""
    folder, windows_file = map(Path, sys.argv[1:])
    windows = [base64.b64decode(line) for line in windows_file.read_text().splitlines()]
    if (folder / "model.tflite").exists():
        limit_resources()
        facts = examine_network(folder, windows)
    else:
        # Its import looks for a folder to write to; the model's own code runs after the limits.
        import tensorflow  # noqa: F401, PLC0415

        limit_resources()
        facts = examine(folder, windows)
    sys.stdout.write("\n" + json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
