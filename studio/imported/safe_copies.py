"""Safe copies of imported models: rebuilt once in a sandbox, then loaded by workers in place of the file.

A second sandbox checks the weights of the copy. Loading an untrusted file where the studio works would trust
Keras' own checks alone, and those had holes.
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
_reasons: dict[tuple[str, str], str] = {}  # of this process, by owner and SHA-256, the oldest first


class _Note(BaseModel):
    """What stands next to a copy: the facts, and the SHA-256 of the copy."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts
    sha256: str


@dataclass(frozen=True)
class SafeCopy:
    """The safe copy of an imported network, and its facts."""

    path: Path
    facts: Facts


def with_names(file: File, names: Sequence[str]) -> File:
    """The same model with other names of its classes; its safe copy is reused.

    Raises:
        InvalidInput: if it is refused, or there are more or fewer names than classes.
    """
    copy = admit(file)
    try:
        class_names.read(class_names.written(names), "labels.txt")
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
    """The same model with its preprocessing stored in it; its safe copy is reused.

    Raises:
        InvalidInput: if it is refused, or takes no image.
    """
    copy = admit(file)
    if copy.facts.image_input is None:
        raise refusal(file.name, "a model that takes no image")
    stored = {"preprocessing": choice, "reason": preprocessing.STORED}
    image_input = copy.facts.image_input.model_copy(update=stored)
    data = packing.with_preprocessing(file.read(), file.name, choice)
    return _variant(file, data, copy, copy.facts.model_copy(update={"image_input": image_input}))


def _variant(file: File, data: bytes, copy: SafeCopy, facts: Facts) -> File:
    """Keeps `data`, the same network as `file`, with `facts` and the safe copy of `file`."""
    variant = File.keep(data, "model", packing.zip_name(file.name))
    folder = _folder(variant)
    with paths.locked(folder.with_suffix(".lock")):
        if _load(folder) is None:
            with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
                kept = Path(place) / "kept"
                kept.mkdir(permissions.FOLDER)
                shutil.copyfile(copy.path, kept / resave.COPY)
                _save_facts(kept, facts)
                shutil.rmtree(folder, ignore_errors=True)
                kept.rename(folder)
    return variant


def admit(file: File) -> SafeCopy:
    """The safe copy of a kept file; made the first time, in a process of its own.

    Raises:
        InvalidInput: if the file is refused.
        StudioError: if that process could not do its work.
    """
    folder = caches.claim(_folder(file))
    with paths.locked(folder.with_suffix(".lock")):
        copy = _load(folder)
        if copy is None:
            with _removing(file), file.path.open("rb") as opened:
                check(opened, file.name)
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
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        made, other, kept = (Path(place) / name for name in ("made", "other", "kept"))
        for one in (made, other, kept):
            one.mkdir(permissions.FOLDER)
        facts = sandboxed_process.run(resave.__name__, file.path, made, file.name).facts
        if facts is None or (made / resave.COPY).is_symlink() or not (made / resave.COPY).is_file():
            raise sandboxed_process.INCOMPLETE
        copy = (made / resave.COPY).rename(kept / resave.COPY)
        _save_facts(kept, facts)
        with copy.open("rb") as opened:
            check(opened, file.name)  # a process wrote it that read an untrusted file
        sandboxed_process.run(copy_check.__name__, copy, other, file.name)
        kept.rename(folder)


@contextmanager
def _removing(file: File) -> Iterator[None]:
    """While open, removes the kept file where it is refused, unless it comes into use again meanwhile.

    Nobody can use a refused file, and it may have hundreds of MB.

    Raises:
        InvalidInput: if the file was removed so before: the reason of that time, as for a page drawn again.
    """
    key = (owners.asker(), file.digest)
    if not paths.is_kept(file.digest) and (reason := _reasons.get(key)):
        raise InvalidInput(reason)
    written = file.path.stat().st_mtime_ns
    try:
        yield
    except InvalidInput as error:
        if paths.forget(file.digest, written):
            owners.disown(file.digest)
            _reasons[key] = str(error)
            for oldest in list(_reasons)[:-_MOST_REASONS]:
                _reasons.pop(oldest, None)  # another thread may have removed it
        raise
