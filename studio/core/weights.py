"""Pretrained weights by name: found, fetched, checked byte by byte, converted once, loaded once a process."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core import archives, downloads, index, paths, tasks
from studio.core.errors import StudioError, Unavailable, invalid
from studio.core.index import KerasFile, Source, Weights
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

FORMAT = 1  # of the converted files; a new one makes the old ones be made again

# What builds each network: `network(members) -> keras.Model`, filled from the members of its package, or, for
# None, not filled. Reached by name, so that core imports no capability.
NETWORKS = {
    "vgg16": "studio.core.backbones:vgg16",
    "lpips": "studio.core.lpips:network",
    "adain": "studio.style.adain:network",
}


class Cached(BaseModel):
    """The note beside a converted file: what it was made from, and what it must hash to."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: int
    name: str
    digest: str
    source: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Status:
    """What is known of some weights without loading them.

    Attributes:
        cached: whether they are converted and ready.
        path: the converted file, or None.
        bytes: the size of that file; 0 if there is none.
        download_bytes: what fetching takes; 0 if cached.
        digest: names the training in recipes; "" if it is not known before the file is here.
        where: which source they came from, or would come from.
    """

    name: str
    title: str
    cached: bool
    path: Path | None
    bytes: int
    download_bytes: int
    digest: str
    where: str


@dataclass(frozen=True)
class Loaded:
    """A network in memory, shared by all who ask for it: never change its weights."""

    model: keras.Model
    digest: str


_WANTED: ContextVar[Mapping[str, str]] = ContextVar("wanted", default={})  # noqa: B039 (never changed)
_LOADED: dict[tuple[str, str], Loaded] = {}
_LOADING = threading.RLock()


def names() -> list[str]:
    """All the weights that the studio knows."""
    return list(index.shipped().weights)


def entry(name: str) -> Weights:
    """What the index says of some weights. Raises `InvalidInput` if it does not know them."""
    known = index.shipped().weights
    if name not in known:
        raise invalid(
            "weights", expected=f"one of {', '.join(known)}", received=name, next_step="check the spelling"
        )
    return known[name]


def status(name: str, digest: str | None = None) -> Status:
    """Says whether weights are here, what they weigh and where they come from; fetches nothing."""
    known = entry(name)
    path = _cached(name, digest)
    if path is None:
        first = next((s for s in known.sources if _may_be(s, digest)), known.sources[0])
        return Status(name, known.title, False, None, 0, first.bytes, first.digest, first.where)
    note = _note(path)
    return Status(name, known.title, True, path, note.bytes, 0, note.digest, note.source)


def pull(
    name: str, progress: Progress | None = None, source: Path | None = None, digest: str | None = None
) -> Path:
    """Makes sure that weights are here, from the first that has them: a named file, the cache, the sources.

    Args:
        name: one of `names()`.
        progress: told the bytes of a download.
        source: the original file, or a folder that holds it; taken instead of the cache and a download.
        digest: the very training that is wanted, as a recipe names it; None takes the first to be had.

    Returns:
        The converted `.weights.h5`.

    Raises:
        Unavailable: if nothing has them; the message says which file to put where.
        InvalidInput: if the named file is not one of the pinned ones.
        Cancelled: if a person asked to stop; the next pull goes on from there.
    """
    progress = progress or Progress()
    known = entry(name)
    if source is None and (path := _intact(name, digest)):
        return path
    with _alone(known, progress):
        if source is not None:
            return _taken(name, known, Path(source), progress)
        if path := _intact(name, digest):  # another process was faster
            return path
        return _pulled(name, known, digest, progress)


def verify(name: str) -> Status:
    """Reads the whole converted file and compares it with its note.

    Raises:
        Unavailable: if the weights are not here, or not as they were made.
    """
    path = _cached(name, None)
    if path is None:
        raise Unavailable(f"The weights {name} are not here yet. Next: run `studio weights pull {name}`.")
    if not _whole(path):
        raise Unavailable(
            f"The weights {name} in {path} are damaged. Next: run `studio weights pull {name}`."
        )
    return status(name)


@contextlib.contextmanager
def wanted(digests: Mapping[str, str]) -> Iterator[None]:
    """While open, `load` in this thread takes these trainings, as a recipe names them: `{name: digest}`."""
    token = _WANTED.set(dict(digests))
    try:
        yield
    finally:
        _WANTED.reset(token)


def load(name: str, progress: Progress | None = None, digest: str | None = None) -> Loaded:
    """The network of a name with its weights, fetched if need be; one copy a process, frozen.

    Raises:
        StudioError: as `pull`.
    """
    progress = progress or Progress()
    digest = digest or _WANTED.get().get(name)
    with _LOADING:
        for (loaded, training), found in _LOADED.items():
            if loaded == name and digest in (None, training):
                return found
    path = pull(name, progress, digest=digest)
    training = _note(path).digest
    with _LOADING:
        if (name, training) not in _LOADED:
            progress.stage(f"Loading {entry(name).title}")
            model = _network(name)(None)
            model.load_weights(path)
            model.trainable = False
            _LOADED[name, training] = Loaded(model, training)
        return _LOADED[name, training]


def folder() -> Path:
    """Where converted weights are kept, and where a person may put an original file."""
    return paths.folder("weights")


def _network(name: str) -> Callable[[dict[str, bytes] | None], keras.Model]:
    return tasks.imported(NETWORKS[name])


def _converted(name: str, digest: str) -> Path:
    return folder() / f"{name}-{digest[:16]}.weights.h5"


