"""Loads a stranger's model where it can do no harm, and saves it again for others to load.

Run in the sandbox of an empty folder, with FILE as its argument. It may take little memory and time, and
leaves `model.keras` and `answer.json` there: what the network is, or why it was refused.
"""

from __future__ import annotations

import contextlib
import copy
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

from studio.core.brought.files import keras_files
from studio.core.brought.rebuilding import answers, building
from studio.core.brought.sandboxed import sources
from studio.core.models import loading
from studio.core.process import startup
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

ANSWER, COPY = "answer.json", "model.keras"
SECONDS = 60  # for the file, each before and after Keras is loaded; how long that takes says nothing of it
MOST_BYTES = 3 << 30  # of memory, beside four times the weights; Keras on TensorFlow itself takes 0.5 GB
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
    found = sources.look_over(
        source, folder, most=3 * building.MOST_PARAMETERS
    )  # its optimiser keeps two more
    clock(0)
    import keras

    clock(SECONDS)
    with _refusing(f"a network that Keras {keras.__version__} cannot build"):
        config = building.fitted(found.config)
        building.check_size(building.skeleton(copy.deepcopy(config)))
        network = building.built(config)
    with _refusing("weights that are not those of its layers"):
        found.fill(network)
    _settle(network)
    facts = _facts(network, found)
    network.save(folder / COPY)
    for one in folder.iterdir():
        if one.name not in (COPY, ANSWER):
            one.unlink()
    clock(0)
    return facts


def _settle(network: keras.Model) -> None:
    """Layers that keep something made of their weights make it anew."""
    for layer in building.all_layers(network):
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def look_over(source: Path, folder: Path, most: int) -> keras_files.Described:
    """What a `.keras` file says of itself, once its description and its weights are known to be harmless.

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


def _facts(network: keras.Model, found: sources.Source) -> dict[str, Any]:
    with _refusing("a network that cannot look at a picture"):
        seen = answers.sees(network, found.side, found.levels)
    return {
        "name": network.name,
        "parameters": network.count_params(),
        "inputs": [list(one.shape) for one in network.inputs],
        "outputs": [list(one.shape) for one in network.outputs],
        "sees": seen,
        "labels": found.labels,
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
