"""Data sets of images: a folder, zip, tar or npz by its path, or `tfds:NAME` -> arrays, read safely."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core import owners, paths
from studio.core.data import archives, arrays, builders, cache, files, tars
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import DataSource, refused
from studio.core.errors import printable
from studio.core.progress import Progress
from studio.core.tasks import File

LEAST_SIZE, MOST_SIZE = 8, 1024
_MOST_REFERENCE = 64 * 1024  # bytes
_TAKEN = "a folder, zip or tar of images, an npz of arrays, or tfds:NAME"
_OTHERS = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a single array, not saved by np.savez",
    b"\x89PNG": "a single image",
    b"\xff\xd8\xff": "a single image",
    b"GIF8": "a single image",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True)
class _Place:
    """Where a data set is (its path or `tfds:NAME`), what a user calls it, what its state is known by."""

    where: Path | str
    name: str
    state: str


def reference(text: str) -> File:
    """Takes a data set by its path or `tfds:NAME`; it stays where it is, only a note of it is kept.

    Raises:
        InvalidInput: if it is not there, of no kind taken, damaged, or made to harm.
        Unavailable: if it would have to be fetched and cannot be.
    """
    if text.startswith(builders.PREFIX):
        builders.reachable(text)
        where = name = text
        # TFDS has versions: the same name is the same data set, fetched yet or not.
        listing = hashlib.sha256(text.encode()).hexdigest()
    else:
        path = _path(text)
        _opened(path, path.name)
        where, name, listing = str(path), path.name, _listing(path)
    note = json.dumps({"dataset": where, "listing": listing}).encode()
    file = File.keep(note, "dataset", name.replace("/", " "))
    paths.write(_mark(file), b"")
    return file


def command_name(file: File) -> str:
    """What a command calls a data set: `tfds:NAME` as it was given, else the name of its file or folder."""
    text = file.name.replace(" ", "/")  # which `reference` took out: a file's name has none
    return text if builders.fits(text) else file.name


def load_dataset(
    file: File, size: int, channels: int = 3, progress: Progress | None = None, least: int = 1
) -> ImageDataset:
    """The images of a data set, each the square in its middle, resized; from the cache the second time.

    Args:
        file: what `reference` gave, or a kept archive itself.
        size: height and width, in px.
        channels: 3, or 1 for gray.
        progress: told how many were read.
        least: how many there must be that differ.

    Raises:
        InvalidInput: if there are fewer, the data set was changed, is damaged, or made to harm.
        Unavailable: if it would have to be fetched and cannot be, or is no longer kept.
        NoRoom: if the disk is full.
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise refused(file.name, f"a size of {LEAST_SIZE} to {MOST_SIZE} px", f"{size}", "choose another")
    place = _place(file)
    if isinstance(place.where, str):
        source = builders.source(place.where, progress)
    key = _key(place, size, channels)
    found = cache.find(key, size, channels)
    if found is None:
        if isinstance(place.where, Path):
            source = _opened(place.where, place.name)
        found = cache.make(key, source, place.name, size, channels, progress)
    if len(found.names) < least:
        received = " ".join([f"{len(found.names):,}.", *found.notes]).rstrip(".")
        raise refused(place.name, f"at least {least:,} images", received, "add more, or choose another")
    different = len(np.unique(found.digests, axis=0)) if least > 1 else least
    if different < least:
        received = f"{len(found.names):,}, of which only {different:,} differ"
        step = "add other images, or choose another"
        raise refused(place.name, f"at least {least:,} different images", received, step)
    return found


def cached_dataset(file: File, size: int, channels: int = 3) -> ImageDataset | None:
    """What `images` would give, if it was asked before; nothing is read or fetched for it.

    Raises:
        InvalidInput: if the data set was changed.
        Unavailable: if it is no longer kept.
    """
    return cache.find(_key(_place(file), size, channels), size, channels)


def to_fetch(file: File) -> int | None:
    """How many bytes are fetched before a data set can be read, at most; None if it is here.

    0 if that is not known.

    Raises:
        InvalidInput: if the data set was changed.
        Unavailable: if it is no longer kept.
    """
    place = _place(file)
    return builders.to_fetch(place.where) if isinstance(place.where, str) else None


