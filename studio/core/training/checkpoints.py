"""Checkpoints of training runs. Each file holds everything needed to resume, so a killed run loses minutes.

A run is a folder in STUDIO_HOME/runs. Its key comes from task, settings and inputs, so starting the same
training again finds it, and from the versions of the studio and of Keras, because another version may not
be able to read its files. Training is repeatable: a resumed run ends with the weights of an uninterrupted
one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import paths, tasks, version
from studio.core.errors import Discarded, StudioError, Unavailable, make_printable
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.training import parallel
from studio.core.untrusted import damage

Work = Callable[[Any, tasks.Inputs, Progress], tasks.Result]
_MAGIC = b"studio run 1 "
_NOTES_ENTRY = "notes"
CHECKPOINT_SECONDS = 60.0  # s between two checkpoints
CHECKPOINTS_TO_KEEP = 2  # the newest, and the one before it in case the newest is damaged


@dataclass(frozen=True)
class Checkpoint:
    """The state from which a run resumes.

    Attributes:
        step: number of steps taken.
        arrays: weights, EMA, optimizer and random state, by names that the training chooses.
        notes: small JSON data, such as curves and the best metric.
    """

    step: int
    arrays: Mapping[str, np.ndarray]
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A training run on disk.

    Attributes:
        folder: the folder of its checkpoints; created by the first `save`.
        may_write: whether this process may change it; of several processes, only the first one may.
    """

    folder: Path
    may_write: bool = True

    @contextlib.contextmanager
    def lock(self, progress: Progress | None = None) -> Iterator[None]:
        """Locks the run against other processes, until this block or this process ends.

        Two processes would remove each other's checkpoints and resume from them.

        Args:
            progress: waits until another process has ended and reports to this; None raises at once.

        Raises:
            Unavailable: if another process does this training, and `progress` is None.
            Cancelled: if the user stopped the wait.
        """
        if not self.may_write:
            yield
            return
        lock_path = paths.ensure_folder("locks") / f"{self.folder.name}.lock"
        report_wait = None
        if progress is not None:
            report_wait = partial(progress.report_stage, "Waiting for another process with the same training")
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(paths.locked(lock_path, progress is not None, report_wait))
            except BlockingIOError:
                raise _busy_error(lock_path) from None
            lock_path.write_text(f"process {os.getpid()} on {socket.gethostname()}")
            yield

    def save(self, checkpoint: Checkpoint) -> None:
        """Saves a checkpoint atomically, and removes all but it and the one before.

        Raises:
            InsufficientSpace: if the disk is full; earlier checkpoints are intact.
        """
        if not self.may_write:
            return
        body = io.BytesIO()
        notes = json.dumps({"step": checkpoint.step, **checkpoint.notes}).encode()
        arrays: dict[str, Any] = {_NOTES_ENTRY: np.frombuffer(notes, "uint8"), **checkpoint.arrays}
        np.savez(body, **arrays)
        data = body.getbuffer()
        header = _MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n"
        target = self.folder / f"{checkpoint.step:09d}.run"
        with paths.replacing(target) as temporary, temporary.open("wb") as file:
            file.write(header)
            file.write(data)
        for old in self._list_files()[CHECKPOINTS_TO_KEEP:]:
            old.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """Returns the newest intact checkpoint, or None."""
        return next(
            (checkpoint for path in self._list_files() if (checkpoint := _read_checkpoint(path))), None
        )

    @property
    def size_bytes(self) -> int:
        """Size of all checkpoints."""
        return sum(path.stat().st_size for path in self._list_files())

    @property
    def step(self) -> int:
        """Step of the newest checkpoint, from its file name; 0 if there is none."""
        return next((int(path.stem) for path in self._list_files() if path.stem.isdecimal()), 0)

    def delete(self) -> None:
        """Removes all checkpoints, once training is done or to start again."""
        if self.may_write:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _list_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.run"), reverse=True)


def find_run(task: str, settings: Settings, inputs: tasks.Inputs) -> Run:
    """Returns the run of a training task; equal task, settings and inputs give the same run."""
    digests = {slot: [file.digest for file in files] for slot, files in inputs.items() if files}
    versions = [version.VERSION, importlib.metadata.version("keras")]
    key = json.dumps([versions, task, settings.model_dump(mode="json"), digests], sort_keys=True)
    folder = paths.ensure_folder("runs") / f"{task}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    return Run(folder, parallel.is_first())


def lock_run(task: str) -> Callable[[Work], Work]:
    """Returns a decorator for the work of a task, under which of two processes with the same run one waits.

    Args:
        task: the task's name.
    """

    def decorate(work: Work) -> Work:
        @functools.wraps(work)
        def run(settings: Any, inputs: tasks.Inputs, progress: Progress) -> tasks.Result:
            training_run = find_run(task, settings, inputs)
            with training_run.lock(progress):
                is_resumed = training_run.folder.exists()
                try:
                    return work(settings, inputs, progress)
                except Discarded:
                    if not is_resumed:  # a resumed run also holds the checkpoint of an earlier, stopped job
                        training_run.delete()
                    raise

        return run

    return decorate


def _busy_error(path: Path) -> Unavailable:
    holder = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        holder = make_printable(path.read_text(), 100)
    return Unavailable(
        f"This training is already going on{f' ({holder})' if holder else ''}. "
        "Wait until it has ended, or change a setting, such as the seed, to train another model."
    )


def _read_checkpoint(path: Path) -> Checkpoint | None:
    try:
        header, _, data = path.read_bytes().partition(b"\n")
        if header != _MAGIC + hashlib.sha256(data).hexdigest().encode():
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        notes = json.loads(arrays.pop(_NOTES_ENTRY).tobytes())
        return Checkpoint(notes.pop("step"), arrays, notes)
    except damage.NPZ_ERRORS:
        return None


def copy_variables(prefix: str, variables: Iterable[Any]) -> dict[str, np.ndarray]:
    """Copies the values of Keras variables, random state included, named by prefix and position."""
    return {f"{prefix}{n}": np.asarray(variable).copy() for n, variable in enumerate(variables)}


def restore_variables(prefix: str, variables: Iterable[Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Assigns the arrays of `copy_variables` to Keras variables.

    Raises:
        StudioError: if their number or shapes differ.
    """
    pairs = [(variable, arrays.get(f"{prefix}{n}")) for n, variable in enumerate(variables)]
    if any(array is None or array.shape != tuple(variable.shape) for variable, array in pairs):
        raise StudioError("The checkpoint of this training is of another model. Start it without resuming.")
    for variable, array in pairs:
        variable.assign(array)
