"""Exports that are a zip of several files: for Teachable Machine and TensorFlow.js."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from studio.classify.export import keras_2
from studio.classify.models.classifier import Classifier
from studio.core.errors import InvalidInput
from studio.imported import class_names, containers

if TYPE_CHECKING:
    import keras

MODEL = "keras_model.h5"
_PREPROCESSING = "-1-1"
_SHARD_BYTES = 4 << 20  # bytes, small enough for browser caches


def write_teachable(classifier: Classifier, path: Path) -> None:
    """Writes `keras_model.h5` and `labels.txt`, as in Teachable Machine's `converted_keras.zip`.

    Raises:
        InvalidInput: if the classes are independent.
    """
    if classifier.independent:
        raise multi_label_error()
    network = keras_2.convert(classifier)
    _write_zip(classifier, path, {MODEL: _encode_hdf5(network)})


def multi_label_error() -> InvalidInput:
    """Returns the error for a classifier with independent classes in Teachable Machine's format."""
    return InvalidInput(
        "This is a multi-label classifier. Teachable Machine's programs show one class for each image. "
        "Export it to .keras, .tflite, .onnx or TensorFlow.js."
    )


def write_tfjs(classifier: Classifier, path: Path) -> None:
    """Writes `model.json` and its shards, a TensorFlow.js layers model, and the class names."""
    network = keras_2.convert(classifier)
    entries, raw = [], bytearray()
    for _, weights in keras_2.list_weights(network):
        for name, array in weights:
            entries.append({"name": name, "shape": list(array.shape), "dtype": "float32"})
            raw += array.astype("<f4").tobytes()
    count = -(-len(raw) // _SHARD_BYTES)
    shards = {
        f"group1-shard{n + 1}of{count}.bin": bytes(raw[n * _SHARD_BYTES : (n + 1) * _SHARD_BYTES])
        for n in range(count)
    }
    topology = {
        "keras_version": keras_2.VERSION,
        "backend": "tensorflow",
        "model_config": keras_2.describe(network),
    }
    listing = {
        "format": "layers-model",
        "generatedBy": f"keras v{keras_2.VERSION}",
        "convertedBy": None,
        "modelTopology": topology,
        "weightsManifest": [{"paths": list(shards), "weights": entries}],
    }
    _write_zip(classifier, path, {containers.TFJS_MODEL: json.dumps(listing).encode(), **shards})


def _write_zip(classifier: Classifier, path: Path, files: dict[str, bytes]) -> None:
    """Writes a zip of some files, the class names, and the input size and range."""
    names = [" ".join(name.split()) for name in classifier.classes]
    height, width = classifier.size
    size = {"imageSize": height, "imageWidth": width}
    metadata = {"labels": names, **size, "preprocessing": _PREPROCESSING}
    labels = {class_names.FILES[0]: class_names.encode(names)}
    path.write_bytes(containers.pack({**files, **labels, containers.METADATA: json.dumps(metadata).encode()}))


def _encode_hdf5(network: keras.Model) -> bytes:
    """Returns a model as an HDF5 file of Keras 2, without training state."""
    import h5py

    body = io.BytesIO()
    with h5py.File(body, "w") as file:
        file.attrs["model_config"] = json.dumps(keras_2.describe(network))
        file.attrs["keras_version"] = keras_2.VERSION
        file.attrs["backend"] = "tensorflow"
        group = file.create_group("model_weights")
        layers = keras_2.list_weights(network)
        group.attrs["backend"] = "tensorflow"
        group.attrs["keras_version"] = keras_2.VERSION
        group.attrs["layer_names"] = [name.encode() for name, _ in layers]
        for name, weights in layers:
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{weight}:0".encode() for weight, _ in weights]
            for weight, array in weights:
                inner[f"{weight}:0"] = array
    return body.getvalue()
