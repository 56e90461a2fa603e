"""Checkpoints of training runs: one file that holds all it takes to continue, so that a killed run loses
minutes.

A run lives in STUDIO_HOME/runs under a key made from its task, settings and inputs, so that the same training
started again finds it, and from the versions of the studio and of Keras: another one may not be able to read
what this one saved. Every training run is repeatable, so going on gives what an unbroken run would have
given.
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
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import paths, tasks, version
from studio.core.errors import Discarded, StudioError, Unavailable, printable
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.training import parallel
from studio.core.untrusted import damage

Work = Callable[[Any, tasks.Inputs, Progress], tasks.Result]
_MAGIC = b"studio run 1 "
_NOTES = "notes"
_WAIT = 0.5  # s between two looks whether another process has ended
CHECKPOINT_SECONDS = 60.0  # between two
KEPT = 2  # the newest, and the one before in case the newest is damaged


@dataclass(frozen=True)
class Checkpoint:
    """The moment that a run continues from.

    Attributes:
        step: passes done.
        arrays: weights, averages, optimizer and random state, by names that the training chooses.
        notes: small things that JSON holds: curves, the best so far.
    """

    step: int
    arrays: Mapping[str, np.ndarray]
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A training run on disk.

    Attributes:
        folder: holds its checkpoints; made when the first is saved.
        writes: whether this process may change it; of several that train together only the first one may.
    """

    folder: Path
    writes: bool = True

    @contextlib.contextmanager
    def alone(self, progress: Progress | None = None) -> Iterator[None]:
        """Keeps other processes from this training; the system lets them in when this one dies.

        Two of them would remove each other's checkpoints, and continue from them.

        Args:
            progress: of who can wait until another one has ended; None refuses at once.

        Raises:
            Unavailable: if another process does this training, and none waits for it.
            Cancelled: if a user stopped the waiting.
        """
        if not self.writes:
            yield
            return
        lock = paths.folder("locks") / f"{self.folder.name}.lock"
        with contextlib.ExitStack() as stack:
            while not _entered(stack, lock):
                if progress is None:
                    raise _taken(lock)
                progress.stage("Waiting, for the same is being made already")
                time.sleep(_WAIT)
            lock.write_text(f"process {os.getpid()} on {socket.gethostname()}")
            yield

    def save(self, checkpoint: Checkpoint) -> None:
        """Saves a moment whole or not at all, and removes all but it and the one before.

        Raises:
            NoRoom: if the disk is full; the checkpoints before are intact.
        """
        if not self.writes:
            return
        body = io.BytesIO()
        notes = json.dumps({"step": checkpoint.step, **checkpoint.notes}).encode()
        arrays: dict[str, Any] = {_NOTES: np.frombuffer(notes, "uint8"), **checkpoint.arrays}
        np.savez(body, **arrays)
        data = body.getbuffer()
        head = _MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n"
        target = self.folder / f"{checkpoint.step:09d}.run"
        with paths.replacing(target) as temporary, temporary.open("wb") as file:
            file.write(head)
            file.write(data)
        for old in self._files()[KEPT:]:
            old.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """The newest moment that is whole; None if there is none."""
        return next((found for path in self._files() if (found := _read(path))), None)

    @property
    def bytes(self) -> int:
        """Of the checkpoints that there are."""
        return sum(path.stat().st_size for path in self._files())

    @property
    def step(self) -> int:
        """Passes that the newest checkpoint has done, as its name tells; 0 if there is none."""
        return next((int(path.stem) for path in self._files() if path.stem.isdecimal()), 0)

    def forget(self) -> None:
        """Removes all checkpoints: the training is done, or is to start again."""
        if self.writes:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.run"), reverse=True)


def find(task: str, settings: Settings, inputs: tasks.Inputs) -> Run:
    """The run of a training run: the same for the same task, settings and inputs."""
    digests = {slot: [file.digest for file in files] for slot, files in inputs.items() if files}
    readers = [version.VERSION, importlib.metadata.version("keras")]
    key = json.dumps([readers, task, settings.model_dump(mode="json"), digests], sort_keys=True)
    folder = paths.folder("runs") / f"{task}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    return Run(folder, parallel.is_first())


def one_at_a_time(task: str) -> Callable[[Work], Work]:
    """Decorates the work of a task that continues from checkpoints: of two processes with the same, one
    waits.

    Args:
        task: its name.
    """

    def decorate(work: Work) -> Work:
        @functools.wraps(work)
        def run(settings: Any, inputs: tasks.Inputs, progress: Progress) -> tasks.Result:
            checkpoint = find(task, settings, inputs)
            with checkpoint.alone(progress):
                resumed = checkpoint.folder.exists()
                try:
                    return work(settings, inputs, progress)
                except Discarded:
                    if not resumed:  # else it holds what an earlier job was stopped with
                        checkpoint.forget()
                    raise

        return run

    return decorate


def _entered(stack: contextlib.ExitStack, lock: Path) -> bool:
    try:
        stack.enter_context(paths.locked(lock, wait=False))
    except BlockingIOError:
        return False
    return True


def _taken(lock: Path) -> Unavailable:
    whose = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        whose = printable(lock.read_text(), 100)
    return Unavailable(
        f"This training is already going on{f' ({whose})' if whose else ''}. "
        "Wait until it has ended, or change a setting, such as the seed, to train another model."
    )


def _read(path: Path) -> Checkpoint | None:
    try:
        head, _, data = path.read_bytes().partition(b"\n")
        if head != _MAGIC + hashlib.sha256(data).hexdigest().encode():
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        notes = json.loads(arrays.pop(_NOTES).tobytes())
        return Checkpoint(notes.pop("step"), arrays, notes)
    except damage.NPZ:
        return None


def arrays_of(prefix: str, variables: Iterable[Any]) -> dict[str, np.ndarray]:
    """The values of Keras variables, of which random generators are some, named by their place."""
    return {f"{prefix}{n}": np.asarray(variable).copy() for n, variable in enumerate(variables)}


def restore(prefix: str, variables: Iterable[Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Gives Keras variables the values that `arrays_of` took.

    Raises:
        StudioError: if they are not of the same number and shapes.
    """
    pairs = [(variable, arrays.get(f"{prefix}{n}")) for n, variable in enumerate(variables)]
    if any(array is None or array.shape != tuple(variable.shape) for variable, array in pairs):
        raise StudioError("The checkpoint of this training is of another model. Start it without resuming.")
    for variable, array in pairs:
        variable.assign(array)
