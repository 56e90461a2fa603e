"""A classifier in the format of Keras 2, which older programs, Teachable Machine and TensorFlow.js read.

It takes images of one size, `(B, height, width, 3) float32` in [-1, 1], as Teachable Machine's do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.export import fixed_size
from studio.classify.models.classifier import Classifier
from studio.core.errors import StudioError

if TYPE_CHECKING:
    import keras

VERSION = "2.15.0"  # of Keras, as recorded in the files
Arrays = list[tuple[str, list[tuple[str, np.ndarray]]]]
_SUPPORTED_LAYERS = frozenset(
    """
    Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv2D Conv2DTranspose Cropping2D
    Dense DepthwiseConv2D Dropout ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D LeakyReLU MaxPooling2D
    Maximum Minimum Multiply PReLU Permute ReLU Rescaling Reshape SeparableConv2D Softmax Subtract
    UpSampling2D ZeroPadding2D
    """.split()  # noqa: SIM905
)
_DROPPED = ("dtype", "synchronized", "quantization_config", "renorm", "seed")
_DROPPED_SUFFIXES = ("_initializer", "_regularizer", "_constraint")


def convert(classifier: Classifier) -> keras.Model:
    """Returns the classifier for images of its size in the range -1 to 1, with plain layers only.

    Raises:
        StudioError: if it has parts that Keras 2 lacks.
    """
    body = classifier.body
    if body is None:
        raise _unsupported_part_error("parts that are not layers")
    describe(body)  # raises before the copy if Keras 2 lacks a part
    return fixed_size.build(classifier, body, scale=127.5, offset=127.5)


def _unsupported_part_error(part: str) -> StudioError:
    return StudioError(
        f"The model has {part}, which Keras 2 and TensorFlow.js do not have. "
        "Export it to .keras, .tflite or .onnx."
    )


def describe(model: keras.Model) -> dict[str, Any]:
    """Returns a network's description in Keras 2: `{"class_name", "config"}`.

    Raises:
        StudioError: if it has parts that Keras 2 lacks.
    """
    config = model.get_config()
    layers = []
    for layer in config["layers"]:
        class_name = layer["class_name"]
        if class_name == "Identity":  # which TensorFlow.js lacks
            class_name, layer["config"] = (
                "Activation",
                {"name": layer["config"]["name"], "activation": "linear"},
            )
        if class_name != "InputLayer" and class_name not in _SUPPORTED_LAYERS:
            raise _unsupported_part_error(f"a {class_name}")
        name = layer["config"]["name"]
        nodes = [_convert_node(node) for node in layer["inbound_nodes"]]
        layers.append(
            {
                "class_name": class_name,
                "name": name,
                "config": _convert_settings(class_name, layer),
                "inbound_nodes": nodes,
            }
        )
    endpoints = {
        key: [list(endpoint) for endpoint in _as_list(config[key])]
        for key in ("input_layers", "output_layers")
    }
    return {"class_name": "Functional", "config": {"name": model.name, "layers": layers, **endpoints}}


def _as_list(endpoints: Any) -> list[Any]:
    """Returns the inputs or outputs of a network as a list; Keras 3 stores a single one without a list."""
    return [endpoints] if endpoints and isinstance(endpoints[0], str) else list(endpoints)


def _convert_settings(class_name: str, layer: dict[str, Any]) -> dict[str, Any]:
    """Returns a layer's settings in Keras 2. Raises `StudioError` if one has no equivalent."""
    config = layer["config"]
    if class_name == "InputLayer":
        shape = list(config["batch_shape"])
        return {
            "batch_input_shape": shape,
            "dtype": "float32",
            "sparse": False,
            "ragged": False,
            "name": config["name"],
        }
    settings = {
        key: value
        for key, value in config.items()
        if key not in _DROPPED and not key.endswith(_DROPPED_SUFFIXES)
    }
    for key, value in settings.items():
        if isinstance(value, dict):
            raise _unsupported_part_error(f"a {class_name} with a custom {key}")
    if class_name == "LeakyReLU":
        settings["alpha"] = settings.pop("negative_slope")
    return settings | {"dtype": "float32"}


def _convert_node(node: dict[str, Any]) -> list[list[Any]]:
    """Returns the inputs of a layer's call in Keras 2: `[[name, call, output, {}], ...]`."""
    args = node["args"]
    tensors = args[0] if isinstance(args[0], list | tuple) else args
    if any(isinstance(value, dict) for value in node["kwargs"].values()):
        raise _unsupported_part_error("a layer with several named inputs")
    return [[*tensor["config"]["keras_history"], {}] for tensor in tensors]


def list_weights(model: keras.Model) -> Arrays:
    """Returns each layer's name and its weights by their Keras 2 names, such as "layer/kernel"."""
    entries: Arrays = []
    for layer in model.layers:
        is_depthwise = type(layer).__name__ == "DepthwiseConv2D"
        weights = []
        for weight in [*layer.trainable_weights, *layer.non_trainable_weights]:
            name = "depthwise_kernel" if is_depthwise and weight.name == "kernel" else weight.name
            weights.append((f"{layer.name}/{name}", np.asarray(weight)))
        entries.append((layer.name, weights))
    return entries
