"""Data-parallel training: each device takes its part of every batch, and all take the same step.

Every process runs the same program on the same data and ends with the same weights; only the first one
writes checkpoints and the model. Apart from rounding, results do not depend on the number of devices.

Reference:
    Keras' DataParallel, on the JAX backend. Several processes are set up by Keras' own variables
    KERAS_DISTRIBUTION_JOB_ADDRESSES, KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress

_COUNT_VARIABLE, _ID_VARIABLE = "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID"
_ADDRESSES_VARIABLE = "KERAS_DISTRIBUTION_JOB_ADDRESSES"

STOP_CHECK_STEPS = 10  # steps between checks; a check costs about a millisecond on one machine


class ProcessLost(StudioError):
    """Another process of this training has ended early."""


_distribution: Any = None  # Keras' distribution over all devices; None for a single device


def initialize() -> None:
    """Joins the other processes of this training and sets up all devices. Call it before building networks.

    Does nothing for one process with one device.

    Raises:
        StudioError: if not all variables for several processes are set, the backend is not JAX, or the other
            processes do not connect.
    """
    global _distribution
    import keras

    is_multi_process = _is_multi_process()
    if keras.backend.backend() != "jax":
        if is_multi_process:
            raise StudioError(
                f"Expected KERAS_BACKEND=jax for a training by {os.environ[_COUNT_VARIABLE]} processes, "
                f"received {keras.backend.backend()}. Run `pip install -e '.[jax]'` and set it for each of "
                "them."
            )
        return
    if is_multi_process and _distribution is None:
        try:
            keras.distribution.initialize()
        except (RuntimeError, ValueError) as error:
            raise StudioError(
                f"The {os.environ[_COUNT_VARIABLE]} processes of this training did not find each other at "
                f"{os.environ[_ADDRESSES_VARIABLE]}. Start all of them within five minutes, each with a "
                f"{_ID_VARIABLE} of its own, and let the first one's port through."
            ) from error
    if len(keras.distribution.list_devices()) > 1:
        _distribution = keras.distribution.DataParallel(auto_shard_dataset=False)


def _is_multi_process() -> bool:
    """Returns whether this is one of several processes. Raises `StudioError` for incomplete variables."""
    names = (_ADDRESSES_VARIABLE, _COUNT_VARIABLE, _ID_VARIABLE)
    present = [name for name in names if os.environ.get(name)]
    if not present:
        return False
    missing = [name for name in names if name not in present]
    if missing:
        raise StudioError(f"Expected {', '.join(missing)} next to {', '.join(present)}. Set all three.")
    count, process_id = os.environ[_COUNT_VARIABLE], os.environ[_ID_VARIABLE]
    if not (count.isdecimal() and process_id.isdecimal() and int(process_id) < int(count)):
        raise StudioError(
            f"Expected a {_ID_VARIABLE} from 0 to one less than {_COUNT_VARIABLE}, "
            f"received {process_id} and {count}. Count the processes from 0."
        )
    return int(count) > 1


def count_devices() -> int:
    """Returns the number of devices that share a batch, in all processes."""
    return 1 if _distribution is None else _distribution.device_mesh.devices.size


def count_processes() -> int:
    """Returns the number of processes that train together."""
    return 1 if _distribution is None else _import_jax().process_count()


def is_first() -> bool:
    """Returns whether this process is the one that writes checkpoints and the model."""
    return count_processes() == 1 or _import_jax().process_index() == 0


def use_all_devices() -> contextlib.AbstractContextManager[Any]:
    """Returns a context in which new networks and optimizers are replicated on all devices."""
    return contextlib.nullcontext() if _distribution is None else _distribution.scope()


def train_step(model: Any, inputs: Any, targets: Any = None, **options: Any) -> Any:
    """Takes one training step of a compiled Keras model, each device on its part of the batch.

    Args:
        model: built within `use_all_devices`.
        inputs, targets: the whole batch: arrays, or mappings of arrays, with one row per example.
        options: of `train_on_batch`.

    Returns:
        The result of `train_on_batch`.

    Raises:
        StudioError: if the devices cannot share the rows equally.
        ProcessLost: if another process has ended.
    """
    if _distribution is None:
        return model.train_on_batch(inputs, targets, **options)
    with use_all_devices(), _detect_lost_process():
        return model.train_on_batch(_select_local_rows(inputs), _select_local_rows(targets), **options)


def defer_cancel(progress: Progress) -> Progress:
    """Returns the progress for a training run. With several processes it never cancels one of them alone."""
    return progress if count_processes() == 1 else progress.without_cancel()


def stop_together(progress: Progress, step: int) -> None:
    """Raises `Cancelled` in all processes after the same step, once any of them was asked to stop."""
    if count_processes() == 1 or step % STOP_CHECK_STEPS:
        return  # a single process is cancelled by its reports
    from jax.experimental import multihost_utils

    try:
        progress.check()
        stop_requested = False
    except Cancelled:
        stop_requested = True
    # JAX handles SIGTERM itself, and informs all processes after the same step.
    ended = multihost_utils.reached_preemption_sync_point(step // STOP_CHECK_STEPS)
    if _all_gather(stop_requested).any() or ended:
        raise Cancelled


def check_same_step(step: int) -> None:
    """Raises `StudioError` if the processes do not resume from the same step."""
    if count_processes() == 1:
        return
    steps = [int(number) for number in _all_gather(step)]
    if len(set(steps)) > 1:
        raise StudioError(
            f"The processes resumed from different checkpoints ({' and '.join(map(str, steps))} steps). "
            "Share STUDIO_HOME among them on one disk, or start without --resume."
        )


def wait_for_all() -> None:
    """Waits until all processes have called it."""
    broadcast(0.0)


def broadcast(number: float) -> float:
    """Returns the number of the first process, so all decide alike. Every process must call it."""
    return number if count_processes() == 1 else float(_all_gather(number)[0])


def exit_process(code: int) -> NoReturn:
    """Ends this process at once, because a normal exit would wait for the lost one."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _all_gather(number: float) -> np.ndarray:
    """Returns the number of each process, `(processes,) float32`. Raises `ProcessLost` if one has ended."""
    from jax.experimental import multihost_utils

    with _detect_lost_process():
        return np.asarray(multihost_utils.process_allgather(np.float32(number)))


def _select_local_rows(batch: Any) -> Any:
    """Returns the rows of a batch for the devices of this process."""
    if batch is None:
        return None
    if isinstance(batch, Mapping):
        return {name: _select_local_rows(array) for name, array in batch.items()}
    rows, devices = len(batch), count_devices()
    if rows % devices:
        below = rows // devices * devices
        raise StudioError(
            f"Expected a batch that {devices} devices can share equally, received {rows}. "
            f"Choose {below or devices}, or {below + devices}."
        )
    local_count = rows // count_processes()
    start = _import_jax().process_index() * local_count
    return batch[start : start + local_count]


@contextlib.contextmanager
def _detect_lost_process() -> Iterator[None]:
    jax = _import_jax()
    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        # Gloo, which connects the processes on CPUs, reports a lost process as a ValueError.
        if count_processes() == 1 or (isinstance(error, ValueError) and "Gloo" not in str(error)):
            raise
        raise ProcessLost(
            "Another process of this training has ended. Start all of them again with --resume."
        ) from error


def _import_jax() -> Any:
    import jax

    return jax
