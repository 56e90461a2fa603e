"""The slowdown of this machine for each task, learned from its jobs. Loads no Keras.

A slowdown is the factor by which a job takes longer here than on the two cores that its estimate was measured
on. Before the first job it is estimated by a matrix product, which takes a twentieth of a second.
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

LEAST = 5.0  # s; shorter jobs are ignored, because loading dominates them
KERAS = 3.0  # s to load Keras, between a process that has it in memory (1) and a new one (5)
SLOWEST = 1000.0  # a record above it, or below its inverse, is wrong
SCORED = 0.125  # s per image through InceptionV3, for FID and KID, at a slowdown of 1
_SIDE, _TIMES = 1024, 3  # size of the matrices, number of products
_PRODUCT = 0.0051  # s of a product on the two reference cores, derived from jobs of a slower machine
_MOST_CORES = 16  # more cores hardly speed up training on small images
_MOST_RECORDS = 9  # newest jobs of each task; their median ignores a job that downloaded weights first
_TRUSTED = 2.0  # maximum factor by which a job changes the slowdown, because it may have been paused


def slowdown(task: str) -> float:
    """Returns the slowdown of a task: 3 if it takes three times as long as on the reference machine.

    The matrix product and the jobs of other tasks together count as one job of this task, because a machine
    that is slow at one task is usually slow at others.
    """
    records = _read_records()
    others = [
        _bounded(statistics.median(slowdowns), machine(), len(slowdowns))
        for name, slowdowns in records.items()
        if name != task
    ]
    own = records.get(task, [])
    first = statistics.median([machine(), *others])
    return _bounded(statistics.median([first, *own]), first, len(own))


def _bounded(slowdown: float, first: float, jobs: int) -> float:
    """Limits how far `slowdown` departs from the estimate `first`, by the number of jobs."""
    most = _TRUSTED**jobs
    return min(max(slowdown, first / most), first * most)


@cache
def machine() -> float:
    """Returns the slowdown of a matrix product; measured once per machine.

    The result is stored, because each process would measure another value, and estimates would change with
    every start.
    """
    from dask.system import CPU_COUNT  # respects the limits of a container

    cores = min(CPU_COUNT, _MOST_CORES)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        saved = json.loads(_machine_path().read_bytes())
        if saved["cores"] == cores and 1 / SLOWEST <= saved["slowdown"] <= SLOWEST:
            return float(saved["slowdown"])
    slowdown = _measure(cores)
    with contextlib.suppress(StudioError, OSError):
        paths.write(_machine_path(), json.dumps({"cores": cores, "slowdown": slowdown}).encode())
    return slowdown


def _measure(cores: int) -> float:
    """Measures the slowdown of a matrix product.

    Uses the CPU time of one core, divided by the number of cores: by wall-clock time, a machine that was busy
    during the measurement would seem slow forever.
    """
    matrix = np.ones((_SIDE, _SIDE), "float32")
    seconds = []
    with threadpool_limits(1, "blas"):
        for _ in range(_TIMES):
            start = time.thread_time()
            matrix @ matrix
            seconds.append(time.thread_time() - start)
    return min(seconds) / cores / _PRODUCT


def record(task: str, usual: float, seconds: float) -> None:
    """Records the duration of a complete job, for later estimates.

    Args:
        task: the task's name.
        usual: estimated seconds at a slowdown of 1.
        seconds: measured seconds.
    """
    if usual < LEAST:
        return
    records = _read_records()
    slowdown = min(max(seconds / usual, 1 / SLOWEST), SLOWEST)
    records[task] = [*records.get(task, []), slowdown][-_MOST_RECORDS:]
    with contextlib.suppress(StudioError, OSError):  # a full disk must not lose the result of the job
        paths.write(_path(), json.dumps(records).encode())


def _read_records() -> dict[str, list[float]]:
    """Returns the recorded slowdowns by task; none if the file is missing or damaged."""
    try:
        records = json.loads(_path().read_bytes())
        records = {
            name: [slowdown for slowdown in slowdowns if 0 < slowdown <= SLOWEST]
            for name, slowdowns in records.items()
        }
        return {name: slowdowns for name, slowdowns in records.items() if slowdowns}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _machine_path() -> Path:
    return paths.folder("cache") / "machine.json"


def _path() -> Path:
    return paths.folder("cache") / "slowdowns.json"
