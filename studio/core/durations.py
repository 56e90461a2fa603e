"""How fast this machine does each kind of job, learned from the jobs that it did. Loads no Keras.

A speed says how many times longer a job takes here than on the two cores that its estimate was measured on.
Before the first job it is told from a product of matrices, which takes a twentieth of a second.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from studio.core import paths
from studio.core.errors import StudioError

LEAST = 5.0  # s; in shorter jobs loading counts for more than the work
KERAS = 3.0  # s until Keras is loaded, between a process that has it in memory already (1) and a new one (5)
SLOWEST = 1000.0  # beyond it, or below its inverse, the record is wrong
SCORED = 0.125  # s for an image through InceptionV3, which measures training runs, at a speed of 1
_SIDE, _TIMES = 1024, 3  # of the matrices
_PRODUCT = 0.0051  # s that it takes on the two cores of the estimates, from jobs of a machine that is slower
_MOST_CORES = 16  # further ones help the small images of training runs little
_KEPT = 9  # of each task, the newest; their median is not moved by a job that fetched its weights first
_TRUSTED = 2.0  # how much each job may change: one may have been paused, or shared the machine


def speed(task: str) -> float:
    """The speed of a task: 3 where all takes three times as long.

    How the machine multiplies, and what it did of other tasks, together count as one job of this: who is slow
    at one is slow at another.
    """
    known = _known()
    others = [
        _bounded(statistics.median(speeds), machine(), len(speeds))
        for name, speeds in known.items()
        if name != task
    ]
    own = known.get(task, [])
    first = statistics.median([machine(), *others])
    return _bounded(statistics.median([first, *own]), first, len(own))


def _bounded(speed: float, first: float, jobs: int) -> float:
    """`speed`, moved from the estimate at `first` only as far as so many jobs justify."""
    most = _TRUSTED**jobs
    return min(max(speed, first / most), first * most)


@cache
def machine() -> float:
    """The speed of what every network is made of, a product of matrices; measured once on each machine.

    Each process would measure another one, and what a page says would change with every start.
    """
    from dask.system import CPU_COUNT  # fewer where a container may use only some

    cores = min(CPU_COUNT, _MOST_CORES)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(_machine_path().read_bytes())
        if known["cores"] == cores and 1 / SLOWEST <= known["speed"] <= SLOWEST:
            return float(known["speed"])
    speed = _measure(cores)
    with contextlib.suppress(StudioError, OSError):
        paths.write(_machine_path(), json.dumps({"cores": cores, "speed": speed}).encode())
    return speed


def _measure(cores: int) -> float:
    """The speed of a product of matrices.

    What counts is the time that one core works on it, shared among the cores that there are: by the clock a
    busy machine would seem slow for ever.
    """
    matrix = np.ones((_SIDE, _SIDE), "float32")
    took = []
    with threadpool_limits(1, "blas"):
        for _ in range(_TIMES):
            began = time.thread_time()
            matrix @ matrix
            took.append(time.thread_time() - began)
    return min(took) / cores / _PRODUCT


def learn(task: str, usual: float, seconds: float) -> None:
    """Keeps what a whole job took, for the next estimate.

    Args:
        task: its name.
        usual: seconds that it would have taken at a speed of 1.
        seconds: that it took.
    """
    if usual < LEAST:
        return
    known = _known()
    speed = min(max(seconds / usual, 1 / SLOWEST), SLOWEST)
    known[task] = [*known.get(task, []), speed][-_KEPT:]
    with contextlib.suppress(StudioError, OSError):  # no room for a note is no reason to lose the result
        paths.write(_path(), json.dumps(known).encode())


def _known() -> dict[str, list[float]]:
    """What was learned here; nothing if there is no record, or a damaged one."""
    try:
        found = json.loads(_path().read_bytes())
        found = {name: [speed for speed in speeds if 0 < speed <= SLOWEST] for name, speeds in found.items()}
        return {name: speeds for name, speeds in found.items() if speeds}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _machine_path() -> Path:
    return paths.folder("cache") / "machine.json"


def _path() -> Path:
    return paths.folder("cache") / "speeds.json"
