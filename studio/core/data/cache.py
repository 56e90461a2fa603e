"""The images of a data set as a training run takes them: made once, kept under STUDIO_HOME/cache."""

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
from studio.core.data.names import counted, first_few
from studio.core.data.sources import DataSource, Item, refused
from studio.core.errors import InvalidInput
from studio.core.imaging import formats, image_io
from studio.core.progress import Progress
from studio.core.untrusted import damage

FORMAT = 1  # a new one makes all be made again
_REPORTS = 200  # a whole, so that telling costs nothing next to reading
_MOST_BROKEN = 0.9  # of the files, above which a user has most likely named something else


@dataclass(frozen=True)
class Part:
    """Some images of a data set, read from the disk when they are asked for: all may be more than memory.

    Attributes:
        images: of all, as in `ImageDataset`.
        rows: `(n,)` of these.
    """

    images: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: int | slice | np.ndarray) -> np.ndarray:
        return self.images[self.rows[which]]


@dataclass(frozen=True)
class ImageDataset:
    """The images of a data set, in the order of their names.

    Attributes:
        images: `(n, size, size, channels) uint8`, read-only, mapped from the disk.
        names: what each is called: its path in the data set, or its number and part.
        labels: `(n,) int64`, places in `classes`; None if there are no two classes.
        classes: their names.
        attributes: `{name: (n,) float32}`, NaN where unknown.
        notes: sentences on what was passed over or taken for granted.
        sizes: `(n, 2) int64`, height and width in px before they were cut and resized.
        digests: `(n, 32) uint8`, SHA-256 of each as it is in `images`.
        source_sha256: `(n, 32) uint8`, SHA-256 of each image's file, or of its array where it has none.
        broken: the names of files left out, being no whole images.
        copies: pairs of the name of a file left out and of the kept image that it is a copy of.
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

    def part(self, rows: np.ndarray) -> Part:
        """Those of some rows, `(n,)`."""
        return Part(self.images, rows)

    @property
    def known_labels(self) -> np.ndarray:
        """`labels`, for those who have made sure that there are two classes. Raises `ValueError` if not."""
        if self.labels is None:
            raise ValueError("these images have no labels")
        return self.labels


def key(state: str, size: int, channels: int) -> str:
    """What images are kept under: another one for every data set, state of it, size and kind."""
    return hashlib.sha256(json.dumps([FORMAT, state, size, channels]).encode()).hexdigest()


def find(key: str, size: int, channels: int) -> ImageDataset | None:
    """The kept images of a key, if they are there and whole."""
    try:
        return _read(key, size, channels)
    except damage.NPZ:
        return None


def _read(key: str, size: int, channels: int) -> ImageDataset:
    pixels, facts = _paths(key)
    with np.load(io.BytesIO(facts.read_bytes()), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    told = json.loads(arrays["told"].tobytes())
    names, classes, notes, broken = (tuple(told[p]) for p in ("names", "classes", "notes", "broken"))
    shape = (len(names), size, size, channels)
    for entry in (pixels, facts):
        caches.claim(entry)
    kept = np.memmap(pixels, "uint8", "r", shape=shape)  # ValueError if the file is shorter
    attributes = dict(zip(told["attributes"], arrays["attributes"], strict=True))
    labels = arrays["labels"] if classes else None
    copies = tuple((copy, original) for copy, original in told["copies"])
    more = (arrays["sizes"], arrays["digests"], broken, copies, arrays["source_sha256"])
    return ImageDataset(kept, names, labels, classes, attributes, notes, *more)


def make(
    key: str, source: DataSource, name: str, size: int, channels: int, progress: Progress
) -> ImageDataset:
    """Reads all images of a source, crops each to the square in its middle, resizes and keeps them.

    Copies of a file are kept once, so that none of what is held out has been learned from.

    Args:
        key: what they are kept under.
        source: where they come from.
        name: what errors call it.
        size: height and width, in px.
        channels: 3, or 1 for gray.
        progress: told of each part.

    Raises:
        InvalidInput: if there are none, or next to none, or the source is damaged.
        NoRoom: if the disk is full.
        Cancelled: if a user asked to stop; nothing is kept.
    """
    pixels, facts = _paths(key)
    with paths.replacing(pixels) as temporary, temporary.open("w+b") as out:
        made = _Made(source, size * size * channels, out)
        every = max(1, len(source.names) // _REPORTS)
        for count, item in enumerate(source.read()):
            made.add(item, *_prepared(item.data, source.names[item.place], size, channels))
            if count % every == 0:
                progress.report(count, len(source.names), text="Reading images")
            progress.check()
        made.check(name)
        told = made.finish()
    paths.write(facts, told)
    return _read(key, size, channels)


def _paths(key: str) -> tuple[Path, Path]:
    folder = paths.folder("cache") / "images"
    return folder / f"{key}.pixels", folder / f"{key}.npz"


def _prepared(
    data: bytes | np.ndarray, name: str, size: int, channels: int
) -> tuple[np.ndarray | None, tuple[int, int]]:
    """One image as it is kept, with its height and width before; None if it is none, or broken."""
    try:
        image = data if isinstance(data, np.ndarray) else image_io.read(data, name)
    except InvalidInput:
        return None, (0, 0)
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = image_io.resize(np.ascontiguousarray(image[top : top + side, left : left + side]), size, size)
    if channels == 1:
        image = image_io.gray(image)
    return image, (height, width)


class _Made:
    """The images of a source while they are read, each at its place in a file of `row` bytes per image."""

    def __init__(self, source: DataSource, row: int, out: BinaryIO):
        self._source, self._row, self._out = source, row, out
        count = len(source.names)
        self._digests: dict[int, bytes] = {}
        self._labels = np.full(count, -1, "int64")
        self._facts = np.full((len(source.attributes), count), np.nan, "float32")
        self._sizes = np.zeros((count, 2), "int64")
        self._pixels = np.zeros((count, 32), "uint8")
        self._sources = np.zeros((count, 32), "uint8")

    def add(self, item: Item, image: np.ndarray | None, size: tuple[int, int]) -> None:
        if image is None:
            return
        pixels = image.tobytes()
        self._out.seek(item.place * self._row)
        self._out.write(pixels)
        self._sizes[item.place] = size
        self._pixels[item.place] = np.frombuffer(hashlib.sha256(pixels).digest(), "uint8")
        source = item.data if isinstance(item.data, bytes) else item.data.tobytes()
        digest = hashlib.sha256(source).digest()
        self._sources[item.place] = np.frombuffer(digest, "uint8")
        is_file = self._source.files and isinstance(item.data, bytes)
        self._digests[item.place] = digest if is_file else b"%d" % item.place
        self._labels[item.place] = item.label
        self._facts[:, item.place] = [item.facts.get(key, np.nan) for key in self._source.attributes]

    def check(self, name: str) -> None:
        """Raises `InvalidInput` if hardly a file was an image."""
        tried, whole = len(self._source.names), len(self._digests)
        if whole and tried - whole <= _MOST_BROKEN * tried:
            return
        received = "no files"
        if tried:
            received = f"{whole:,} among {tried:,} files: {first_few(self._broken())}"
        raise refused(name, f"images ({formats.TAKEN})", received, "choose another folder or archive")

    def finish(self) -> bytes:
        """Closes the gaps that broken ones and copies left. Returns all but the pixels as an npz."""
        kept = self._without_copies()
        for new, old in enumerate(kept):
            if new != old:
                self._out.seek(old * self._row)
                row = self._out.read(self._row)
                self._out.seek(new * self._row)
                self._out.write(row)
        self._out.truncate(len(kept) * self._row)
        labels, classes, emptied = self._classes(kept)
        notes = [*self._source.notes, *self._notes(kept, emptied)]
        told = {
            "names": [_encodable(self._source.names[place]) for place in kept],
            "classes": [_encodable(name) for name in classes],
            "attributes": self._source.attributes,
            "notes": notes,
            "broken": [_encodable(name) for name in self._broken()],
            "copies": [[_encodable(self._source.names[n]) for n in pair] for pair in self._copies(kept)],
        }
        body = io.BytesIO()
        np.savez_compressed(
            body,
            told=np.frombuffer(json.dumps(told).encode(), "uint8"),
            labels=labels,
            attributes=self._facts[:, kept],
            sizes=self._sizes[kept],
            digests=self._pixels[kept],
            source_sha256=self._sources[kept],
        )
        return body.getvalue()

    def _without_copies(self) -> list[int]:
        firsts: dict[bytes, int] = {}
        for place in sorted(self._digests):
            firsts.setdefault(self._digests[place], place)
        return list(firsts.values())

    def _copies(self, kept: list[int]) -> Iterator[tuple[int, int]]:
        """The places of each copy and of its original."""
        firsts = {self._digests[place]: place for place in kept}
        for place in sorted(set(self._digests) - set(kept)):
            yield place, firsts[self._digests[place]]

    def _classes(self, kept: list[int]) -> tuple[np.ndarray, list[str], list[str]]:
        """The labels among the classes that have images, those classes, and the others."""
        labels, names = self._labels[kept], self._source.classes
        used = sorted(set(labels.tolist()) - {-1})
        emptied = [name for n, name in enumerate(names) if n not in used]
        if len(used) < 2 or -1 in labels:
            return np.full(len(kept), -1, "int64"), [], emptied
        return np.searchsorted(used, labels), [names[n] for n in used], emptied

    def _broken(self) -> list[str]:
        return [name for place, name in enumerate(self._source.names) if place not in self._digests]

    def _notes(self, kept: list[int], emptied: list[str]) -> Iterator[str]:
        if broken := self._broken():
            what = counted(len(broken), "file", "files")
            yield f"{what} left out because they are not intact images: {first_few(broken)}."
        if copies := sorted(set(self._digests) - set(kept)):
            shown = first_few([self._source.names[place] for place in copies])
            yield f"{counted(len(copies), 'copy', 'copies', ' of other images')} left out: {shown}."
            first = {self._digests[place]: self._labels[place] for place in kept}
            strays = [p for p in copies if first[self._digests[p]] != self._labels[p]]
            if strays:
                shown = first_few([self._source.names[place] for place in strays])
                yield f"{counted(len(strays), 'copy', 'copies')} in another class than the one kept: {shown}."
        if emptied and self._source.files:
            what = counted(len(emptied), "class", "classes", " without an intact image")
            yield f"{what} left out: {first_few(emptied)}."


def _encodable(name: str) -> str:
    """A name of a file in another encoding than the system's has letters that no text can hold."""
    return name.encode("utf-8", "replace").decode()
