"""Loads an untrusted model in a sandbox and saves a copy.

Runs in a sandbox with an empty folder and FILE as its argument, with limits of memory and time. Writes
`model.keras` and `answer.json`: the facts about the network, or the reason for a refusal.
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
MAX_SECONDS = 60  # for the file, once before and once after loading Keras, whose time does not count
MAX_BYTES = 3 << 30  # of memory, plus four times the weights; Keras on TensorFlow takes 0.5 GB

log = logging.getLogger("studio.resave")


def main() -> None:
    """Saves a copy of a file and writes its facts."""
    write_answer(lambda source: {"facts": resave(source, Path.cwd(), limit_time)})


def write_answer(work: Callable[[Path], dict[str, Any]]) -> None:
    """Calls `work` with the file from the command line and writes the result to ANSWER in this folder.

    Args:
        work: returns the fields of `facts.Answer`; the reason of a `Refused` becomes an answer, too.
    """
    startup.skip_optional_imports()
    source = Path(sys.argv[1])
    _limit_resources(source.stat().st_size)
    try:
        result = work(source)
    except Refused as error:
        result = {"reason": str(error)}
    Path(ANSWER).write_text(json.dumps(result), encoding="utf-8")


def resave(source: Path, folder: Path, limit_time: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Saves the network of a file as `folder/model.keras`. Returns its facts, see `facts.Facts`.

    Args:
        source: the file.
        folder: an empty folder.
        limit_time: called with the time limit in seconds of the next part; 0 for none.

    Raises:
        Refused: with the reason.
    """
    limit_time(MAX_SECONDS)
    # An optimizer may store two more values for each parameter.
    model_source = sources.read(source, folder, max_weights=3 * building.MAX_PARAMETERS)
    limit_time(0)
    import keras

    limit_time(MAX_SECONDS)
    with _refuse_errors(f"a network that Keras {keras.__version__} cannot build"):
        config = building.drop_unknown_settings(model_source.config)
        building.check_size(building.build_skeleton(copy.deepcopy(config)))
        network = building.build(config)
    with _refuse_errors("weights that do not match its layers"):
        model_source.fill(network)
    for layer in building.iterate_layers(network):
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()  # computes what it derives from its weights
    facts = _collect_facts(network, model_source)
    network.save(folder / COPY)
    for path in folder.iterdir():
        if path.name not in (COPY, ANSWER):
            path.unlink()
    limit_time(0)
    return facts


def max_file_size(size: int) -> int:
    """Returns the size limit in bytes of files written while loading a file of `size` bytes."""
    return (1 << 28) + 2 * size


def _limit_resources(size: int) -> None:
    """Limits this process to the memory and file sizes that loading a file of `size` bytes needs."""
    limits = {"RLIMIT_DATA": MAX_BYTES + 4 * size, "RLIMIT_FSIZE": max_file_size(size), "RLIMIT_CORE": 0}
    for name, limit in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not every system has each
            resource.setrlimit(getattr(resource, name), (limit, limit))


def limit_time(seconds: int) -> None:
    """Ends this process after `seconds`, or twice as many of processor time; 0 for no limit."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(usage.ru_utime + usage.ru_stime) + 2 * seconds if seconds else resource.RLIM_INFINITY
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


@contextlib.contextmanager
def _refuse_errors(reason: str) -> Iterator[None]:
    """Turns Keras' errors into `Refused`; logs their text, which names paths and classes."""
    try:
        yield
    except Refused:
        raise
    except MemoryError:
        raise Refused("a network that exceeds the memory limit") from None
    except Exception as error:
        log.warning("%s: %s", reason, error)
        raise Refused(reason) from None


def _collect_facts(network: keras.Model, source: sources.Source) -> dict[str, Any]:
    """Returns the fields of `facts.Facts`. Raises `Refused` if the network cannot be run."""
    with _refuse_errors("a network that cannot take an image"):
        image = image_input.describe(network, source.side, source.preprocessing)
    return {
        "name": network.name,
        "parameters": network.count_params(),
        "inputs": [list(tensor.shape) for tensor in network.inputs],
        "outputs": [list(tensor.shape) for tensor in network.outputs],
        "image_input": image,
        "labels": source.labels,
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
