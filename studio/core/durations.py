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

MIN_RECORDED_SECONDS = 5.0  # shorter jobs are ignored, because loading dominates them
KERAS_LOAD_SECONDS = 3.0  # between a process that has it in memory (1) and a new one (5)
MAX_SLOWDOWN = 1000.0  # a record above it, or below its inverse, is wrong
INCEPTIONV3_SECONDS = 0.125  # per image through InceptionV3, for FID and KID, at a slowdown of 1
_MATRIX_SIDE, _PRODUCT_COUNT = 1024, 3
_REFERENCE_PRODUCT_SECONDS = 0.0051  # on the two reference cores, derived from jobs of a slower machine
_MAX_CORES = 16  # more cores hardly speed up training on small images
_MAX_RECORDS = 9  # newest jobs of each task; their median ignores a job that downloaded weights first
_MAX_CHANGE_PER_JOB = 2.0  # factor; limited because a job may have been paused


def estimate_slowdown(task: str) -> float:
    """Returns the slowdown of a task: 3 if it takes three times as long as on the reference machine.

    The matrix product and the jobs of other tasks together count as one job of this task, because a machine
    that is slow at one task is usually slow at others.
    """
    records = _read_records()
    others = [
        _limit_change(statistics.median(slowdowns), load_machine_slowdown(), len(slowdowns))
        for name, slowdowns in records.items()
        if name != task
    ]
    own_slowdowns = records.get(task, [])
    estimate = statistics.median([load_machine_slowdown(), *others])
    return _limit_change(statistics.median([estimate, *own_slowdowns]), estimate, len(own_slowdowns))


def _limit_change(slowdown: float, estimate: float, job_count: int) -> float:
    """Returns `slowdown`, at most a factor of _MAX_CHANGE_PER_JOB per job away from `estimate`."""
    max_factor = _MAX_CHANGE_PER_JOB**job_count
    return min(max(slowdown, estimate / max_factor), estimate * max_factor)


@cache
def load_machine_slowdown() -> float:
    """Returns the slowdown of a matrix product, measured once per machine and stored.

    It is stored, because each process would measure another value, and estimates would change with
    every start.
    """
    from dask.system import CPU_COUNT  # respects the limits of a container

    cores = min(CPU_COUNT, _MAX_CORES)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        saved = json.loads(_machine_path().read_bytes())
        if saved["cores"] == cores and 1 / MAX_SLOWDOWN <= saved["slowdown"] <= MAX_SLOWDOWN:
            return float(saved["slowdown"])
    slowdown = _measure_slowdown(cores)
    with contextlib.suppress(StudioError, OSError):
        paths.write(_machine_path(), json.dumps({"cores": cores, "slowdown": slowdown}).encode())
    return slowdown


def _measure_slowdown(cores: int) -> float:
    """Measures the slowdown of a matrix product.

    Uses the CPU time of one core, divided by the number of cores: by wall-clock time, a machine that was busy
    during the measurement would seem slow forever.
    """
    matrix = np.ones((_MATRIX_SIDE, _MATRIX_SIDE), "float32")
    seconds = []
    with threadpool_limits(1, "blas"):
        for _ in range(_PRODUCT_COUNT):
            start = time.thread_time()
            matrix @ matrix
            seconds.append(time.thread_time() - start)
    return min(seconds) / cores / _REFERENCE_PRODUCT_SECONDS


def record(task: str, reference_seconds: float, seconds: float) -> None:
    """Records the duration of a complete job in STUDIO_HOME/cache, for later estimates.

    Args:
        task: the task's name.
        reference_seconds: estimated seconds at a slowdown of 1.
        seconds: measured seconds.
    """
    if reference_seconds < MIN_RECORDED_SECONDS:
        return
    records = _read_records()
    slowdown = min(max(seconds / reference_seconds, 1 / MAX_SLOWDOWN), MAX_SLOWDOWN)
    records[task] = [*records.get(task, []), slowdown][-_MAX_RECORDS:]
    with contextlib.suppress(StudioError, OSError):  # a full disk must not lose the result of the job
        paths.write(_records_path(), json.dumps(records).encode())


def _read_records() -> dict[str, list[float]]:
    """Returns the recorded slowdowns by task; none if the file is missing or damaged."""
    try:
        records = json.loads(_records_path().read_bytes())
        records = {
            name: [slowdown for slowdown in slowdowns if 0 < slowdown <= MAX_SLOWDOWN]
            for name, slowdowns in records.items()
        }
        return {name: slowdowns for name, slowdowns in records.items() if slowdowns}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _machine_path() -> Path:
    return paths.ensure_folder("cache") / "machine.json"


def _records_path() -> Path:
    return paths.ensure_folder("cache") / "slowdowns.json"
