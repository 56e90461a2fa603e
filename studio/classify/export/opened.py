"""Opens exported classifiers as their users do: `(B, H, W, 3) uint8` pictures in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

Ask = Callable[[np.ndarray], np.ndarray]


def _keras(path: Path) -> Ask:
    import keras

    model = keras.saving.load_model(path, compile=False)  # in safe mode, as always
    return lambda pictures: np.asarray(model(pictures))


def _tflite(path: Path) -> Ask:
    import tensorflow as tf

    network = tf.lite.Interpreter(str(path))
    taken, given = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

    def ask(pictures: np.ndarray) -> np.ndarray:
        network.resize_tensor_input(taken, pictures.shape)
        network.allocate_tensors()
        network.set_tensor(taken, pictures)
        network.invoke()
        return network.get_tensor(given)

    return ask


def _onnx(path: Path) -> Ask:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda pictures: session.run(None, {session.get_inputs()[0].name: pictures})[0]


OPENERS: dict[str, Callable[[Path], Ask]] = {".keras": _keras, ".tflite": _tflite, ".onnx": _onnx}
