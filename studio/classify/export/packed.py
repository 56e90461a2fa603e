"""Exports that are a zip of several files: as Teachable Machine gives them, and for TensorFlow.js."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from studio.classify.export import keras_2
from studio.classify.models.classifier import Classifier
from studio.imported import class_names, containers

if TYPE_CHECKING:
    import keras

MODEL, LISTING = "keras_model.h5", containers.WEB
_PREPROCESSING = "-1-1"
_SHARD = 4 << 20  # bytes, which browsers keep


def teachable(classifier: Classifier, path: Path) -> None:
    """`keras_model.h5` and `labels.txt`, as in Teachable Machine's `converted_keras.zip`."""
    network = keras_2.network(classifier)
    _pack(classifier, path, {MODEL: _hdf5(network)})


def web(classifier: Classifier, path: Path) -> None:
    """`model.json` and its shards, a layers model of TensorFlow.js, and the names of the classes."""
    network = keras_2.network(classifier)
    entries, raw = [], bytearray()
    for _, found in keras_2.arrays(network):
        for name, array in found:
            entries.append({"name": name, "shape": list(array.shape), "dtype": "float32"})
            raw += array.astype("<f4").tobytes()
    count = -(-len(raw) // _SHARD)
    shards = {
        f"group1-shard{n + 1}of{count}.bin": bytes(raw[n * _SHARD : (n + 1) * _SHARD]) for n in range(count)
    }
    topology = {
        "keras_version": keras_2.VERSION,
        "backend": "tensorflow",
        "model_config": keras_2.described(network),
    }
    listing = {
        "format": "layers-model",
        "generatedBy": f"keras v{keras_2.VERSION}",
        "convertedBy": None,
        "modelTopology": topology,
        "weightsManifest": [{"paths": list(shards), "weights": entries}],
    }
    _pack(classifier, path, {LISTING: json.dumps(listing).encode(), **shards})


def _pack(classifier: Classifier, path: Path, files: dict[str, bytes]) -> None:
    names = [" ".join(name.split()) for name in classifier.classes]
    height, width = classifier.size
    size = {"imageSize": height, "imageWidth": width}
    metadata = {"labels": names, **size, "preprocessing": _PREPROCESSING}
    labels = {class_names.FILES[0]: class_names.written(names)}
    path.write_bytes(
        containers.packed({**files, **labels, containers.METADATA: json.dumps(metadata).encode()})
    )


def _hdf5(network: keras.Model) -> bytes:
    """A whole model as Keras 2 keeps one, without what its training needed."""
    import h5py

    body = io.BytesIO()
    with h5py.File(body, "w") as file:
        file.attrs["model_config"] = json.dumps(keras_2.described(network))
        file.attrs["keras_version"] = keras_2.VERSION
        file.attrs["backend"] = "tensorflow"
        group = file.create_group("model_weights")
        found = keras_2.arrays(network)
        group.attrs["backend"] = "tensorflow"
        group.attrs["keras_version"] = keras_2.VERSION
        group.attrs["layer_names"] = [name.encode() for name, _ in found]
        for name, own in found:
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{one}:0".encode() for one, _ in own]
            for one, array in own:
                inner[f"{one}:0"] = array
    return body.getvalue()
