"""Images of a data set at the size for training: prepared once, cached under STUDIO_HOME/cache."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from studio.core import caches, paths
from studio.core.data import label_table
from studio.core.data.names import count_phrase, join_first_few, replace_surrogates
from studio.core.data.sources import DataSource, Item, invalid_data_set
from studio.core.errors import InvalidInput
from studio.core.imaging import formats, image_io
from studio.core.progress import Progress
from studio.core.untrusted import damage

FORMAT_VERSION = 2  # change it to invalidate all cached images
_REPORT_COUNT = 200  # progress reports per data set, so that they cost little
_MAX_BROKEN_SHARE = 0.9  # share of files; above it the path is most likely wrong


@dataclass(frozen=True)
class ImageSubset:
    """A subset of the images of a data set, read from disk on access because all may exceed the memory.

    Attributes:
        images: images of the data set, see `ImageDataset`.
        rows: indices of the subset, `(n,)`.
    """

    images: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        return self.images[self.rows[index]]


@dataclass(frozen=True)
class ImageDataset:
    """The images of a data set, in the order of their names.

    Attributes:
        images: `(n, size, size, channels) uint8`, read-only, memory-mapped.
        names: name of each image: its path in the data set, or its number and part.
        labels: `(n,) int64`, indices in `classes`; None if there are fewer than two classes, or an image can
            have any number of them.
        classes: names of the classes.
        attributes: `{name: (n,) float32}`, NaN where unknown.
        notes: sentences about skipped files and assumptions.
        sizes: `(n, 2) int64`, height and width in px before cropping and resizing.
        digests: `(n, 32) uint8`, SHA-256 of the pixels of each image in `images`.
        source_sha256: `(n, 32) uint8`, SHA-256 of each image's file, or of its array if it has no file.
        broken: names of skipped files that are not intact images.
        copies: pairs of names: a skipped file, and the image that it is a copy of.
        multi_hot: `(n, k) bool`, whether an image has a class, in a multi-label data set; else None.
    """

    images: np.ndarray
    names: tuple[str, ...]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sizes: np.ndarray = field(default_factory=lambda: np.empty((0, 2), "int64"))
    digests: np.ndarray = field(default_factory=lambda: np.empty((0, 32), "uint8"))
    broken: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    source_sha256: np.ndarray = field(default_factory=lambda: np.empty((0, 32), "uint8"))
    multi_hot: np.ndarray | None = None

    def select(self, rows: np.ndarray) -> ImageSubset:
        """Returns the images of some rows, `(n,)`."""
        return ImageSubset(self.images, rows)

    @property
    def known_labels(self) -> np.ndarray:
        """`labels` of a data set with classes. Raises `ValueError` if there are none."""
        if self.labels is None:
            raise ValueError("these images have no labels")
        return self.labels

    @property
    def targets(self) -> np.ndarray:
        """`multi_hot` of a multi-label data set, else `known_labels`. Raises `ValueError` without labels."""
        return self.known_labels if self.multi_hot is None else self.multi_hot


def make_key(state: str, size: int, channels: int) -> str:
    """Returns the cache key of a data set in a given state, image size and number of channels."""
    return hashlib.sha256(json.dumps([FORMAT_VERSION, state, size, channels]).encode()).hexdigest()


def find_dataset(key: str, size: int, channels: int) -> ImageDataset | None:
    """Finds the cached images of a key; None if they are missing or damaged."""
    try:
        return _read_cached_dataset(key, size, channels)
    except damage.NPZ_ERRORS:
        return None


def _read_cached_dataset(key: str, size: int, channels: int) -> ImageDataset:
    pixels, metadata_path = _cache_paths(key)
    with np.load(io.BytesIO(metadata_path.read_bytes()), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    metadata = json.loads(arrays["metadata"].tobytes())
    names, classes, notes, broken = (tuple(metadata[key]) for key in ("names", "classes", "notes", "broken"))
    shape = (len(names), size, size, channels)
    for entry in (pixels, metadata_path):
        caches.claim(entry)
    images = np.memmap(pixels, "uint8", "r", shape=shape)  # ValueError if the file is shorter
    attributes = dict(zip(metadata["attributes"], arrays["attributes"], strict=True))
    multi_hot = arrays["multi_hot"] if arrays["multi_hot"].size else None
    labels = arrays["labels"] if classes and multi_hot is None else None
    copies = tuple((copy, original) for copy, original in metadata["copies"])
    details = (arrays["sizes"], arrays["digests"], broken, copies, arrays["source_sha256"], multi_hot)
    return ImageDataset(images, names, labels, classes, attributes, notes, *details)


def build_dataset(
    key: str, source: DataSource, name: str, size: int, channels: int, progress: Progress
) -> ImageDataset:
    """Reads all images of a source, center-crops each to a square, resizes and caches them.

    Skips copies of a file, so that no held-out image is also a training image.

    Args:
        key: cache key.
        source: source of the images.
        name: name of the data set, for errors.
        size: height and width in px.
        channels: 3, or 1 for gray.
        progress: reports the number of images read.

    Raises:
        InvalidInput: if more than 90% of the files are not intact images, or the source is damaged.
        InsufficientSpace: if the disk is full.
        Cancelled: if the job was cancelled; nothing is cached.
    """
    pixels, metadata_path = _cache_paths(key)
    with paths.replacing(pixels) as temporary, temporary.open("w+b") as out:
        writer = _CacheWriter(source, size * size * channels, out)
        interval = max(1, len(source.names) // _REPORT_COUNT)
        for count, item in enumerate(source.read()):
            writer.add(item, *_crop_and_resize(item.data, source.names[item.position], size, channels))
            if count % interval == 0:
                progress.report(count, len(source.names), text="Reading images")
            progress.check()
        writer.check_intact(name)
        metadata = writer.finish()
    paths.write(metadata_path, metadata)
    return _read_cached_dataset(key, size, channels)


def _cache_paths(key: str) -> tuple[Path, Path]:
    folder = paths.ensure_folder("cache") / "images"
    return folder / f"{key}.pixels", folder / f"{key}.npz"


def _crop_and_resize(
    data: bytes | np.ndarray, name: str, size: int, channels: int
) -> tuple[np.ndarray | None, tuple[int, int]]:
    """Returns the cropped and resized image and its original height and width; None if it is not intact."""
    try:
        image = data if isinstance(data, np.ndarray) else image_io.read(data, name)
    except InvalidInput:
        return None, (0, 0)
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = image_io.resize(np.ascontiguousarray(image[top : top + side, left : left + side]), size, size)
    if channels == 1:
        image = image_io.to_gray(image)
    return image, (height, width)


class _CacheWriter:
    """Collects the images of a source in a file of `row_bytes` bytes per image.

    `_content_keys` holds, by row, what is equal for copies: the SHA-256 of a file, else the row itself.
    """

    def __init__(self, source: DataSource, row_bytes: int, out: BinaryIO):
        self._source, self._row_bytes, self._out = source, row_bytes, out
        count = len(source.names)
        self._content_keys: dict[int, bytes] = {}
        self._labels = np.full(count, -1, "int64")
        self._attributes = np.full((len(source.attributes), count), np.nan, "float32")
        self._sizes = np.zeros((count, 2), "int64")
        self._pixel_digests = np.zeros((count, 32), "uint8")
        self._source_digests = np.zeros((count, 32), "uint8")

    def add(self, item: Item, image: np.ndarray | None, size: tuple[int, int]) -> None:
        """Writes an image and its facts at the position of its item; skips None, a broken image."""
        if image is None:
            return
        pixels = image.tobytes()
        self._out.seek(item.position * self._row_bytes)
        self._out.write(pixels)
        self._sizes[item.position] = size
        self._pixel_digests[item.position] = np.frombuffer(hashlib.sha256(pixels).digest(), "uint8")
        source = item.data if isinstance(item.data, bytes) else item.data.tobytes()
        digest = hashlib.sha256(source).digest()
        self._source_digests[item.position] = np.frombuffer(digest, "uint8")
        is_file = self._source.has_files and isinstance(item.data, bytes)
        self._content_keys[item.position] = digest if is_file else b"%d" % item.position
        self._labels[item.position] = item.label
        self._attributes[:, item.position] = [
            item.attributes.get(key, np.nan) for key in self._source.attributes
        ]

    def check_intact(self, name: str) -> None:
        """Raises `InvalidInput` if hardly any file was an image."""
        total, intact = len(self._source.names), len(self._content_keys)
        if intact and total - intact <= _MAX_BROKEN_SHARE * total:
            return
        received = "no files"
        if total:
            received = f"{intact:,} among {total:,} files: {join_first_few(self._list_broken_names())}"
        # The notes may say why, such as that links were skipped.
        notes = "; ".join(note.rstrip(".") for note in self._source.notes)
        received = f"{received} ({notes})" if notes else received
        raise invalid_data_set(
            name, f"images ({formats.READABLE})", received, "choose another folder or archive"
        )

    def finish(self) -> bytes:
        """Removes the rows of broken images and copies. Returns the metadata as an npz."""
        kept_rows = self._list_first_rows()
        for new_row, old_row in enumerate(kept_rows):
            if new_row != old_row:
                self._out.seek(old_row * self._row_bytes)
                pixels = self._out.read(self._row_bytes)
                self._out.seek(new_row * self._row_bytes)
                self._out.write(pixels)
        self._out.truncate(len(kept_rows) * self._row_bytes)
        labels, multi_hot, classes, empty_classes = self._select_classes(kept_rows)
        notes = [*self._source.notes, *self._describe_skipped_images(kept_rows, empty_classes)]
        notes += [label_table.describe(multi_hot)] if multi_hot.size else []
        metadata = {
            "names": [replace_surrogates(self._source.names[row]) for row in kept_rows],
            "classes": [replace_surrogates(name) for name in classes],
            "attributes": self._source.attributes,
            "notes": notes,
            "broken": [replace_surrogates(name) for name in self._list_broken_names()],
            "copies": [
                [replace_surrogates(self._source.names[n]) for n in pair]
                for pair in self._pair_copies(kept_rows)
            ],
        }
        body = io.BytesIO()
        np.savez_compressed(
            body,
            metadata=np.frombuffer(json.dumps(metadata).encode(), "uint8"),
            labels=labels,
            multi_hot=multi_hot,
            attributes=self._attributes[:, kept_rows],
            sizes=self._sizes[kept_rows],
            digests=self._pixel_digests[kept_rows],
            source_sha256=self._source_digests[kept_rows],
        )
        return body.getvalue()

    def _list_first_rows(self) -> list[int]:
        """Lists the rows of intact images, only the first of equal files."""
        firsts: dict[bytes, int] = {}
        for row in sorted(self._content_keys):
            firsts.setdefault(self._content_keys[row], row)
        return list(firsts.values())

    def _pair_copies(self, kept_rows: list[int]) -> Iterator[tuple[int, int]]:
        """Yields the rows of each copy and its original."""
        firsts = {self._content_keys[row]: row for row in kept_rows}
        for row in sorted(set(self._content_keys) - set(kept_rows)):
            yield row, firsts[self._content_keys[row]]

    def _select_classes(self, kept_rows: list[int]) -> tuple[np.ndarray, np.ndarray, list[str], list[str]]:
        """Returns labels and multi-hot labels among the classes with images, these, and the empty classes.

        Multi-hot labels have no columns if each image has one label.
        """
        labels, names = self._labels[kept_rows], self._source.classes
        no_multi_hot = np.empty((len(kept_rows), 0), bool)
        if self._source.multi_hot is not None:
            multi_hot = self._source.multi_hot[kept_rows]
            used_columns = np.flatnonzero(multi_hot.any(axis=0))
            if np.any(multi_hot.sum(axis=1) != 1) and len(used_columns) > 1:
                used_names = [names[n] for n in used_columns.tolist()]
                return labels, multi_hot[:, used_columns], used_names, sorted(set(names) - set(used_names))
            labels = np.where(multi_hot.any(axis=1), multi_hot.argmax(axis=1), -1)
        used_labels = sorted(set(labels.tolist()) - {-1})
        empty_classes = [name for n, name in enumerate(names) if n not in used_labels]
        if len(used_labels) < 2 or -1 in labels:
            return np.full(len(kept_rows), -1, "int64"), no_multi_hot, [], empty_classes
        indices = np.searchsorted(used_labels, labels)
        return indices, no_multi_hot, [names[n] for n in used_labels], empty_classes

    def _label_key(self, row: int) -> int | bytes:
        """Returns what is equal for images with the same labels."""
        multi_hot = self._source.multi_hot
        return int(self._labels[row]) if multi_hot is None else multi_hot[row].tobytes()

    def _list_broken_names(self) -> list[str]:
        return [name for row, name in enumerate(self._source.names) if row not in self._content_keys]

    def _describe_skipped_images(self, kept_rows: list[int], empty_classes: list[str]) -> Iterator[str]:
        if broken := self._list_broken_names():
            subject = count_phrase(len(broken), "file", "files")
            yield f"{subject} left out because they are not intact images: {join_first_few(broken)}."
        if copies := sorted(set(self._content_keys) - set(kept_rows)):
            listing = join_first_few([self._source.names[row] for row in copies])
            yield f"{count_phrase(len(copies), 'copy', 'copies', ' of other images')} left out: {listing}."
            first_labels = {self._content_keys[row]: self._label_key(row) for row in kept_rows}
            strays = [row for row in copies if first_labels[self._content_keys[row]] != self._label_key(row)]
            if strays:
                listing = join_first_few([self._source.names[row] for row in strays])
                subject = count_phrase(len(strays), "copy", "copies")
                yield f"{subject} in another class than the one kept: {listing}."
        if empty_classes and self._source.has_files:
            subject = count_phrase(len(empty_classes), "class", "classes", " without an intact image")
            yield f"{subject} left out: {join_first_few(empty_classes)}."