def _note_path(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".weights.h5") + ".json")


def _note(path: Path) -> Cached:
    return Cached.model_validate_json(_note_path(path).read_bytes())


def _cached(name: str, digest: str | None) -> Path | None:
    """The converted file of these weights: of this training, else of the first in the index's order."""
    found = {}
    for path in folder().glob(f"{name}-*.weights.h5"):
        with contextlib.suppress(OSError, ValidationError):
            note = _note(path)
            if (note.format, note.name) == (FORMAT, name) and digest in (None, note.digest):
                found[note.digest] = path
    order = [source.digest for source in entry(name).sources]
    rank = {training: order.index(training) if training in order else len(order) for training in found}
    return found[min(rank, key=rank.__getitem__)] if found else None


def _intact(name: str, digest: str | None) -> Path | None:
    """The converted file if it is just as it was made: reading 60 MB takes less than a tenth of a second."""
    path = _cached(name, digest)
    return path if path and _whole(path) else None


def _whole(path: Path) -> bool:
    note = _note(path)
    return path.stat().st_size == note.bytes and paths.file_digest(path) == note.sha256


@contextlib.contextmanager
def _alone(known: Weights, progress: Progress) -> Iterator[None]:
    """Keeps other processes from fetching the same file; the wait can be cancelled."""
    lock = folder() / f"{known.sources[0].file}.lock"
    while True:
        progress.check()
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(paths.locked(lock, wait=False))
            except BlockingIOError:
                progress.stage(f"Waiting for another fetch of {known.title}")
                time.sleep(0.2)
                continue
            yield
            return


def _may_be(source: Source, digest: str | None) -> bool:
    """Whether a source may hold the wanted training; of Keras' own files the digest is not known before."""
    return digest is None or source.digest in ("", digest)


def _pulled(name: str, known: Weights, digest: str | None, progress: Progress) -> Path:
    reasons = []
    for source in known.sources:
        if not _may_be(source, digest):
            continue
        if found := _put_here(source):
            return _convert(name, source, found, progress, digest)
        try:
            fetched = downloads.fetch(source, folder(), progress, known.title)
        except downloads.Failed as error:
            reasons.append(f"{source.where}: {error}")
            continue
        try:
            return _convert(name, source, fetched, progress, digest)
        finally:
            fetched.unlink(missing_ok=True)
    raise _unavailable(known, reasons)


def _unavailable(known: Weights, reasons: list[str]) -> Unavailable:
    first = known.sources[0]
    algorithm, expected = first.checksum
    size = f"{first.bytes:,} bytes, " if first.bytes else ""
    return Unavailable(
        f"The weights {known.title} are not here and cannot be fetched "
        f"({'; '.join(reasons) or 'no source has this training'}). "
        f"Next: connect to a network, or put the file {first.file} ({size}{algorithm.upper()} {expected}) "
        f"into {folder()} and try again."
    )


def _put_here(source: Source) -> Path | None:
    """An original file that a person put into STUDIO_WEIGHTS or into the weights folder."""
    chosen = os.environ.get("STUDIO_WEIGHTS")
    for place in ([Path(chosen).expanduser()] if chosen else []) + [folder()]:
        path = place / source.file
        if path.is_file():
            if not downloads.matches(path, source):
                raise _wrong(path, [source])
            return path
    return None


def _taken(name: str, known: Weights, path: Path, progress: Progress) -> Path:
    """Converts a file that a person named."""
    candidates = [path / source.file for source in known.sources] if path.is_dir() else [path]
    for candidate in candidates:
        for source in known.sources:
            if candidate.is_file() and downloads.matches(candidate, source):
                return _convert(name, source, candidate, progress, None)
    raise _wrong(path, known.sources)


def _wrong(path: Path, sources: tuple[Source, ...] | list[Source]) -> StudioError:
    expected = " or ".join(f"{s.file} with {s.checksum[0].upper()} {s.checksum[1]}" for s in sources)
    received = (
        f"a file of {path.stat().st_size:,} bytes with another digest" if path.is_file() else "no such file"
    )
    return invalid(str(path), expected=expected, received=received, next_step="fetch it again or remove it")


def _convert(name: str, source: Source, original: Path, progress: Progress, wanted: str | None) -> Path:
    """Parses a checked file and saves its arrays as Keras does, for all weights that come from it."""
    progress.stage(f"Preparing {entry(name).title}")
    if isinstance(source, KerasFile):
        training = paths.file_digest(original)
        if wanted not in (None, training):
            raise Unavailable(
                f"The weights {name} with digest {wanted} are offered by no source that is known. "
                "Next: use the studio's version that made the recipe."
            )
        model = _network(name)(None)
        model.load_weights(original)
        return _save(name, model, training, source)
    members = archives.members(original, source.members)
    for sibling, weights in index.shipped().weights.items():
        if source in weights.sources and (sibling == name or not _cached(sibling, source.digest)):
            _save(sibling, _network(sibling)(members), source.digest, source)
    return _converted(name, source.digest)


def _save(name: str, model: keras.Model, training: str, source: Source) -> Path:
    path = _converted(name, training)
    _note_path(path).unlink(missing_ok=True)  # while it is missing, the file does not count
    with paths.replacing(path) as temporary:
        model.save_weights(temporary)
    note = Cached(
        format=FORMAT,
        name=name,
        digest=training,
        source=source.where,
        bytes=path.stat().st_size,
        sha256=paths.file_digest(path),
    )
    paths.write(_note_path(path), note.model_dump_json(indent=1).encode())
    return path
