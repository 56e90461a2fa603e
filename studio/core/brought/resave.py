"""Loads a stranger's `.keras` file where it can do no harm, and saves it again for others to load.

Run in the sandbox of an empty folder, with FILE as its argument. It may take little memory and time, and
leaves `model.keras` and `answer.json` there: what the network is, or why it was refused.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.brought import keras_files
from studio.core.models import loading
from studio.core.process import startup
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

ANSWER, COPY = "answer.json", "model.keras"
SECONDS = 60  # for the file, each before and after Keras is loaded; how long that takes says nothing of it
MOST_PARAMETERS = 200_000_000
MOST_ACTIVATIONS = 2**26  # numbers of one layer for one picture
MOST_BYTES = 3 << 30  # of memory, beside four times the weights; Keras on TensorFlow itself takes 0.5 GB
USUAL_SIDE = 224  # px, for networks that take pictures of any size
_GIVEN = "given"

log = logging.getLogger("studio.resave")


def main() -> None:
    """Loads a file and saves it again, and leaves what the network is."""
    answer(lambda source: {"facts": run(source, Path.cwd(), _clock)})


def answer(work: Callable[[Path], dict[str, Any]]) -> None:
    """Does what a process was started for, with the file of its argument, and leaves the answer here.

    Args:
        work: gives the answer; what it refuses is an answer, too.
    """
    startup.spare()
    source = Path(sys.argv[1])
    _cap(source.stat().st_size)
    try:
        said = work(source)
    except Refused as error:
        said = {"refused": str(error)}
    Path(ANSWER).write_text(json.dumps(said), encoding="utf-8")


def run(source: Path, folder: Path, clock: Any = lambda seconds: None) -> dict[str, Any]:
    """Saves the network of a file as `folder/model.keras`. Returns what it is: see `models.Facts`.

    Args:
        source: the file.
        folder: an empty one.
        clock: called with the seconds that the next part may take; 0 for any time.

    Raises:
        Refused: with the reason, if it cannot be taken.
    """
    clock(SECONDS)
    described = look_over(source, folder, most=3 * MOST_PARAMETERS)  # its optimiser keeps two more of each
    clock(0)
    import keras

    clock(SECONDS)
    with _refusing(f"a network that Keras {keras.__version__} cannot build"):
        _check_size(_skeleton(described.config))
    given = folder / f"{_GIVEN}.keras"
    given.symlink_to(source.absolute())
    with _refusing("weights that are not those of its layers"):
        network = keras.saving.load_model(given, compile=False, safe_mode=True)
    given.unlink()
    facts = _facts(network, described)
    network.save(folder / COPY)
    clock(0)
    return facts


def look_over(source: Path, folder: Path, most: int) -> keras_files.Described:
    """What a file says of itself, once its description and its weights are known to be harmless.

    Args:
        source: the file.
        folder: where its weights are unpacked for that.
        most: numbers that there may be.

    Raises:
        Refused: with the reason, if it has anything in it that it should not have.
    """
    weights = folder / f"{_GIVEN}.weights.h5"
    with source.open("rb") as file:
        described = keras_files.read(file)
        keras_files.unpack_weights(file, weights)
    loading.check(weights, most)
    weights.unlink()
    return described


def most_of_a_file(size: int) -> int:
    """Bytes that a file may have which is written of one of some bytes."""
    return (1 << 28) + 2 * size


def _cap(size: int) -> None:
    """Takes from this process what loading a file of some bytes does not need."""
    limits = {"RLIMIT_DATA": MOST_BYTES + 4 * size, "RLIMIT_FSIZE": most_of_a_file(size), "RLIMIT_CORE": 0}
    for name, most in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not every system has each
            resource.setrlimit(getattr(resource, name), (most, most))


def _clock(seconds: int) -> None:
    """Ends this process after so many seconds, or twice as many of its processors; 0 for any time."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime) + 2 * seconds if seconds else resource.RLIM_INFINITY
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


@contextlib.contextmanager
def _refusing(reason: str) -> Iterator[None]:
    """What Keras raises becomes `Refused`; its own words name paths and classes, and go to the log."""
    try:
        yield
    except Refused:
        raise
    except MemoryError:
        raise Refused("a network that takes more memory than it may") from None
    except Exception as error:
        log.warning("%s: %s", reason, error)
        raise Refused(reason) from None


def _skeleton(config: dict[str, Any]) -> keras.Model:
    """The network with sizes, but without a single number: a description alone can ask for terabytes."""
    import keras

    try:
        with keras.StatelessScope(initialize_variables=False):
            return keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=True)
    finally:
        keras.utils.clear_session()  # or Keras would fill them after all, at the end of the next such scope


def _check_size(skeleton: keras.Model) -> None:
    count = skeleton.count_params()
    if count > MOST_PARAMETERS:
        raise Refused(f"{count:,} parameters, more than {MOST_PARAMETERS:,}")
    for layer in _all_layers(skeleton):
        for shape in _shapes(layer):
            numbers = math.prod(size for size in shape if size is not None)
            if numbers > MOST_ACTIVATIONS:
                raise Refused(f"a layer that makes {numbers:,} numbers of one picture")


def _all_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in network.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)


def _shapes(layer: keras.layers.Layer) -> list[tuple[int | None, ...]]:
    import keras

    try:
        return [tuple(one.shape) for one in keras.tree.flatten(layer.output)]
    except (AttributeError, ValueError):  # a part of another layer, or called more than once
        return []


def _facts(network: keras.Model, described: keras_files.Described) -> dict[str, Any]:
    return {
        "name": network.name,
        "parameters": network.count_params(),
        "inputs": [list(one.shape) for one in network.inputs],
        "outputs": [list(one.shape) for one in network.outputs],
        "sees": _sees(network, described.side),
        "labels": described.labels,
    }


def _sees(network: keras.Model, side: int | None) -> dict[str, Any] | None:
    """How it takes one picture and gives one row, if it does; tried here, where it may fail."""
    if not len(network.inputs) == len(network.outputs) == 1:
        return None
    taken, given = network.inputs[0], network.outputs[0]
    if len(taken.shape) != 4 or taken.shape[0] not in (None, 1) or taken.shape[3] not in (1, 3):
        return None
    kind = str(taken.dtype)
    if len(given.shape) != 2 or given.shape[1] is None or not kind.startswith(("uint8", "float")):
        return None
    height, width = (size or side or USUAL_SIDE for size in taken.shape[1:3])
    noise = np.random.default_rng(0).integers(0, 256, (height, width, taken.shape[3]))
    with _refusing("a network that cannot look at a picture"):
        rows = np.stack([_asked(network, picture) for picture in (noise, 0 * noise, noise // 8 + 100)])
    if not np.isfinite(rows).all():
        raise Refused("a network whose answers are not finite")
    sums = rows.sum(axis=1)
    return {
        "height": height,
        "width": width,
        "probabilities": bool((rows >= 0).all() and np.abs(sums - 1).max() < 1e-2),
    }


def _asked(network: keras.Model, picture: np.ndarray) -> np.ndarray:
    return np.asarray(network.predict_on_batch(picture[None].astype(network.inputs[0].dtype)), "float64")[0]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
