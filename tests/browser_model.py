"""A model folder that has a browser.tflite: made of a SavedModel where an export wrote none."""

import shutil

from tiny_model import SHAPE

LITE = "browser.tflite"


def with_browser_model(folder, target):
    """Copy what is served of a model folder, with a LiteRT file of one window."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("model.tflite", "constants.json"):
        shutil.copy(folder / name, target / name)
    if (folder / LITE).exists():
        shutil.copy(folder / LITE, target / LITE)
    else:
        (target / LITE).write_bytes(convert(folder / "saved_model"))
    return target


def convert(saved_model):
    """Cut the SavedModel's graph behind its bytes, and convert what remains for one window."""
    import tensorflow as tf  # noqa: PLC0415 (seconds; most tests need none)
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2,
    )

    loaded = tf.saved_model.load(str(saved_model))
    served = loaded.signatures["serving_default"]
    frozen = convert_variables_to_constants_v2(served)
    graph = frozen.graph.as_graph_def()
    images = next(
        node.name for node in graph.node if node.op == "Reshape" and reshapes_bytes(graph, node)
    )
    by_name = dict(zip(sorted(served.structured_outputs), frozen.outputs, strict=True))
    outputs = [by_name[name].name for name in ("bird", "probabilities")]

    def classify(spectrogram):
        bird, probabilities = tf.graph_util.import_graph_def(
            graph, {f"{images}:0": spectrogram}, outputs
        )
        return {"bird": bird, "probabilities": probabilities}

    wanted = tf.TensorSpec([1, *SHAPE], tf.uint8, name="spectrogram")
    module = tf.Module()
    module.classify = tf.function(classify, input_signature=[wanted])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.classify.get_concrete_function()], module
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def reshapes_bytes(graph, node):
    """Whether a node makes images of the decoded bytes."""
    kinds = {each.name: each.op for each in graph.node}
    makers = {each.name: each.input for each in graph.node}
    name = node.input[0].split(":")[0]
    for _ in range(4):
        if kinds[name] == "DecodeRaw":
            return True
        if not makers[name]:
            return False
        name = makers[name][0].split(":")[0]
    return False
