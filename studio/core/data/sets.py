"""Image data sets: a folder, zip, tar or npz by its path, or `tfds:NAME`, read safely into arrays."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core import amounts, owners, paths
from studio.core.data import archives, arrays, builders, cache, files, tars
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import DataSource, invalid_data_set
from studio.core.errors import make_printable
from studio.core.models.lru import get_or_make
from studio.core.progress import Progress
from studio.core.tasks import File

MIN_SIZE, MAX_SIZE = 8, 1024
_MAX_REFERENCE_BYTES = 64 * 1024  # bytes
_MAX_COUNTS = 1000
_COUNTS: dict[tuple[Path, str], int] = {}  # numbers of files by path and state: a large zip takes seconds
_ACCEPTED_KINDS = "a folder, zip or tar of images, an npz of arrays, or tfds:NAME"
_OTHER_KINDS = {
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
class _Location:
    """Location of a data set.

    Attributes:
        origin: its path, or `tfds:NAME`.
        name: its name for the user.
        state: changes when the data set changes.
    """

    origin: Path | str
    name: str
    state: str


def store_reference(text: str) -> File:
    """Stores a reference to a data set, not its files.

    Args:
        text: path of a folder or file, or `tfds:NAME`.

    Raises:
        InvalidInput: if it does not exist, has an unsupported format, or is damaged or malicious.
        Unavailable: if it has to be downloaded and cannot be.
    """
    if text.startswith(builders.PREFIX):
        builders.check_reachable(text)
        origin = name = text
        # Hash only the name: TFDS data sets are versioned, so their files need no comparison.
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
    else:
        path = _resolve_path(text)
        _open_by_content(path, path.name)
        origin, name, fingerprint = str(path), path.name, _hash_listing(path)
    note = json.dumps({"dataset": origin, "listing": fingerprint}).encode()
    file = File.store(note, "dataset", name.replace("/", " "))
    paths.write(_marker_path(file), b"")
    return file


def command_name(file: File) -> str:
    """Returns the name of a data set in a command: `tfds:NAME`, or the name of its file or folder."""
    text = file.name.replace(" ", "/")  # `store_reference` replaced "/", which a file name must not have
    return text if builders.is_tfds_name(text) else file.name


def load_dataset(
    file: File, size: int, channels: int = 3, progress: Progress | None = None, min_images: int = 1
) -> ImageDataset:
    """Loads the images of a data set, center-cropped to squares and resized; cached after the first time.

    Args:
        file: a reference from `store_reference`, or a stored archive.
        size: height and width in px, from MIN_SIZE to MAX_SIZE.
        channels: 3, or 1 for gray.
        progress: reports the number of images read.
        min_images: least number of distinct images.

    Raises:
        InvalidInput: if there are fewer images, or the data set was modified, is damaged or malicious.
        Unavailable: if it has to be downloaded and cannot be, or is no longer stored.
        InsufficientSpace: if the disk is full.
        Cancelled: if the job was cancelled.
    """
    progress = progress or Progress()
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise invalid_data_set(
            file.name, f"a size of {MIN_SIZE} to {MAX_SIZE} px", f"{size} px", "choose another"
        )
    location = _locate_data_set(file)
    if isinstance(location.origin, str):
        source = builders.open_source(location.origin, progress)
    key = _make_cache_key(location, size, channels)
    dataset = cache.find_dataset(key, size, channels)
    if dataset is None:
        if isinstance(location.origin, Path):
            source = _open_by_content(location.origin, location.name)
        dataset = cache.build_dataset(key, source, location.name, size, channels, progress)
    if len(dataset.names) < min_images:
        count_text = amounts.format_count(len(dataset.names), "image")
        received = " ".join([f"only {count_text}.", *dataset.notes]).rstrip(".")
        raise invalid_data_set(
            location.name, f"at least {min_images:,} images", received, "add more, or choose another"
        )
    distinct_count = len(np.unique(dataset.digests, axis=0)) if min_images > 1 else min_images
    if distinct_count < min_images:
        count_text = amounts.format_count(len(dataset.names), "image")
        received = f"{count_text}, of which only {distinct_count:,} differ"
        step = "add other images, or choose another"
        raise invalid_data_set(location.name, f"at least {min_images:,} different images", received, step)
    return dataset


def find_cached_dataset(file: File, size: int) -> ImageDataset | None:
    """Returns the result of `load_dataset` in color if it is cached, else None. Reads and downloads nothing.

    Raises:
        InvalidInput: if the data set was modified.
        Unavailable: if it is no longer stored.
    """
    return cache.find_dataset(_make_cache_key(_locate_data_set(file), size, 3), size, 3)


def count_download_bytes(file: File) -> int | None:
    """Returns the most bytes to download before a data set can be read.

    Returns:
        None if it is available locally, 0 if the size is unknown.

    Raises:
        InvalidInput: if the data set was modified.
        Unavailable: if it is no longer stored.
    """
    location = _locate_data_set(file)
    return builders.count_download_bytes(location.origin) if isinstance(location.origin, str) else None


def count_files(file: File) -> int:
    """Counts the files or arrays of a data set that may be images, without reading them.

    It is 0 for `tfds:NAME`, which may not be downloaded.

    Raises:
        InvalidInput: if the data set was modified, is damaged or malicious.
        Unavailable: if it is no longer stored.
    """
    location = _locate_data_set(file)
    if isinstance(location.origin, str):
        return 0
    origin, name = location.origin, location.name
    key = (origin, location.state)
    return get_or_make(_COUNTS, key, lambda: _count_by_content(origin, name), _MAX_COUNTS)


def is_local(file: File) -> bool:
    """Returns whether a data set is a file or folder, not `tfds:NAME`.

    Raises:
        InvalidInput: if it was modified.
        Unavailable: if it is no longer stored.
    """
    return isinstance(_locate_data_set(file).origin, Path)


def open_source(file: File) -> DataSource:
    """Returns the files of a data set as they are, with copies and damaged ones.

    Raises:
        InvalidInput: if it is not a file or folder, was modified, is damaged or malicious; also while
            reading.
        Unavailable: if it is no longer stored.
    """
    location = _locate_data_set(file)
    if isinstance(location.origin, str):
        raise invalid_data_set(
            location.name, "a folder, zip or tar", "the name of a data set", "give your own images"
        )
    return _open_by_content(location.origin, location.name)


def read_arrays(file: File, keys: Collection[str]) -> dict[str, np.ndarray]:
    """Reads arrays of an npz.

    Args:
        file: a reference from `store_reference`, or a stored npz.
        keys: names of the arrays.

    Raises:
        InvalidInput: if it is not an npz, is damaged or malicious, was modified, or an array is missing.
        Unavailable: if it is no longer stored.
    """
    location = _locate_data_set(file)
    path = location.origin
    if not isinstance(path, str) and zipfile.is_zipfile(path):
        members = archives.list_zip(path, location.name).names
        if all(member.endswith(".npy") for member in members):
            return arrays.read(path, location.name, keys)
    raise invalid_data_set(location.name, "an npz of arrays", "another kind of data set", "choose another")


def _make_cache_key(location: _Location, size: int, channels: int) -> str:
    """Returns the cache key of the images of a data set."""
    state = location.state
    if isinstance(location.origin, str):
        state = f"{state} {builders.read_state(location.origin)}"
    return cache.make_key(f"{location.origin} {state}", size, channels)


def _resolve_path(text: str) -> Path:
    """Returns the absolute path of a file or folder. Raises `InvalidInput` if there is none."""
    try:
        path = paths.expand_user(text).resolve()
        if path.is_file() or path.is_dir():
            return path
        reason = "a device or pipe" if path.exists() else "no such file or folder"
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
    raise invalid_data_set(Path(text).name or text, _ACCEPTED_KINDS, reason, "check the path")


def _hash_listing(path: Path) -> str:
    """Hashes names, sizes and times of the files, so the hash changes when the data set changes."""
    names = archives.list_folder(path).names if path.is_dir() else ("",)
    sha256 = hashlib.sha256()
    for name in names:
        try:
            status = (path / name).lstat() if name else path.stat()
        except FileNotFoundError:
            continue  # removed since the folder was listed
        line = f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n"
        sha256.update(line.encode("utf-8", "surrogateescape"))
    return sha256.hexdigest()


def _marker_path(file: File) -> Path:
    """Returns the path of a marker that exists if `store_reference` made a note.

    An uploaded copy of a note must not open folders of the server.
    """
    return paths.ensure_folder("datasets") / file.digest


def _locate_data_set(file: File) -> _Location:
    """Returns the location of the data set of a file. Raises as `is_local`."""
    path = file.path
    # Only the local user may refer to folders: another user may have uploaded a copy of a note.
    is_reference = owners.get_current() == owners.LOCAL and _marker_path(file).exists()
    if path.stat().st_size > _MAX_REFERENCE_BYTES or not is_reference:
        return _Location(path, file.name, file.digest)
    note = json.loads(path.read_bytes())
    origin, listing = note["dataset"], note["listing"]
    if origin.startswith(builders.PREFIX):
        return _Location(origin, file.name, listing)
    dataset_path = _resolve_path(origin)
    if _hash_listing(dataset_path) != listing:
        step = "start over with the current data set"
        raise invalid_data_set(
            file.name, "the data set as it was when it was chosen", "a changed data set", step
        )
    return _Location(dataset_path, file.name, listing)


def _open_by_content(path: Path, name: str) -> DataSource:
    """Opens the data set at a path, after detecting its format by its content and checking it."""
    members, is_npz = _list_by_content(path, name)
    return arrays.open_source(path, name) if is_npz else files.open_source(members)


def _count_by_content(path: Path, name: str) -> int:
    """Counts the images of the data set at a path, after the same checks. Reads only headers of an npz."""
    members, is_npz = _list_by_content(path, name)
    return arrays.count_images(path, name) if is_npz else files.count_images(members)


def _list_by_content(path: Path, name: str) -> tuple[archives.Files, bool]:
    """Lists the files of the data set at a path, and returns whether it is an npz."""
    if path.is_dir():
        return archives.list_folder(path), False
    try:
        with path.open("rb") as handle:
            header = handle.read(512)
    except OSError as error:
        raise invalid_data_set(
            name, _ACCEPTED_KINDS, error.strerror or "an unreadable file", "check its permissions"
        ) from None
    if header.startswith(b"PK"):
        members = archives.list_zip(path, name)
        return members, bool(members.names) and all(member.endswith(".npy") for member in members.names)
    if header.startswith(tuple(tars.OPENERS)) or header[257:262] == b"ustar":
        return tars.list_tar(path, name), False
    kind = next(
        (kind for magic, kind in _OTHER_KINDS.items() if header.startswith(magic)), "another kind of file"
    )
    raise invalid_data_set(
        make_printable(name, 60), _ACCEPTED_KINDS, kind if header else "an empty file", "choose another"
    )
