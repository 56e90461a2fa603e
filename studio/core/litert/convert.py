"""Exports the networks of a model from Keras to LiteRT files.

Run as `python -m studio.core.litert.convert MODEL FOLDER` by a process that has not loaded Keras or computes
with JAX, which cannot export.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.process import startup

if TYPE_CHECKING:
    import keras

REFUSED = 2  # exit status where the weights are not those of the networks


def can_export() -> bool:
    """Whether this process can export: Keras computes with TensorFlow, in float32."""
    import keras

    return keras.backend.backend() == "tensorflow" and keras.config.dtype_policy().name == "float32"


def convert(preset: Preset, folder: Path, half: bool = False) -> None:
    """Writes each network that the model's task exports to `folder/PART.tflite`.

    Args:
        preset: the model.
        folder: an existing one.
        half: stores weights as float16: exact for weights that are float16 in the model's own file, unless
            the converter multiplies a normalization into them.

    Raises:
        InvalidInput: if the weights are not those of the networks.
    """
    for part, network in tasks.imported(tasks.get(preset.task).networks)(preset).items():
        export(network, folder / f"{part}.tflite", half)


def export(network: keras.Model, path: Path, half: bool = False) -> None:
    """Writes a network as a LiteRT file, for inputs whose free sides are set at run time.

    Only operators that LiteRT itself has are used: the interpreter loads no TensorFlow.

    Args:
        network: of one or several inputs and outputs; converted as it computes without training.
        path: ends with `.tflite`.
        half: as for `convert`.

    Raises:
        Exception: of TensorFlow's converter, if the network has an operator that LiteRT lacks.
    """
    import tensorflow as tf

    target = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    options = {"optimizations": [tf.lite.Optimize.DEFAULT]} if half else {}
    if half:
        target["supported_types"] = [tf.float16]
    network.export(path, format="litert", verbose=False, target_spec=target, **options)


def main() -> int:
    """Converts the model of the first argument into the folder of the second. Returns the exit status."""
    startup.spare()
    try:
        convert(presets.find(Path(sys.argv[1])), Path(sys.argv[2]))
    except StudioError as error:
        sys.stdout.write(str(error))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
