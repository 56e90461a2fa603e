"""A classifier in the words of Keras 2, which old programs, Teachable Machine's and TensorFlow.js read.

It takes images of one size, `(B, height, width, 3) float32 in [-1, 1]`, as Teachable Machine's do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.models.classifier import Classifier
from studio.core.errors import StudioError

if TYPE_CHECKING:
    import keras

VERSION = "2.15.0"  # of Keras, as which the files are written
Arrays = list[tuple[str, list[tuple[str, np.ndarray]]]]
_LAYERS = frozenset(
    """
    Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv2D Conv2DTranspose Cropping2D
    Dense DepthwiseConv2D Dropout ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D LeakyReLU MaxPooling2D
    Maximum Minimum Multiply PReLU Permute ReLU Rescaling Reshape SeparableConv2D Softmax Subtract
    UpSampling2D ZeroPadding2D
    """.split()  # noqa: SIM905
)
_DROPPED = ("dtype", "synchronized", "quantization_config", "renorm", "seed")
_ENDINGS = ("_initializer", "_regularizer", "_constraint")


def network(classifier: Classifier) -> keras.Model:
    """The same classifier for images of its size in the range -1 to 1; plain layers alone.

    Raises:
        StudioError: if it has parts that Keras 2 has not.
    """
    import keras

    body = classifier.body
    if body is None:
        raise _not_told("parts that are not layers")
    described(body)  # whatever Keras 2 has not is found before it is copied
    taken = body.inputs[0].shape
    kernel, bias = classifier.mix()
    images = keras.Input((*classifier.size, 3), name="images")
    preprocessing = keras.layers.Conv2D(kernel.shape[1], 1, name="preprocessing")
    found = preprocessing(images)
    if len(taken) < 4:
        found = keras.layers.Reshape([size or 0 for size in taken[1:]], name="row")(found)
    copy = keras.models.clone_model(body, input_tensors=found)
    # Not the copy's own output, which Keras puts on inputs of its own.
    whole = keras.Model(images, copy.get_layer(body.output_names[0]).output, name="classifier")
    # From [-1, 1] to [0, 255], and on to what the network takes.
    preprocessing.set_weights([127.5 * kernel[None, None], bias + 127.5 * kernel.sum(axis=0)])
    for layer in body.layers:
        if layer.weights:
            whole.get_layer(layer.name).set_weights(layer.get_weights())
    return whole


def _not_told(what: str) -> StudioError:
    return StudioError(
        f"The model has {what}, which Keras 2 and TensorFlow.js do not have. "
        "Export it to .keras, .tflite or .onnx."
    )


def described(model: keras.Model) -> dict[str, Any]:
    """A network as Keras 2 describes it: `{"class_name", "config"}`.

    Raises:
        StudioError: if it has parts that Keras 2 has not.
    """
    config = model.get_config()
    layers = []
    for told in config["layers"]:
        kind = told["class_name"]
        if kind == "Identity":  # which TensorFlow.js lacks
            kind, told["config"] = "Activation", {"name": told["config"]["name"], "activation": "linear"}
        if kind != "InputLayer" and kind not in _LAYERS:
            raise _not_told(f"a {kind}")
        name = told["config"]["name"]
        nodes = [_node(one) for one in told["inbound_nodes"]]
        layers.append(
            {"class_name": kind, "name": name, "config": _settings(kind, told), "inbound_nodes": nodes}
        )
    ends = {key: [list(one) for one in _listed(config[key])] for key in ("input_layers", "output_layers")}
    return {"class_name": "Functional", "config": {"name": model.name, "layers": layers, **ends}}


def _listed(ends: Any) -> list[Any]:
    return [ends] if ends and isinstance(ends[0], str) else list(ends)


def _settings(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    given = told["config"]
    if kind == "InputLayer":
        shape = list(given["batch_shape"])
        return {
            "batch_input_shape": shape,
            "dtype": "float32",
            "sparse": False,
            "ragged": False,
            "name": given["name"],
        }
    found = {key: value for key, value in given.items() if key not in _DROPPED and not key.endswith(_ENDINGS)}
    for key, value in found.items():
        if isinstance(value, dict):
            raise _not_told(f"a {kind} with a custom {key}")
    if kind == "LeakyReLU":
        found["alpha"] = found.pop("negative_slope")
    return found | {"dtype": "float32"}


def _node(node: dict[str, Any]) -> list[list[Any]]:
    """Where what goes into a layer comes from: `[[name, call, output, {}], ...]`."""
    args = node["args"]
    tensors = args[0] if isinstance(args[0], list | tuple) else args
    if any(isinstance(value, dict) for value in node["kwargs"].values()):
        raise _not_told("a layer with several named inputs")
    return [[*one["config"]["keras_history"], {}] for one in tensors]


def arrays(model: keras.Model) -> Arrays:
    """What each layer has learned, by the names of Keras 2: `[(layer, [("layer/kernel", array), ...])]`."""
    found: Arrays = []
    for layer in model.layers:
        deep = type(layer).__name__ == "DepthwiseConv2D"
        own = [*layer.trainable_weights, *layer.non_trainable_weights]
        names = ["depthwise_kernel" if deep and one.name == "kernel" else one.name for one in own]
        found.append(
            (
                layer.name,
                [(f"{layer.name}/{name}", np.asarray(one)) for name, one in zip(names, own, strict=True)],
            )
        )
    return found
