"""Training on several devices at once: each takes its part of every batch, and all take the same step.

Every process runs the same program on the same data and ends with the same weights; the first one alone
writes checkpoints and the model. Numbers do not depend on how many devices there are, but for rounding.

Reference:
    Keras' DataParallel, on the JAX backend; what starts several processes are Keras' own variables
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

_COUNT, _MINE = "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID"
_ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"

HEEDED_EVERY = 10  # steps; asking the others costs about a millisecond on one machine


class ProcessLost(StudioError):
    """Another process of this training has ended before its time."""


_spread: Any = None  # Keras' distribution over all devices; None while there is one


def begin() -> None:
    """Joins the other processes of this training and takes all devices; asked once, before any network.

    Does nothing where one process has one device.

    Raises:
        StudioError: if several processes are asked for but not all of their variables are set, or the
            backend cannot do it, or the others do not come.
    """
    global _spread
    import keras

    several = _asked()
    if keras.backend.backend() != "jax":
        if several:
            raise StudioError(
                f"Expected KERAS_BACKEND=jax for a training by {os.environ[_COUNT]} processes, received "
                f"{keras.backend.backend()}. Run `pip install -e '.[jax]'` and set it for each of them."
            )
        return
    if several and _spread is None:
        try:
            keras.distribution.initialize()
        except (RuntimeError, ValueError) as error:
            raise StudioError(
                f"The {os.environ[_COUNT]} processes of this training did not find each other at "
                f"{os.environ[_ADDRESSES]}. Start all of them within five minutes, each with a "
                f"{_MINE} of its own, and let the first one's port through."
            ) from error
    if len(keras.distribution.list_devices()) > 1:
        _spread = keras.distribution.DataParallel(auto_shard_dataset=False)


def _asked() -> bool:
    """Whether this is one of several processes."""
    names = (_ADDRESSES, _COUNT, _MINE)
    given = [name for name in names if os.environ.get(name)]
    if not given:
        return False
    missing = [name for name in names if name not in given]
    if missing:
        raise StudioError(f"Expected {', '.join(missing)} next to {', '.join(given)}. Set all three.")
    count, mine = os.environ[_COUNT], os.environ[_MINE]
    if not (count.isdecimal() and mine.isdecimal() and int(mine) < int(count)):
        raise StudioError(
            f"Expected a {_MINE} from 0 to one less than {_COUNT}, received {mine} and {count}. "
            "Count the processes from 0."
        )
    return int(count) > 1


def devices() -> int:
    """How many devices share a batch, those of other processes included."""
    return 1 if _spread is None else _spread.device_mesh.devices.size


def processes() -> int:
    """How many processes train together."""
    return 1 if _spread is None else _jax().process_count()


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return processes() == 1 or _jax().process_index() == 0


def on_all_devices() -> contextlib.AbstractContextManager[Any]:
    """While it is open, networks and optimizers that are made stand on all devices."""
    return contextlib.nullcontext() if _spread is None else _spread.scope()


def step(model: Any, inputs: Any, wanted: Any = None, **options: Any) -> Any:
    """One training step of a compiled Keras model, each device on its part of the batch.

    Args:
        model: made within `on_all_devices`.
        inputs, wanted: the whole batch: arrays, or mappings of them, each with one row an image or stream.
        options: of `train_on_batch`.

    Raises:
        StudioError: if the rows cannot be shared equally.
        ProcessLost: if another process is.
    """
    if _spread is None:
        return model.train_on_batch(inputs, wanted, **options)
    with on_all_devices(), _all_there():
        return model.train_on_batch(_part(inputs), _part(wanted), **options)


def telling(progress: Progress) -> Progress:
    """What a training reports to: where several processes train, one of them must not stop alone."""
    return progress if processes() == 1 else progress.deaf()


def stop_together(progress: Progress, step: int) -> None:
    """Raises `Cancelled` in all processes after the same step, once one of them was asked to stop."""
    if processes() == 1 or step % HEEDED_EVERY:
        return  # a single one hears of it from its reports
    from jax.experimental import multihost_utils

    try:
        progress.check()
        asked = False
    except Cancelled:
        asked = True
    # JAX keeps SIGTERM for itself, and tells all processes of it after the same step.
    ended = multihost_utils.reached_preemption_sync_point(step // HEEDED_EVERY)
    if _gathered(asked).any() or ended:
        raise Cancelled


def same_start(step: int) -> None:
    """Raises `StudioError` if the processes do not continue from the same step."""
    if processes() == 1:
        return
    steps = [int(one) for one in _gathered(step)]
    if len(set(steps)) > 1:
        raise StudioError(
            f"The processes resumed from different checkpoints ({' and '.join(map(str, steps))} steps). "
            "Share STUDIO_HOME among them on one disk, or start without --resume."
        )


def barrier() -> None:
    """Waits until all processes have come here."""
    broadcast(0.0)


def broadcast(number: float) -> float:
    """The number of the first process, so that all decide alike. Every process has to call it."""
    return number if processes() == 1 else float(_gathered(number)[0])


def leave(code: int) -> NoReturn:
    """Ends this process at once: the usual end would wait for the one that is gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _gathered(number: float) -> np.ndarray:
    """A number of each process, `(processes,) float32`. Raises `ProcessLost` if one of them is."""
    from jax.experimental import multihost_utils

    with _all_there():
        return np.asarray(multihost_utils.process_allgather(np.float32(number)))


def _part(batch: Any) -> Any:
    """The rows that the devices of this process take."""
    if batch is None:
        return None
    if isinstance(batch, Mapping):
        return {name: _part(one) for name, one in batch.items()}
    rows, shared = len(batch), devices()
    if rows % shared:
        below = rows // shared * shared
        raise StudioError(
            f"Expected a batch that {shared} devices can share equally, received {rows}. "
            f"Choose {below or shared}, or {below + shared}."
        )
    each = rows // processes()
    at = _jax().process_index() * each
    return batch[at : at + each]


@contextlib.contextmanager
def _all_there() -> Iterator[None]:
    jax = _jax()
    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        # What carries the numbers between processors, Gloo, tells of a lost process by a ValueError.
        if processes() == 1 or (isinstance(error, ValueError) and "Gloo" not in str(error)):
            raise
        raise ProcessLost(
            "Another process of this training has ended. Start all of them again with --resume."
        ) from error


def _jax() -> Any:
    import jax

    return jax
