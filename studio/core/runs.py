"""Checkpoints of trainings: one file that holds all it takes to go on, so that a killed run loses minutes.

A run lives in STUDIO_HOME/runs under a key made from its task, settings and inputs, so that the same training
started again finds it. Every training is repeatable, so going on gives what an unbroken run would have given.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import damage, parallel, paths, tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings

_MAGIC = b"studio run 1 "
_NOTES = "notes"
_KEPT = 2  # the newest, and the one before in case the newest is damaged


@dataclass(frozen=True)
class Checkpoint:
    """The moment that a run goes on from.

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
    """A training on disk.

    Attributes:
        folder: holds its checkpoints; made when the first is saved.
        writes: whether this process may change it; of several that train together only the first one may.
    """

    folder: Path
    writes: bool = True

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
        for old in self._files()[_KEPT:]:
            old.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """The newest moment that is whole; None if there is none."""
        return next((found for path in self._files() if (found := _read(path))), None)

    def forget(self) -> None:
        """Removes all checkpoints: the training is done, or is to start anew."""
        if self.writes:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.run"), reverse=True)


def find(task: str, settings: Settings, inputs: tasks.Inputs) -> Run:
    """The run of a training: the same for the same task, settings and inputs."""
    digests = {slot: [file.digest for file in files] for slot, files in inputs.items() if files}
    key = json.dumps([task, settings.model_dump(mode="json"), digests], sort_keys=True)
    folder = paths.folder("runs") / f"{task}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    return Run(folder, parallel.first())


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
        raise StudioError(
            "The checkpoint of this training is of another model. Next: start it without resuming."
        )
    for variable, array in pairs:
        variable.assign(array)
