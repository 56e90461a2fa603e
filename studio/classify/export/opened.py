"""Opens exported classifiers as their users do: `(B, H, W, 3) uint8` images in, probabilities out."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from studio.classify.models import crop
from studio.imported import building, containers, sources

_HDF5 = "keras_model.h5"
Ask = Callable[[np.ndarray], np.ndarray]


def _keras(path: Path) -> Ask:
    import keras

    model = keras.saving.load_model(path, compile=False)  # in safe mode, as always
    return lambda images: np.asarray(model(images))


def _tflite(path: Path) -> Ask:
    import tensorflow as tf

    network = tf.lite.Interpreter(str(path))
    taken, given = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

    def ask(images: np.ndarray) -> np.ndarray:
        network.resize_tensor_input(taken, images.shape)
        network.allocate_tensors()
        network.set_tensor(taken, images)
        network.invoke()
        return network.get_tensor(given)

    return ask


def _onnx(path: Path) -> Ask:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]


def _zip(path: Path) -> Ask:
    """The model in a zip, which takes images of one size in the range -1 to 1."""
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(path) as packed:
        if containers.WEB in packed.namelist():
            found = sources.read(path, Path(place), building.MOST_PARAMETERS)
            model = building.built(building.fitted(found.config))
            found.fill(model)
        else:
            model = _old(packed, Path(place))
    _, height, width, _ = model.inputs[0].shape

    def ask(images: np.ndarray) -> np.ndarray:
        cut = np.stack([crop.cut(one, height, width) for one in images])
        return np.asarray(model(cut.astype("float32") / 127.5 - 1, training=False))

    return ask


def _old(packed: zipfile.ZipFile, folder: Path) -> Any:
    """The network of an export's own HDF5 file, by Keras' own reader of old files."""
    import keras

    return keras.saving.load_model(packed.extract(_HDF5, folder), compile=False)


OPENERS: dict[str, Callable[[Path], Ask]] = {
    ".keras": _keras,
    ".tflite": _tflite,
    ".onnx": _onnx,
    ".zip": _zip,
}
