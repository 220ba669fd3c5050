"""Loads a SavedModel and lets it answer. Runs as a child process: `python -m infra.endpoint.probe FOLDER WINDOWS_FILE`.

A graph is a program. Its operations are read before any of them runs, and those that touch files or Python are
refused; time, memory and file sizes are limited; no AWS variable is in the environment. It is no sandbox: a fault
in TensorFlow itself could still be used. Deploy only models whose maker you know.
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
# Operations that reach out of the graph. Saving and restoring stays: every SavedModel has its own saver.
FORBIDDEN = {
    "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReader", "WholeFileReaderV2", "TextLineReader",
    "TextLineReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "TFRecordReader", "TFRecordReaderV2",
    "TFRecordDataset", "TextLineDataset", "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2", "CSVDataset",
    "PyFunc", "PyFuncStateless", "EagerPyFunc", "GeneratorDataset", "SqlDataset", "LMDBDataset", "LMDBReader",
    "Save", "SaveSlices", "SaveDataset", "SaveDatasetV2", "LoadDataset", "SnapshotDataset", "SnapshotDatasetV2",
    "CacheDataset", "CacheDatasetV2", "DebugIdentity", "DebugIdentityV2", "PrintV2", "Recv", "Send",
    "RegisterDataset", "RegisterDatasetV2", "DataServiceDataset", "DataServiceDatasetV2", "SummaryWriter",
    "CreateSummaryFileWriter", "CreateSummaryDbWriter", "RemoteCall", "RpcCall", "RpcClient", "RpcServer",
}  # fmt: skip


def examine(folder: Path, windows: list[bytes]) -> dict[str, Any]:
    """Load a SavedModel and ask it about windows (uint8 [216, 514], row by row) alone, together, and one that is short.

    Returns {"forbidden", "signatures", "answer", "alone", "description", "takes_short", "padded_to"}. A value that is
    not finite comes back as null, an exception of the graph as {"error": text} in place of an answer.
    """
    forbidden = sorted({node.op for graph in nodes(folder) for node in graph} & FORBIDDEN)
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


def reason(text: str) -> str:
    """Find the line that says what went wrong: TensorFlow puts it last, before the names of the nodes."""
    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("[[")
    ]
    return lines[-1] if lines else "no reason given"


def nodes(folder: Path) -> Iterator[list[Any]]:
    """Yield the nodes of each graph and function of a SavedModel, without running any."""
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: PLC0415

    message = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    for meta_graph in message.meta_graphs:
        yield list(meta_graph.graph_def.node)
        yield from (list(function.node_def) for function in meta_graph.graph_def.library.function)


def padded_sizes(folder: Path) -> list[int]:
    """Read to how many bytes the graph pads or cuts each text that it decodes."""
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
    """Turn tensors into lists that JSON can say; what is not finite becomes None."""
    return {name: to_json(tensor.numpy()) for name, tensor in outputs.items()}


def to_json(value: Any) -> Any:
    """Turn one numpy value, bytes or list of such into JSON's types."""
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if not isinstance(value, float) or math.isfinite(value) else None


def limit_resources() -> None:
    """Bound the processor time, the memory and (to nothing) the files that this process may write."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    """Read windows as base64 lines from the second argument's file; print the facts as one JSON line."""
    folder, windows_file = map(Path, sys.argv[1:])
    windows = [base64.b64decode(line) for line in windows_file.read_text().splitlines()]
    # Its import looks for a folder to write to; the model's own code runs after the limits are set.
    import tensorflow  # noqa: F401, PLC0415

    limit_resources()
    sys.stdout.write("\n" + json.dumps(examine(folder, windows)) + "\n")


if __name__ == "__main__":
    main()
