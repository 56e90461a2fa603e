"""Pretrained weights by name: found, fetched, checked byte by byte, converted once, loaded once a process."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from studio.core import archives, converted, downloads, index, originals, paths, tasks
from studio.core.errors import Unavailable, invalid
from studio.core.index import KerasFile, Source, Weights
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

# What builds each network: `network(members) -> keras.Model`, filled from the members of its package, or, for
# None, not filled. Reached by name, so that core imports no capability.
NETWORKS = {
    "vgg16": "studio.core.networks.vgg16:network",
    "resnet50": "studio.core.networks.resnet50:network",
    "inceptionv3": "studio.core.networks.inceptionv3:network",
    "lpips": "studio.core.lpips:network",
    "adain": "studio.style.adain:network",
}


# The trainings that a recipe asks for while it is made again.
_WANTED: ContextVar[Mapping[str, str]] = ContextVar("wanted", default=MappingProxyType({}))


@dataclass(frozen=True)
class Status:
    """What is known of some weights without loading them.

    Attributes:
        cached: whether they are converted and ready.
        path: the converted file, or the original that a person put there, or None.
        bytes: the size of the converted file; 0 if there is none.
        download_bytes: what fetching them would take; 0 if nothing.
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


Found = tuple[Path, converted.Note]

_LOADED: dict[tuple[str, str | None], Loaded] = {}
_LOADING = threading.Lock()


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
    if found := _find(name, digest):
        path, note = found
        return Status(name, known.title, True, path, note.bytes, 0, note.digest, note.source)
    source = next((s for s in known.sources if _may_be(s, digest)), known.sources[0])
    here = originals.beside(source)
    size = 0 if here else source.bytes
    return Status(name, known.title, False, here, 0, size, source.digest, source.where)


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
    return _ready(name, progress or Progress(), source, digest)[0]


def verify(name: str) -> Status:
    """Reads the whole converted file and compares it with its note.

    Raises:
        Unavailable: if the weights are not here, or not as they were made.
    """
    found = _find(name, None)
    if found and converted.whole(*found):
        return status(name)
    what = f"in {found[0]} are damaged" if found else "are not here, or only in part"
    raise Unavailable(f"The weights {name} {what}. Next: run `studio weights pull {name}`.")


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

    Args:
        name: one of `names()`.
        progress: told of a download.
        digest: the very training that is wanted, as a recipe names it; None takes the one that `wanted`
            asks for, else the first to be had.

    Raises:
        StudioError: as `pull`.
    """
    progress = progress or Progress()
    digest = digest or _WANTED.get().get(name)
    if found := _LOADED.get((name, digest)):
        return found
    path, note = _ready(name, progress, None, digest)
    training = note.digest
    with _LOADING:
        if (name, training) not in _LOADED:
            progress.stage(f"Loading {entry(name).title}")
            model = _network(name)(None)
            model.load_weights(path)
            model.trainable = False
            _LOADED[name, training] = Loaded(model, training)
        return _LOADED.setdefault((name, digest), _LOADED[name, training])


def _network(name: str) -> Callable[[dict[str, bytes] | None], keras.Model]:
    return tasks.imported(NETWORKS[name])


def _ready(name: str, progress: Progress, source: Path | None, digest: str | None) -> Found:
    known = entry(name)
    if source is None and (found := _intact(name, digest)):
        return found
    with _alone(known, progress):
        if source is not None:
            pinned, original = originals.named(Path(source), known.sources)
            return _convert(name, pinned, original, progress, None)
        if found := _intact(name, digest):  # another process was faster
            return found
        return _pulled(name, known, digest, progress)


def _find(name: str, digest: str | None) -> Found | None:
    return converted.find(name, digest, [source.digest for source in entry(name).sources])


def _intact(name: str, digest: str | None) -> Found | None:
    found = _find(name, digest)
    return found if found and converted.whole(*found) else None


@contextlib.contextmanager
def _alone(known: Weights, progress: Progress) -> Iterator[None]:
    """Keeps other processes from fetching the same file; the wait can be cancelled."""
    lock = converted.folder() / f"{known.sources[0].file}.lock"
    with contextlib.ExitStack() as stack:
        while True:
            progress.check()
            try:
                stack.enter_context(paths.locked(lock, wait=False))
                break
            except BlockingIOError:
                progress.stage(f"Waiting for another fetch of {known.title}")
                time.sleep(0.2)
        yield


def _may_be(source: Source, digest: str | None) -> bool:
    """Whether a source may hold the wanted training; of Keras' own files the digest is not known before."""
    return digest is None or source.digest in ("", digest)


def _pulled(name: str, known: Weights, digest: str | None, progress: Progress) -> Found:
    """From what a person put into a folder, else fetched from the sources in turn."""
    sources = [source for source in known.sources if _may_be(source, digest)]
    for source in sources:
        if original := originals.put_here(source):
            return _convert(name, source, original, progress, digest)
    reasons = []
    for source in sources:
        try:
            fetched = downloads.fetch(source, converted.folder(), progress, known.title)
        except downloads.Failed as error:
            reasons.append(f"{source.where}: {error}")
            continue
        try:
            return _convert(name, source, fetched, progress, digest)
        finally:
            fetched.unlink(missing_ok=True)
    raise _unavailable(known, reasons or ["no source has the training that is asked for"])


def _unavailable(known: Weights, reasons: Sequence[str]) -> Unavailable:
    first = known.sources[0]
    algorithm, expected = first.checksum
    size = f"{first.bytes:,} bytes, " if first.bytes else ""
    return Unavailable(
        f"The weights {known.title} are not here and cannot be fetched ({'; '.join(reasons)}). "
        f"Next: connect to a network, or put the file {first.file} ({size}{algorithm} {expected}) "
        f"into {converted.folder()} and try again."
    )


def _convert(name: str, source: Source, original: Path, progress: Progress, wanted: str | None) -> Found:
    """Parses a checked file and saves its arrays as Keras does, for all weights that come from it."""
    progress.stage(f"Preparing {entry(name).title}")
    if isinstance(source, KerasFile):
        return _convert_keras(name, source, original, wanted)
    members = archives.members(original, source.members)
    for other, weights in index.shipped().weights.items():
        if source in weights.sources and (other == name or not _find(other, source.digest)):
            converted.save(other, _network(other)(members), source.digest, source.where)
    return _find(name, source.digest)


def _convert_keras(name: str, source: KerasFile, original: Path, wanted: str | None) -> Found:
    training = paths.file_digest(original)
    if wanted not in (None, training):
        raise Unavailable(
            f"No source has the training {wanted[:12]}… of {name}. "
            "Next: use the version of the studio that made the recipe, or leave out the check."
        )
    model = _network(name)(None)
    model.load_weights(original)
    return converted.save(name, model, training, source.where)
