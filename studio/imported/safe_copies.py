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
from studio.core.errors import InvalidInput, StudioError
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import (
    class_names,
    copy_check,
    packing,
    preprocessing,
    resave,
    sandboxed_process,
    tflite_files,
    tflite_sandbox,
)
from studio.imported.facts import Facts
from studio.imported.files import check, refusal

_FACTS = "facts.json"
_MAX_REASONS = 1000
# Reasons of refusals in this process, by owner and SHA-256, oldest first.
_refusal_reasons: dict[tuple[str, str], str] = {}


class _CopyRecord(BaseModel):
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
    copy = get_or_make(file)
    try:
        class_names.read(class_names.encode(names), "labels.txt")
    except Refused as error:
        raise refusal(file.name, str(error), "write one class name per line") from None
    class_names.check_count(names, copy.facts.class_count, file.name)
    data = packing.with_names(file.read(), file.name, names)
    return _store_variant(file, data, copy, copy.facts.model_copy(update={"labels": tuple(names)}))


def with_preprocessing(file: File, choice: preprocessing.Preprocessing) -> File:
    """Returns the model with its preprocessing stored in it; its safe copy is reused.

    Raises:
        InvalidInput: if it is refused, or takes no image.
    """
    copy = get_or_make(file)
    if copy.facts.image_input is None:
        raise refusal(file.name, "a model that takes no image")
    update = {"preprocessing": choice, "reason": preprocessing.STORED_REASON}
    image_input = copy.facts.image_input.model_copy(update=update)
    data = packing.with_preprocessing(file.read(), file.name, choice)
    return _store_variant(file, data, copy, copy.facts.model_copy(update={"image_input": image_input}))


def _store_variant(file: File, data: bytes, copy: SafeCopy, facts: Facts) -> File:
    """Stores `data`, the same network as `file`, with `facts` and the safe copy of `file`."""
    variant = File.store(data, "model", packing.zip_name(file.name))
    folder = caches.claim(_find_copy_folder(variant))
    with paths.locked(folder.with_suffix(".lock")):
        if _load_copy(folder) is None:
            with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as parent:
                new_folder = Path(parent) / "kept"
                new_folder.mkdir(permissions.FOLDER_MODE)
                shutil.copyfile(copy.path, new_folder / resave.COPY)
                _save_facts(new_folder, facts)
                shutil.rmtree(folder, ignore_errors=True)
                new_folder.rename(folder)
    return variant


def get_or_make(file: File) -> SafeCopy:
    """Returns the safe copy of a stored file; the first call creates it in a process of its own.

    Raises:
        InvalidInput: if the file is refused.
        StudioError: if that process failed.
    """
    folder = caches.claim(_find_copy_folder(file))
    with paths.locked(folder.with_suffix(".lock")):
        copy = _load_copy(folder)
        if copy is None:
            with _remove_if_refused(file), file.path.open("rb") as stream:
                check(stream, file.name)
                _make_copy(file, folder)
            copy = _load_copy(folder)
    if copy is None:
        raise StudioError("The safe copy of the model could not be read. Try again.")
    return copy


def _find_copy_folder(file: File) -> Path:
    return paths.ensure_folder("cache") / "imported" / file.digest


def _load_copy(folder: Path) -> SafeCopy | None:
    """Returns the safe copy in a folder; None if there is none, or it was altered."""
    copy = folder / resave.COPY
    try:
        record = _CopyRecord.model_validate_json((folder / _FACTS).read_bytes())
        if paths.file_digest(copy) == record.sha256:
            return SafeCopy(copy, record.facts)
    except (OSError, ValidationError):
        pass
    return None


def _save_facts(folder: Path, facts: Facts) -> None:
    record = _CopyRecord(facts=facts, sha256=paths.file_digest(folder / resave.COPY))
    paths.write(folder / _FACTS, record.model_dump_json().encode())


def _make_copy(file: File, folder: Path) -> None:
    """Has the sandbox rebuild a file and check the copy, then stores copy and facts in a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as parent:
        resaved, scratch, new_folder = (Path(parent) / name for name in ("made", "other", "kept"))
        for path in (resaved, scratch, new_folder):
            path.mkdir(permissions.FOLDER_MODE)
        with file.path.open("rb") as stream:
            module = tflite_sandbox if tflite_files.find(stream) is not None else resave
        facts = sandboxed_process.run(module.__name__, file.path, resaved, file.name).facts
        if facts is None or (resaved / resave.COPY).is_symlink() or not (resaved / resave.COPY).is_file():
            raise sandboxed_process.INCOMPLETE_ERROR
        copy = (resaved / resave.COPY).rename(new_folder / resave.COPY)
        _save_facts(new_folder, facts)
        with copy.open("rb") as stream:
            check(stream, file.name)  # the copy is untrusted, too
        sandboxed_process.run(copy_check.__name__, copy, scratch, file.name)
        new_folder.rename(folder)


@contextmanager
def _remove_if_refused(file: File) -> Iterator[None]:
    """Removes the stored file if it is refused inside the context, unless it is in use again by then.

    A refused file is of no use and may have hundreds of MB.

    Raises:
        InvalidInput: with the earlier reason, if the file was removed before.
    """
    key = (owners.get_current(), file.digest)
    if not paths.is_stored(file.digest) and (reason := _refusal_reasons.get(key)):
        raise InvalidInput(reason)
    mtime_ns = file.path.stat().st_mtime_ns
    try:
        yield
    except InvalidInput as error:
        if paths.remove_stored(file.digest, mtime_ns):
            owners.revoke(file.digest)
            _refusal_reasons[key] = str(error)
            for oldest in list(_refusal_reasons)[:-_MAX_REASONS]:
                _refusal_reasons.pop(oldest, None)  # another thread may have removed it
        raise
