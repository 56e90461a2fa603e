"""Loads exported classifiers as their users do: `(B, H, W, 3) uint8` images in, probabilities out."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from studio.core.imaging import crops
from studio.imported import building, containers, sources

_HDF5 = "keras_model.h5"
Predict = Callable[[np.ndarray], np.ndarray]


def _load_keras(path: Path) -> Predict:
    import keras

    model = keras.saving.load_model(path, compile=False)  # in safe mode
    return lambda images: np.asarray(model(images))


def _load_tflite(path: Path) -> Predict:
    import tensorflow as tf

    network = tf.lite.Interpreter(str(path))
    (input_details,), (output_details,) = network.get_input_details(), network.get_output_details()
    input_index, output_index = input_details["index"], output_details["index"]
    _, height, width, _ = input_details["shape_signature"]

    def predict(images: np.ndarray) -> np.ndarray:
        if height > 0:  # with int8, images of one size
            images = np.stack([crops.crop_and_resize(image, height, width) for image in images])
        network.resize_tensor_input(input_index, images.shape)
        network.allocate_tensors()
        network.set_tensor(input_index, images)
        network.invoke()
        return network.get_tensor(output_index)

    return predict


def _load_onnx(path: Path) -> Predict:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]


def _load_zip(path: Path) -> Predict:
    """Loads the model in a zip, which takes images of one size in the range -1 to 1."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        if containers.TFJS_MODEL in archive.namelist():
            source = sources.read(path, Path(folder), building.MAX_PARAMETERS)
            model = building.build(building.drop_unknown_settings(source.config))
            source.fill(model)
        else:
            import keras

            model = keras.saving.load_model(archive.extract(_HDF5, folder), compile=False)
    _, height, width, _ = model.inputs[0].shape

    def predict(images: np.ndarray) -> np.ndarray:
        pixels = np.stack([crops.crop_and_resize(image, height, width) for image in images])
        return np.asarray(model(pixels.astype("float32") / 127.5 - 1, training=False))

    return predict


LOADERS: dict[str, Callable[[Path], Predict]] = {
    ".keras": _load_keras,
    ".tflite": _load_tflite,
    ".onnx": _load_onnx,
    ".zip": _load_zip,
}
