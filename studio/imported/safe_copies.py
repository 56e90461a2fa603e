"""Safe copies of imported models: rebuilt once in a sandbox; workers load the copy, not the file.

A second sandbox checks the weights of the copy. Loading an untrusted file directly would rely on Keras'
checks alone, which have had vulnerabilities.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core import caches, owners, paths, permissions
from studio.core.errors import InvalidInput, StudioError, invalid, printable
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, copy_check, packing, preprocessing, resave, sandboxed_process
from studio.imported.facts import Facts
from studio.imported.files import check, refusal

_FACTS = "facts.json"
_MOST_REASONS = 1000
# Reasons of refusals in this process, by owner and SHA-256, oldest first.
_reasons: dict[tuple[str, str], str] = {}


class _Note(BaseModel):
    """The file next to a copy: its facts and SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts
    sha256: str


@dataclass(frozen=True)
class SafeCopy:
    """The safe copy of an imported network, and its facts."""

    path: Path
    facts: Facts


def with_names(file: File, names: Sequence[str]) -> File:
    """Returns the model with other class names; its safe copy is reused.

    Raises:
        InvalidInput: if it is refused, or the number of names differs from the number of classes.
    """
    copy = admit(file)
    try:
        class_names.read(class_names.encode(names), "labels.txt")
    except Refused as error:
        raise refusal(file.name, str(error), "write one class name per line") from None
    count = copy.facts.classes
    if len(names) != count:
        raise invalid(
            f"class names of {printable(file.name, 60)}",
            expected=f"{count:,} names",
            received=f"{len(names):,}",
            next_step="write one class name per line",
        )
    data = packing.with_names(file.read(), file.name, names)
    return _variant(file, data, copy, copy.facts.model_copy(update={"labels": tuple(names)}))


def with_preprocessing(file: File, choice: preprocessing.Preprocessing) -> File:
    """Returns the model with its preprocessing stored in it; its safe copy is reused.

    Raises:
        InvalidInput: if it is refused, or takes no image.
    """
    copy = admit(file)
    if copy.facts.image_input is None:
        raise refusal(file.name, "a model that takes no image")
    update = {"preprocessing": choice, "reason": preprocessing.STORED}
    image_input = copy.facts.image_input.model_copy(update=update)
    data = packing.with_preprocessing(file.read(), file.name, choice)
    return _variant(file, data, copy, copy.facts.model_copy(update={"image_input": image_input}))


def _variant(file: File, data: bytes, copy: SafeCopy, facts: Facts) -> File:
    """Stores `data`, the same network as `file`, with `facts` and the safe copy of `file`."""
    variant = File.keep(data, "model", packing.zip_name(file.name))
    folder = _folder(variant)
    with paths.locked(folder.with_suffix(".lock")):
        if _load(folder) is None:
            with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as parent:
                final = Path(parent) / "kept"
                final.mkdir(permissions.FOLDER)
                shutil.copyfile(copy.path, final / resave.COPY)
                _save_facts(final, facts)
                shutil.rmtree(folder, ignore_errors=True)
                final.rename(folder)
    return variant


def admit(file: File) -> SafeCopy:
    """Returns the safe copy of a stored file; the first call creates it in a process of its own.

    Raises:
        InvalidInput: if the file is refused.
        StudioError: if that process failed.
    """
    folder = caches.claim(_folder(file))
    with paths.locked(folder.with_suffix(".lock")):
        copy = _load(folder)
        if copy is None:
            with _remove_if_refused(file), file.path.open("rb") as stream:
                check(stream, file.name)
                _make(file, folder)
            copy = _load(folder)
    if copy is None:
        raise StudioError("The safe copy of the model could not be read. Try again.")
    return copy


def _folder(file: File) -> Path:
    return paths.folder("cache") / "imported" / file.digest


def _load(folder: Path) -> SafeCopy | None:
    copy = folder / resave.COPY
    try:
        note = _Note.model_validate_json((folder / _FACTS).read_bytes())
        if paths.file_digest(copy) == note.sha256:
            return SafeCopy(copy, note.facts)
    except (OSError, ValidationError):
        pass
    return None


def _save_facts(folder: Path, facts: Facts) -> None:
    note = _Note(facts=facts, sha256=paths.file_digest(folder / resave.COPY))
    paths.write(folder / _FACTS, note.model_dump_json().encode())


def _make(file: File, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as parent:
        resaved, scratch, final = (Path(parent) / name for name in ("made", "other", "kept"))
        for path in (resaved, scratch, final):
            path.mkdir(permissions.FOLDER)
        facts = sandboxed_process.run(resave.__name__, file.path, resaved, file.name).facts
        if facts is None or (resaved / resave.COPY).is_symlink() or not (resaved / resave.COPY).is_file():
            raise sandboxed_process.INCOMPLETE
        copy = (resaved / resave.COPY).rename(final / resave.COPY)
        _save_facts(final, facts)
        with copy.open("rb") as stream:
            check(stream, file.name)  # the copy is untrusted, too
        sandboxed_process.run(copy_check.__name__, copy, scratch, file.name)
        final.rename(folder)


@contextmanager
def _remove_if_refused(file: File) -> Iterator[None]:
    """Removes the stored file if it is refused inside the context, unless it is in use again by then.

    A refused file is of no use and may have hundreds of MB.

    Raises:
        InvalidInput: with the earlier reason, if the file was removed before.
    """
    key = (owners.current(), file.digest)
    if not paths.is_kept(file.digest) and (reason := _reasons.get(key)):
        raise InvalidInput(reason)
    mtime_ns = file.path.stat().st_mtime_ns
    try:
        yield
    except InvalidInput as error:
        if paths.forget(file.digest, mtime_ns):
            owners.disown(file.digest)
            _reasons[key] = str(error)
            for oldest in list(_reasons)[:-_MOST_REASONS]:
                _reasons.pop(oldest, None)  # another thread may have removed it
        raise
