"""Loads an untrusted model where it can do no harm, and saves it again for others to load.

Run in the sandbox of an empty folder, with FILE as its argument. It may take little memory and time, and
leaves `model.keras` and `answer.json` there: the facts about the network, or why it was refused.
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

from studio.core.process import startup
from studio.core.untrusted.refusals import Refused
from studio.imported import building, image_input, sources

if TYPE_CHECKING:
    import keras

ANSWER, COPY = "answer.json", "model.keras"
SECONDS = 60  # for the file, each before and after Keras is loaded; how long that takes says nothing of it
MOST_BYTES = 3 << 30  # of memory, plus four times the weights; Keras on TensorFlow itself takes 0.5 GB

log = logging.getLogger("studio.resave")


def main() -> None:
    """Loads a file and saves it again, and leaves its facts."""
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
        result = work(source)
    except Refused as error:
        result = {"refused": str(error)}
    Path(ANSWER).write_text(json.dumps(result), encoding="utf-8")


def run(source: Path, folder: Path, clock: Any = lambda seconds: None) -> dict[str, Any]:
    """Saves the network of a file as `folder/model.keras`. Returns its facts, see `facts.Facts`.

    Args:
        source: the file.
        folder: an empty one.
        clock: called with the seconds that the next part may take; 0 for any time.

    Raises:
        Refused: with the reason, if it cannot be taken.
    """
    clock(SECONDS)
    # Its optimizer may keep two more numbers for each parameter.
    read = sources.read(source, folder, most=3 * building.MOST_PARAMETERS)
    clock(0)
    import keras

    clock(SECONDS)
    with _refusing(f"a network that Keras {keras.__version__} cannot build"):
        config = building.fitted(read.config)
        building.check_size(building.skeleton(copy.deepcopy(config)))
        network = building.built(config)
    with _refusing("weights that are not those of its layers"):
        read.fill(network)
    _finalize(network)
    facts = _facts(network, read)
    network.save(folder / COPY)
    for one in folder.iterdir():
        if one.name not in (COPY, ANSWER):
            one.unlink()
    clock(0)
    return facts


def _finalize(network: keras.Model) -> None:
    """Lets layers compute what they derive from their weights."""
    for layer in building.all_layers(network):
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


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
        raise Refused("a network that exceeds the memory limit") from None
    except Exception as error:
        log.warning("%s: %s", reason, error)
        raise Refused(reason) from None


def _facts(network: keras.Model, source: sources.Source) -> dict[str, Any]:
    with _refusing("a network that cannot take an image"):
        described = image_input.describe(network, source.side, source.preprocessing)
    return {
        "name": network.name,
        "parameters": network.count_params(),
        "inputs": [list(one.shape) for one in network.inputs],
        "outputs": [list(one.shape) for one in network.outputs],
        "image_input": described,
        "labels": source.labels,
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
