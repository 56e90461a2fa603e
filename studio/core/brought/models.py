"""Keras models that a person brings: looked over, loaded once in a sandbox, and kept as a safe copy.

Workers load only that copy, whose weights a second sandbox has looked over. Loading a stranger's file where
the studio works would trust Keras' own checks alone, and those had holes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core import caches, paths, permissions
from studio.core.brought import refused_files
from studio.core.brought.files import labels, packing
from studio.core.brought.given import bring, check, is_one
from studio.core.brought.given import refused as _invalid
from studio.core.brought.sandboxed import copies, disk, resave
from studio.core.errors import StudioError, invalid, printable
from studio.core.process import children, sandbox
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused

__all__ = ["Brought", "Facts", "admit", "bring", "check", "is_one", "named"]

MOST_SECONDS = 600  # in all; loading Keras takes most of it on a machine that is busy
_LOOK_SECONDS = 0.2
_FACTS = "facts.json"
_MOST_ANSWER = 16 << 20  # bytes; the names of its classes may take 1 MB, and six times that in JSON
_MOST_SAID = 2000  # bytes of its last words, for the log
_KEPT = ("PATH", "LD_LIBRARY_PATH", "KERAS_BACKEND")  # of the environment; the rest is none of its business
_SLOW = (-signal.SIGALRM, -signal.SIGXCPU)
_UNKNOWN = StudioError("The model was loaded, but nothing is known of it. Try again.")

log = logging.getLogger("studio.brought")


class Sees(BaseModel):
    """How a network takes a picture, and answers.

    Attributes:
        height, width: in px.
        answers: "probabilities" of sum 1, "logits", independent "shares", or one "share" or "logit" of a
            second class.
        levels: what it was found to take for the levels of a picture, one of `levels.CHOICES`.
        why: in words.
        certain: the share of certain answers when it was given 0 to 255; None if it was not asked.
        flat: whether it takes a row of numbers, which may be the pixels of a picture, row by row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    height: int
    width: int
    answers: Literal["probabilities", "logits", "shares", "share", "logit"]
    levels: Literal["0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"]
    why: str
    certain: float | None = None
    flat: bool = False


class Facts(BaseModel):
    """What a brought network is: as its process found it.

    Attributes:
        sees: None if it takes something else than one picture, or gives something else than one row.
        labels: of its classes; () where it has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    parameters: int
    inputs: tuple[tuple[int | None, ...], ...]
    outputs: tuple[tuple[int | None, ...], ...]
    sees: Sees | None
    labels: tuple[str, ...]

    @property
    def classes(self) -> int:
        """How many classes its one answer tells apart; a single number tells two apart."""
        if self.sees is None:
            return 0
        count = self.outputs[0][-1] or 0
        return 2 if count == 1 else count


class _Note(BaseModel):
    """What stands beside a copy: the facts, and the SHA-256 of the copy."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts
    sha256: str


