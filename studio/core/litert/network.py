"""Runs LiteRT files exported from Keras networks, without importing Keras.

The files of a shipped model are next to its weights. Those of other models are converted on first use and
cached, because JAX cannot export, and a user's file would be untrusted.
"""

from __future__ import annotations

import logging
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import caches, paths
from studio.core.errors import InvalidInput, StudioError
from studio.core.litert import convert
from studio.core.models import model_folder
from studio.core.models.lru import get_or_make
from studio.core.models.presets import Preset
from studio.core.process import children, limits
from studio.core.weights import index

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

FORMAT = 1  # change it to invalidate all cached files
_CONVERSION_SECONDS = 600  # time limit of a conversion on a busy machine; imports take most of the time

log = logging.getLogger("studio.litert")


class Network:
    """A LiteRT network. Use it from one thread at a time.

    Args:
        model: bytes of the file.
        cores: largest number of CPU cores to use.
        max_shapes: number of input shapes to stay prepared for; preparing a new shape takes time.
    """

    def __init__(self, model: bytes, cores: int = 1, max_shapes: int = 1):
        self._model, self._cores, self._max_shapes = model, cores, max_shapes
        self._prepared: dict[Any, _PreparedNetwork] = {}

    def __call__(self, *inputs: np.ndarray) -> Sequence[np.ndarray]:
        """Runs the network on `float32` inputs, in its order. Returns copies of its outputs."""
        shapes = tuple(array.shape for array in inputs)
        network = get_or_make(
            self._prepared,
            shapes,
            lambda: _PreparedNetwork(self._build_interpreter(), shapes),
            self._max_shapes,
        )
        return network.run(inputs)

    def _build_interpreter(self) -> Interpreter:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(model_content=self._model, num_threads=self._cores)


class _PreparedNetwork:
    """An interpreter with memory allocated for input shapes."""

    def __init__(self, interpreter: Interpreter, shapes: tuple[tuple[int, ...], ...]):
        self._interpreter = interpreter
        self._inputs = [details["index"] for details in interpreter.get_input_details()]
        for tensor, shape in zip(self._inputs, shapes, strict=True):
            interpreter.resize_tensor_input(tensor, shape)
        interpreter.allocate_tensors()
        self._outputs = [details["index"] for details in interpreter.get_output_details()]

    def run(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        for tensor, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(tensor, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(tensor) for tensor in self._outputs]


def load(preset: Preset, name: str = "network", max_shapes: int = 1) -> Network:
    """Loads a network of a model.

    Args:
        preset: the model.
        name: name of the network among those that its task exports, see `Task.load_networks`.
        max_shapes: number of prepared input shapes, see `Network`.

    Raises:
        InvalidInput: if the files of the model are incomplete.
        StudioError: if the network could not be converted.
    """
    return Network(read_file(preset, name), math.ceil(limits.count_processors()), max_shapes)


def read_file(preset: Preset, name: str = "network") -> bytes:
    """Returns the LiteRT file of a network of a model. For the arguments and errors, see `load`."""
    return _find_or_convert(preset, name).read_bytes()


def is_converted(preset: Preset, name: str = "network") -> bool:
    """Returns whether the file of a network is here, so that `load` need not convert it."""
    shipped = _find_shipped(preset)
    if shipped and name in shipped.litert:
        return True
    return (_find_folder(preset) / f"{name}.tflite").is_file()


def _find_shipped(preset: Preset) -> index.ShippedModel | None:
    """Returns the entry of a shipped model; None for others, even of the same name."""
    shipped = index.load().presets.get(preset.name)
    is_shipped = shipped and preset.folder == paths.shipped_path("pretrained") / shipped.folder
    return shipped if is_shipped else None


def _find_folder(preset: Preset) -> Path:
    """Returns the folder of the converted files of a model, which may not exist."""
    return paths.ensure_folder("cache") / "litert" / f"{FORMAT}-{preset.key}"


def _find_or_convert(preset: Preset, network_name: str) -> Path:
    """Returns the path of a network's file: a shipped one with the right SHA-256, else a converted one.

    The converted file of a shipped model belongs to no owner, because all of them use it.
    """
    name = f"{network_name}.tflite"
    shipped = _find_shipped(preset)
    if shipped and network_name in shipped.litert:
        path = preset.folder / name
        if not path.is_file() or paths.file_digest(path) != shipped.litert[network_name]:
            raise model_folder.damaged_folder_error(
                preset.folder, f"{name} as it was shipped", "another file or none"
            )
        return path
    preset.check_weights()  # checks their SHA-256
    folder = _find_folder(preset) if shipped else caches.claim(_find_folder(preset))
    with paths.locked(folder.with_suffix(".lock")):
        if not (folder / name).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _convert_networks(preset, folder)
    return folder / name


def _convert_networks(preset: Preset, folder: Path) -> None:
    """Converts the networks of a model, in this process if Keras is imported and can export."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as folder_name:
        output_folder = paths.make_folder(Path(folder_name) / "converted")
        if "keras" in sys.modules and convert.can_export():
            convert.convert(preset, output_folder)
        else:
            _run_converter(
                children.build_command(
                    "-m", convert.__name__, str(preset.folder.resolve()), str(output_folder)
                )
            )
        output_folder.rename(folder)


def _run_converter(command: list[str]) -> None:
    environment = children.build_environment(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="")
    try:
        process = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_CONVERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("a network was not converted: %s", type(error).__name__)
        raise _conversion_error() from None
    if process.returncode == convert.REFUSED_STATUS:
        raise InvalidInput(process.stdout.strip())
    if process.returncode:
        log.warning("a network was not converted (%s): %s", process.returncode, process.stderr[-2000:])
        raise _conversion_error()


def _conversion_error() -> StudioError:
    return StudioError("The model could not be converted to LiteRT, which runs it. Try again.")
