"""Exports the networks of a model from Keras to LiteRT files.

A process that has not imported Keras, or uses JAX, which cannot export, runs it as
`python -m studio.core.litert.convert MODEL FOLDER`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.process import startup

if TYPE_CHECKING:
    import keras

REFUSED_STATUS = 2  # exit status if the weights do not fit the networks


def can_export() -> bool:
    """Returns whether this process can export: Keras uses TensorFlow and float32."""
    import keras

    return keras.backend.backend() == "tensorflow" and keras.config.dtype_policy().name == "float32"


def convert(preset: Preset, folder: Path, float16: bool = False) -> None:
    """Writes each network that the model's task exports to `folder/PART.tflite`.

    Args:
        preset: the model.
        folder: an existing folder.
        float16: whether to store weights as float16. This is lossless for weights that are float16 in the
            model's file, unless the converter folds a normalization into them.

    Raises:
        InvalidInput: if the weights do not fit the networks.
    """
    for name, network in tasks.import_object(tasks.get(preset.task).load_networks)(preset).items():
        export(network, folder / f"{name}.tflite", float16)


def export(
    network: keras.Model, path: Path, float16: bool = False, calibration: Sequence[np.ndarray] = ()
) -> None:
    """Writes a network as a LiteRT file; undefined dimensions of its inputs are set at run time.

    It uses only LiteRT's built-in operators, so that the interpreter does not need TensorFlow.

    Args:
        network: network of one or several inputs and outputs, exported in inference mode.
        path: path of the file, with the suffix `.tflite`.
        float16: whether to store weights as float16, see `convert`.
        calibration: inputs of a network with one input, each `(1, ...) float32`. With them, weights and
            activations become int8, with the ranges that these inputs cause, and the input becomes uint8.

    Raises:
        Exception: from TensorFlow's converter, if LiteRT lacks an operator of the network.
    """
    import tensorflow as tf

    target = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    options: dict[str, Any] = {"optimizations": [tf.lite.Optimize.DEFAULT]} if float16 or calibration else {}
    if float16:
        target["supported_types"] = [tf.float16]
    if calibration:
        target["supported_ops"] = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        options["representative_dataset"] = lambda: ([inputs] for inputs in calibration)
        options["inference_input_type"] = tf.uint8
    network.export(path, format="litert", verbose=False, target_spec=target, **options)


def main() -> int:
    """Converts the model of the first argument into the folder of the second. Returns the exit status."""
    startup.skip_optional_imports()
    try:
        convert(presets.find(Path(sys.argv[1])), Path(sys.argv[2]))
    except StudioError as error:
        sys.stdout.write(str(error))
        return REFUSED_STATUS
    return 0


if __name__ == "__main__":
    sys.exit(main())