class _Answer(BaseModel):
    """What a process leaves that looked at a file: the facts, or why it refused it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Brought:
    """A brought network that may be loaded: the safe copy, and what it is."""

    path: Path
    facts: Facts


def named(file: File, names: Sequence[str]) -> File:
    """A model with other names for its classes; its safe copy is not made anew.

    Raises:
        InvalidInput: if it cannot be taken, or there are more or fewer names than classes.
    """
    found = admit(file)
    try:
        labels.read(labels.written(names), "labels.txt")
    except Refused as error:
        raise _invalid(file.name, str(error), "name each class in a line of its own") from None
    count = found.facts.classes
    if len(names) != count:
        raise invalid(
            f"names of the classes of {printable(file.name, 60)}",
            expected=f"{count:,} names",
            received=f"{len(names):,}",
            next_step="name each class in a line of its own",
        )
    renamed = File.keep(
        packing.with_names(file.read(), file.name, names), "model", packing.zip_name(file.name)
    )
    folder = paths.folder("cache") / "brought" / renamed.digest
    with paths.locked(folder.with_suffix(".lock")):
        if _found(folder) is None:
            _keep_copy(found, found.facts.model_copy(update={"labels": tuple(names)}), folder)
    return renamed


def _keep_copy(found: Brought, facts: Facts, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        kept = Path(place) / "kept"
        kept.mkdir(permissions.FOLDER)
        shutil.copyfile(found.path, kept / resave.COPY)
        note = _Note(facts=facts, sha256=paths.file_digest(kept / resave.COPY))
        paths.write(kept / _FACTS, note.model_dump_json().encode())
        kept.rename(folder)


def is_admitted(file: File) -> bool:
    """Whether `admit` has a safe copy already."""
    return (paths.folder("cache") / "brought" / file.digest / _FACTS).is_file()


def admit(file: File) -> Brought:
    """The safe copy of a kept file; made the first time, in a process of its own.

    Raises:
        InvalidInput: if it cannot be taken.
        StudioError: if that process could not do its work.
    """
    folder = caches.claim(paths.folder("cache") / "brought" / file.digest)
    with paths.locked(folder.with_suffix(".lock")):
        found = _found(folder)
        if found is None:
            with refused_files.removing(file), file.path.open("rb") as opened:
                check(opened, file.name)
                _make(file, folder)
            found = _found(folder)
    if found is None:
        raise StudioError("The safe copy of the model could not be read. Try again.")
    return found


def _found(folder: Path) -> Brought | None:
    copy = folder / resave.COPY
    try:
        note = _Note.model_validate_json((folder / _FACTS).read_bytes())
        if paths.file_digest(copy) == note.sha256:
            return Brought(copy, note.facts)
    except (OSError, ValidationError):
        pass
    return None


def _make(file: File, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        made, other, kept = (Path(place) / name for name in ("made", "other", "kept"))
        for one in (made, other, kept):
            one.mkdir(permissions.FOLDER)
        facts = _answer(resave.__name__, file.path, made, file.name).facts
        if facts is None or (made / resave.COPY).is_symlink() or not (made / resave.COPY).is_file():
            raise _UNKNOWN
        copy = (made / resave.COPY).rename(kept / resave.COPY)
        note = _Note(facts=facts, sha256=paths.file_digest(copy))
        with copy.open("rb") as opened:
            check(opened, file.name)  # what a process wrote that read a stranger's file
        _answer(copies.__name__, copy, other, file.name)
        paths.write(kept / _FACTS, note.model_dump_json().encode())
        kept.rename(folder)


def _answer(module: str, file: Path, place: Path, name: str) -> _Answer:
    """What a module says of a file, in the sandbox of an empty folder.

    Raises:
        InvalidInput: if it refuses the file, or the file makes it take too much.
        StudioError: if it could not do its work.
    """
    try:
        with tempfile.TemporaryFile(dir=place.parent) as said:  # not in memory: it may say without end
            ended = _run(
                sandbox.command(module, file), place, said, 3 * resave.most_of_a_file(file.stat().st_size)
            )
            said.seek(-min(_MOST_SAID, said.seek(0, os.SEEK_END)), os.SEEK_END)
            last = said.read().decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise _invalid(name, "a file that takes too long to load", "try a smaller one") from None
    except _TooMuch:
        raise _invalid(name, "a file that takes more room on disk than it may", "try a smaller one") from None
    except OSError as error:
        raise StudioError(f"No process could be started ({error.strerror}). Try again.") from None
    if ended:
        log.warning("a model was not loaded (%s): %s", ended, last)
        slow = ended in _SLOW
        received = (
            "a file that takes too long to load" if slow else "a file that takes more memory than it may"
        )
        raise _invalid(name, received, "try a smaller one")
    try:
        # It may have left a link, to a device without an end, say.
        answer = _Answer.model_validate_json(paths.read(place / resave.ANSWER, _MOST_ANSWER))
    except (OSError, paths.TooLarge, ValidationError):
        raise _UNKNOWN from None
    if answer.refused is None:
        return answer
    log.info("a model was refused: %s", last)
    raise _invalid(name, printable(answer.refused, 300))


class _TooMuch(Exception):
    """A process fills the disk."""


def _run(command: list[str], place: Path, said: IO[bytes], most: int) -> int:
    """How a process ends that works in a folder.

    Raises:
        TimeoutExpired: if it takes too long.
        _TooMuch: if it leaves more bytes than `most` there; the system's own limit is one of each file.
    """
    with subprocess.Popen(
        command,
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        umask=0o077,
    ) as child:
        try:
            last = time.monotonic() + MOST_SECONDS
            while time.monotonic() < last:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return child.wait(_LOOK_SECONDS)
                if disk.written(child.pid, place) > most:
                    raise _TooMuch
            raise subprocess.TimeoutExpired(command, MOST_SECONDS)
        finally:
            child.kill()  # it cannot have started another


def _environment(place: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": children.search_path(),
        "HOME": str(place),
        "KERAS_HOME": str(place),
        "TMPDIR": str(place),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }
