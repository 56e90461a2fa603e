"""Runs the LiteRT files that are exported from Keras networks, without loading Keras.

The files of a shipped model lie next to its weights. Those of other models are converted at their first use
and stay in the cache: JAX cannot export, and a file of a user would have to be trusted.
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
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.process import children, limits
from studio.core.weights import index

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

FORMAT = 1  # a new one has all files of the cache made again
_MOST_SECONDS = 600  # that a conversion may take on a busy machine; most of them are the imports

log = logging.getLogger("studio.litert")


class Network:
    """A LiteRT file, ready to run; by one thread at a time.

    Args:
        model: the file.
        cores: how many it may use.
        sizes: for how many shapes of inputs it stays ready; a new shape takes some time to prepare.
    """

    def __init__(self, model: bytes, cores: int = 1, sizes: int = 1):
        self._model, self._cores, self._sizes = model, cores, sizes
        self._ready: dict[Any, _Ready] = {}

    def __call__(self, *inputs: np.ndarray) -> Sequence[np.ndarray]:
        """`float32` arrays, in the order of the network's inputs -> its outputs, each a copy."""
        shapes = tuple(one.shape for one in inputs)
        ready = get_or_make(self._ready, shapes, lambda: _Ready(self._interpreter(), shapes), self._sizes)
        return ready.run(inputs)

    def _interpreter(self) -> Interpreter:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(model_content=self._model, num_threads=self._cores)


class _Ready:
    """An interpreter whose memory is laid out for inputs of these shapes."""

    def __init__(self, interpreter: Interpreter, shapes: tuple[tuple[int, ...], ...]):
        self._interpreter = interpreter
        self._inputs = [one["index"] for one in interpreter.get_input_details()]
        for place, shape in zip(self._inputs, shapes, strict=True):
            interpreter.resize_tensor_input(place, shape)
        interpreter.allocate_tensors()
        self._outputs = [one["index"] for one in interpreter.get_output_details()]

    def run(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        for place, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(place, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(place) for place in self._outputs]


def load(preset: Preset, part: str = "network", sizes: int = 1) -> Network:
    """A network of a model.

    Args:
        preset: the model.
        part: which of the networks that its task exports, see `Task.networks`.
        sizes: as `Network` takes it.

    Raises:
        InvalidInput: if the files of the model are not whole.
        StudioError: if the network could not be converted.
    """
    return Network(_file(preset, part).read_bytes(), math.ceil(limits.processors()), sizes)


def _file(preset: Preset, part: str) -> Path:
    """The file of a network, whose SHA-256 is known or which was made here."""
    name = f"{part}.tflite"
    shipped = index.shipped().presets.get(preset.name)
    if shipped and part in shipped.litert and preset.folder == paths.shipped("pretrained") / shipped.folder:
        path = preset.folder / name
        if not path.is_file() or paths.file_digest(path) != shipped.litert[part]:
            raise model_folder.broken(preset.folder, f"{name} as it was shipped", "another file or none")
        return path
    preset.weights()  # which checks that they are those that were saved
    folder = caches.claim(paths.folder("cache") / "litert" / f"{FORMAT}-{preset.key}")
    with paths.locked(folder.with_suffix(".lock")):
        if not (folder / name).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _convert(preset, folder)
    return folder / name


def _convert(preset: Preset, folder: Path) -> None:
    """Converts the networks of a model: here if Keras is loaded and can, else in a process of its own."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        made = paths.make(Path(place) / "made")
        if "keras" in sys.modules and convert.can_export():
            convert.convert(preset, made)
        else:
            _run(children.command("-m", convert.__name__, str(preset.folder.resolve()), str(made)))
        made.rename(folder)


def _run(command: list[str]) -> None:
    environment = children.environment(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="")
    try:
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("a network was not converted: %s", type(error).__name__)
        raise _failed() from None
    if ended.returncode == convert.REFUSED:
        raise InvalidInput(ended.stdout.strip())
    if ended.returncode:
        log.warning("a network was not converted (%s): %s", ended.returncode, ended.stderr[-2000:])
        raise _failed()


def _failed() -> StudioError:
    return StudioError("The model could not be converted to LiteRT, which runs it. Try again.")
