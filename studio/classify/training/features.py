"""What a network sees in images, computed once for each: kept by the digest of the image's pixels."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models.classifier import Classifier
from studio.core import amounts, caches, paths
from studio.core.data.cache import ImageDataset
from studio.core.errors import NoRoom
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.gradients import compiled
from studio.core.progress import Progress
from studio.core.untrusted import damage
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

BATCH = 32  # images at once: 19 MB of pixels at 224 px, about 600 MB within VGG16
_PART = 8  # images, between which a user may stop a classifier that looks at one by one
_MOST_BYTES = 1 << 30  # of all that is seen: some networks see a hundred thousand numbers in each image
_MOST_PARTS = 8  # files, above which they are written again as one


def features(dataset: ImageDataset, backbone: Backbone, progress: Progress | None = None) -> np.ndarray:
    """What a backbone sees in each image: the mean over all places of its last layer.

    Those that were seen before, in this data set or in another, are not computed again.

    Args:
        dataset: in color.
        backbone: see `studio.core.objectives.backbones.load`.
        progress: told how many of the new ones are done.

    Returns:
        `(n, C) float32`.

    Raises:
        NoRoom: if the disk is full.
        Cancelled: if a user asked to stop; what was computed is kept.
    """
    progress = progress or Progress()
    store = Store(backbone.spec.name, backbone.digest, dataset.images.shape[1])
    return _kept_or_made(store, dataset, lambda rows: _computed(dataset.images, rows, backbone, progress))


def of_classifier(
    dataset: ImageDataset, classifier: Classifier, name: str, progress: Progress | None = None
) -> np.ndarray:
    """What a classifier sees in each image, as `Classifier.seeing` has it; kept as `features` are.

    Args:
        dataset: in color.
        classifier: that looks.
        name: of its file, for a user.
        progress: told how many of the new ones are done.

    Returns:
        `(n, C) float32`.

    Raises:
        NoRoom: if it sees too much in too many images, or the disk is full.
        StudioError: if it sees nothing that a head could learn from.
        Cancelled: if a user asked to stop; what was computed is kept.
    """
    progress = progress or Progress()
    wide = classifier.seeing.shape[-1]
    check_width(wide, len(dataset.names), name)
    store = _store(dataset, classifier, wide)
    return _kept_or_made(store, dataset, lambda rows: _seen(dataset.images, rows, classifier, progress))


def keep(dataset: ImageDataset, classifier: Classifier, seen: np.ndarray) -> None:
    """Keeps what a classifier saw in all images, `(n, C)`, for the next time that it is asked for."""
    store = _store(dataset, classifier, seen.shape[1])
    new = ~store.knows(dataset.digests)
    store.add(dataset.digests[new], seen[new])


def _store(dataset: ImageDataset, classifier: Classifier, wide: int) -> Store:
    told = paths.digest(f"{classifier.digest} {classifier.preprocessing}".encode())
    return Store("own", told, dataset.images.shape[1], wide)


def check_width(wide: int, count: int, name: str) -> None:
    """Raises `NoRoom` if so many numbers of each of so many images are too many."""
    if (needed := 4 * wide * count) > _MOST_BYTES:
        raise NoRoom(
            f"{name} has {wide:,} features per image, {amounts.size(needed)} in all; at most "
            f"{amounts.size(_MOST_BYTES)} fit. Use fewer images or another model."
        )


def _seen(
    images: np.ndarray, rows: np.ndarray, classifier: Classifier, progress: Progress
) -> Iterator[np.ndarray]:
    import keras

    network = keras.Model(classifier.network.input, classifier.seeing)
    for start in range(0, len(rows), _PART):
        progress.report(start, len(rows), text="Extracting features")
        yield classifier.ask(network, np.asarray(images[rows[start : start + _PART]]), Progress())
    progress.report(len(rows), len(rows), text="Extracting features")


def _kept_or_made(
    store: Store, dataset: ImageDataset, computed: Callable[[np.ndarray], Iterator[np.ndarray]]
) -> np.ndarray:
    """What is kept of each image; of the others what is computed of their rows, part by part, and kept."""
    found, known = store.read(dataset.digests)
    missing = np.flatnonzero(~known)
    if not len(missing):
        return found
    # Copies of one image within a data set of arrays are computed once, too.
    _, firsts, same = np.unique(dataset.digests[missing], axis=0, return_index=True, return_inverse=True)
    rows = missing[np.sort(firsts)]
    done = 0
    try:
        for part in computed(rows):
            found[rows[done : done + len(part)]] = part
            done += len(part)
    finally:
        store.add(dataset.digests[rows[:done]], found[rows[:done]])
    found[missing] = found[missing[firsts[same.ravel()]]]
    return found


def unseen(dataset: ImageDataset, name: str) -> int:
    """How many different images a backbone has not looked at yet. Loads no Keras.

    Args:
        dataset: in color.
        name: of the backbone.
    """
    store = Store(name, pretrained.expected_digest(name), dataset.images.shape[1])
    return len(np.unique(dataset.digests[~store.knows(dataset.digests)], axis=0))


def _computed(
    images: np.ndarray, rows: np.ndarray, backbone: Backbone, progress: Progress
) -> Iterator[np.ndarray]:
    network = _network(backbone.features([backbone.spec.last]), backbone.spec.last, BATCH)
    progress.report(0, len(rows), text="Extracting features")
    for start in range(0, len(rows), BATCH):
        part = np.asarray(images[rows[start : start + BATCH]])
        full = np.concatenate([part, np.repeat(part[-1:], BATCH - len(part), axis=0)])
        yield np.asarray(network(full))[: len(part)]
        progress.report(start + len(part), len(rows), text="Extracting features")


@lru_cache(maxsize=2)
def _network(extractor: keras.Model, layer: str, batch: int) -> Callable:
    """`(batch, side, side, 3) uint8 -> (batch, C)`, compiled for one size of batch."""

    def pooled(images):
        from keras import ops

        return ops.mean(extractor(ops.cast(images, "float32") / 255.0)[layer], axis=(1, 2))

    return compiled(pooled)


class Store:
    """Features on disk, of one training run of one network at one size.

    Args:
        name: of the backbone whose they are; "own" for networks that people bring.
        digest: of its weights.
        size: of the images, in px.
        width: how many numbers it sees in each; None for a backbone of ours.
    """

    def __init__(self, name: str, digest: str, size: int, width: int | None = None):
        self.folder = paths.folder("cache") / "classify" / f"{name}-{digest[:24]}-{size}"
        self.width = width or _width(name)

    def knows(self, digests: np.ndarray) -> np.ndarray:
        """Of which images something is kept: `(n, 32) uint8` -> `(n,) bool`."""
        kept = [np.empty(0, "S32"), *map(_held, self._parts())]
        return np.isin(_keys(digests), np.concatenate(kept))

    def read(self, digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is kept of some images.

        Args:
            digests: `(n, 32) uint8`.

        Returns:
            `(n, C) float32`, zeros where nothing is kept, and `(n,) bool` of where something is.
        """
        found, known = np.zeros((len(digests), self.width), "float32"), np.zeros(len(digests), bool)
        wanted = _keys(digests)
        for keys, rows in map(_part, self._parts()):
            if rows is None or rows.shape[1] != self.width:
                continue
            order = np.argsort(keys)
            places = order[np.searchsorted(keys, wanted, sorter=order).clip(max=len(keys) - 1)]
            hits = keys[places] == wanted
            found[hits], known[hits] = rows[places[hits]], True
        return found, known

    def add(self, digests: np.ndarray, rows: np.ndarray) -> None:
        """Keeps features `(n, C)` under the digests `(n, 32)` of their images."""
        if not len(rows):
            return
        self._write(digests, rows)
        if len(parts := self._parts()) > _MOST_PARTS:
            read = [(keys, rows) for keys, rows in map(_part, parts) if rows is not None]
            keys, first = np.unique(np.concatenate([keys for keys, _ in read]), return_index=True)
            self._write(keys.view("uint8").reshape(-1, 32), np.concatenate([rows for _, rows in read])[first])
            for old in parts:
                old.unlink(missing_ok=True)

    def _write(self, digests: np.ndarray, rows: np.ndarray) -> None:
        target = caches.claim(self.folder / f"{uuid.uuid4().hex}.npz")
        with paths.replacing(target) as temporary, temporary.open("wb") as file:
            np.savez(file, digests=digests, features=rows.astype("float32"))

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz"))


def _width(name: str) -> int:
    spec = backbones.spec(name)
    return spec.layers[spec.last]


def _keys(digests: np.ndarray) -> np.ndarray:
    """`(n, 32) uint8` -> `(n,)` values that sort and compare."""
    return np.ascontiguousarray(digests).view("S32").ravel()


def _held(path: Path) -> np.ndarray:
    """The keys of a part, without the features, which are a hundred times as much."""
    try:
        with np.load(path, allow_pickle=False) as found:
            return _keys(found["digests"])
    except damage.NPZ:
        return np.empty(0, "S32")


def _part(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with np.load(path, allow_pickle=False) as found:
            keys, rows = found["digests"], found["features"]
            if len(keys) == len(rows) and len(keys):
                return _keys(keys), rows
    except damage.NPZ:
        pass  # damaged, or taken away by another process: computed again
    return np.empty(0, "S32"), None