def count(file: File) -> int:
    """How many files or arrays of a data set may be images, by its listing alone.

    0 for `tfds:NAME`, which may have to be fetched first.

    Raises:
        InvalidInput: if the data set was changed, is damaged, or made to harm.
        Unavailable: if it is no longer kept.
    """
    place = _place(file)
    return len(_opened(place.where, place.name).names) if isinstance(place.where, Path) else 0


def lies_here(file: File) -> bool:
    """Whether a data set is a file or folder of a user, not one that is known and fetched by its name.

    Raises:
        InvalidInput: if it was changed.
        Unavailable: if it is no longer kept.
    """
    return isinstance(_place(file).where, Path)


def opened(file: File) -> DataSource:
    """A data set of files as it lies there, copies and all: for whom names tell what belongs together.

    Raises:
        InvalidInput: if it is no file or folder, was changed, is damaged, or made to harm; while reading too.
        Unavailable: if it is no longer kept.
    """
    place = _place(file)
    if isinstance(place.where, str):
        raise refused(place.name, "a folder, zip or tar", "the name of a data set", "give your own images")
    return _opened(place.where, place.name)


def read_arrays(file: File, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Arrays of an npz by their names.

    Raises:
        InvalidInput: if it is no npz, is damaged or made to harm, was changed, or one of them is not in it.
        Unavailable: if it is no longer kept.
    """
    place = _place(file)
    path = place.where
    if not isinstance(path, str) and zipfile.is_zipfile(path):
        members = archives.in_zip(path, place.name).names
        if all(member.endswith(".npy") for member in members):
            return arrays.read(path, place.name, wanted)
    raise refused(place.name, "an npz of arrays", "another kind of data set", "choose another")


def _key(place: _Place, size: int, channels: int) -> str:
    """What the images of a data set are kept under."""
    state = place.state
    if isinstance(place.where, str):
        state = f"{state} {builders.state(place.where)}"
    return cache.key(f"{place.where} {state}", size, channels)


def _path(text: str) -> Path:
    try:
        path = paths.expand_user(text).resolve()
        if path.is_file() or path.is_dir():
            return path
        reason = "a device or pipe" if path.exists() else "no such file or folder"
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
    raise refused(Path(text).name or text, _TAKEN, reason, "check the path")


def _listing(path: Path) -> str:
    """Changes when a file is added, taken away or written again; nothing but the folder's entries is read."""
    names = archives.in_folder(path).names if path.is_dir() else ("",)
    found = hashlib.sha256()
    for name in names:
        try:
            facts = (path / name).lstat() if name else path.stat()
        except FileNotFoundError:
            continue  # removed since the folder was listed
        line = f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\n"
        found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _mark(file: File) -> Path:
    """Says that a note came from `reference`: an upload like one must not open the folders of a server."""
    return paths.folder("datasets") / file.digest


def _place(file: File) -> _Place:
    path = file.path
    # Only who runs the studio names folders: a visitor may have uploaded the very note of one.
    noted = owners.asker() == owners.LOCAL and _mark(file).exists()
    if path.stat().st_size > _MOST_REFERENCE or not noted:
        return _Place(path, file.name, file.digest)
    note = json.loads(path.read_bytes())
    where, listing = note["dataset"], note["listing"]
    if where.startswith(builders.PREFIX):
        return _Place(where, file.name, listing)
    found = _path(where)
    if _listing(found) != listing:
        step = "start over with the current data set"
        raise refused(file.name, "the data set as it was when it was chosen", "a changed data set", step)
    return _Place(found, file.name, listing)


def _opened(path: Path, name: str) -> DataSource:
    """What a path holds, told by its content and checked."""
    if path.is_dir():
        return files.source(archives.in_folder(path))
    try:
        with path.open("rb") as handle:
            head = handle.read(512)
    except OSError as error:
        raise refused(name, _TAKEN, error.strerror or "an unreadable file", "check its permissions") from None
    if head.startswith(b"PK"):
        members = archives.in_zip(path, name)
        if members.names and all(member.endswith(".npy") for member in members.names):
            return arrays.source(path, name)
        return files.source(members)
    if head.startswith(tuple(tars.COMPRESSED)) or head[257:262] == b"ustar":
        return files.source(tars.in_tar(path, name))
    kind = next((kind for magic, kind in _OTHERS.items() if head.startswith(magic)), "another kind of file")
    raise refused(printable(name, 60), _TAKEN, kind if head else "an empty file", "choose another")
