"""Features of images, computed once and cached by the SHA-256 of each image's pixels."""

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
from studio.core.errors import InsufficientSpace
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.gradients import compile_function
from studio.core.progress import Progress
from studio.core.untrusted import damage
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

BATCH = 32  # 19 MB of pixels at 224 px, about 600 MB of activations in VGG16
_CLASSIFIER_BATCH = 8  # images between two checks for cancellation, for classifiers with a batch size of 1
_MAX_BYTES = 1 << 30  # of all features: some models have 100,000 per image
_MAX_FILES = 8  # cache files; more are merged into one


def extract_features(dataset: ImageDataset, backbone: Backbone, progress: Progress | None = None) -> np.ndarray:
    """Returns each image's features: the global average of the backbone's last layer.

    Features of images that the cache has, from this dataset or another, are not computed again.

    Args:
        dataset: color images.
        backbone: see `studio.core.objectives.backbones.load`.
        progress: receives the number of images done.

    Returns:
        `(n, C) float32`.

    Raises:
        InsufficientSpace: if the disk is full.
        Cancelled: if a user asked to stop; features computed so far stay cached.
    """
    progress = progress or Progress()
    store = FeatureCache(backbone.spec.name, backbone.digest, dataset.images.shape[1])
    return _load_or_compute(
        store, dataset, lambda rows: _compute_with_backbone(dataset.images, rows, backbone, progress)
    )


def extract_with_classifier(
    dataset: ImageDataset, classifier: Classifier, name: str, progress: Progress | None = None
) -> np.ndarray:
    """Returns each image's features by a classifier, see `Classifier.features`; cached like `extract_features`.

    Args:
        dataset: color images.
        classifier: a trained or imported classifier.
        name: of its file, for error messages.
        progress: receives the number of images done.

    Returns:
        `(n, C) float32`.

    Raises:
        InsufficientSpace: if the features take too much memory, or the disk is full.
        StudioError: if the classifier has no layer with weights.
        Cancelled: if a user asked to stop; features computed so far stay cached.
    """
    progress = progress or Progress()
    width = classifier.features.shape[-1]
    check_width(width, len(dataset.names), name)
    store = _classifier_cache(dataset, classifier, width)
    return _load_or_compute(
        store, dataset, lambda rows: _compute_with_classifier(dataset.images, rows, classifier, progress)
    )


def store_features(dataset: ImageDataset, classifier: Classifier, rows: np.ndarray) -> None:
    """Caches a classifier's features of all images, `(n, C)`."""
    store = _classifier_cache(dataset, classifier, rows.shape[1])
    new = ~store.contains(dataset.digests)
    store.add(dataset.digests[new], rows[new])


def _classifier_cache(dataset: ImageDataset, classifier: Classifier, width: int) -> FeatureCache:
    key = paths.digest(f"{classifier.digest} {classifier.preprocessing}".encode())
    return FeatureCache("own", key, dataset.images.shape[1], width)


def check_width(width: int, count: int, name: str) -> None:
    """Raises `InsufficientSpace` if the features of `count` images take too much memory."""
    if (bytes_needed := 4 * width * count) > _MAX_BYTES:
        raise InsufficientSpace(
            f"{name} has {width:,} features per image, {amounts.size(bytes_needed)} in all; at most "
            f"{amounts.size(_MAX_BYTES)} fit. Use fewer images or another model."
        )


def _compute_with_classifier(
    images: np.ndarray, rows: np.ndarray, classifier: Classifier, progress: Progress
) -> Iterator[np.ndarray]:
    import keras

    network = keras.Model(classifier.network.input, classifier.features)
    for start in range(0, len(rows), _CLASSIFIER_BATCH):
        progress.report(start, len(rows), text="Extracting features")
        yield classifier.run(network, np.asarray(images[rows[start : start + _CLASSIFIER_BATCH]]), Progress())
    progress.report(len(rows), len(rows), text="Extracting features")


def _load_or_compute(
    store: FeatureCache, dataset: ImageDataset, compute: Callable[[np.ndarray], Iterator[np.ndarray]]
) -> np.ndarray:
    """Returns the features of a dataset, from the cache where possible.

    Args:
        store: the cache.
        dataset: the images.
        compute: takes row numbers and yields their features batch by batch; these are cached.
    """
    matrix, is_stored = store.read(dataset.digests)
    missing = np.flatnonzero(~is_stored)
    if not len(missing):
        return matrix
    # Compute exact copies within a dataset of arrays once.
    _, firsts, same = np.unique(dataset.digests[missing], axis=0, return_index=True, return_inverse=True)
    rows = missing[np.sort(firsts)]
    done = 0
    try:
        for part in compute(rows):
            matrix[rows[done : done + len(part)]] = part
            done += len(part)
    finally:
        store.add(dataset.digests[rows[:done]], matrix[rows[:done]])
    matrix[missing] = matrix[missing[firsts[same.ravel()]]]
    return matrix


def count_missing(dataset: ImageDataset, name: str) -> int:
    """Counts the distinct images whose features are not cached. Does not load Keras.

    Args:
        dataset: color images.
        name: of the backbone.
    """
    store = FeatureCache(name, pretrained.expected_digest(name), dataset.images.shape[1])
    return len(np.unique(dataset.digests[~store.contains(dataset.digests)], axis=0))


def _compute_with_backbone(
    images: np.ndarray, rows: np.ndarray, backbone: Backbone, progress: Progress
) -> Iterator[np.ndarray]:
    network = _compile_pooled_extractor(backbone.features([backbone.spec.last]), backbone.spec.last, BATCH)
    progress.report(0, len(rows), text="Extracting features")
    for start in range(0, len(rows), BATCH):
        part = np.asarray(images[rows[start : start + BATCH]])
        full = np.concatenate([part, np.repeat(part[-1:], BATCH - len(part), axis=0)])
        yield np.asarray(network(full))[: len(part)]
        progress.report(start + len(part), len(rows), text="Extracting features")


@lru_cache(maxsize=2)
def _compile_pooled_extractor(extractor: keras.Model, layer: str, batch: int) -> Callable:
    """Compiles the feature extractor for one batch size: `(batch, side, side, 3) uint8 -> (batch, C)`."""

    def pool(images):
        from keras import ops

        return ops.mean(extractor(ops.cast(images, "float32") / 255.0)[layer], axis=(1, 2))

    return compile_function(pool)


class FeatureCache:
    """A cache of features on disk, for one network with certain weights, at one image size.

    Args:
        name: of the backbone; "own" for other classifiers.
        digest: SHA-256 of its weights.
        size: side of the images in px.
        width: number of features per image; None for a pretrained backbone.
    """

    def __init__(self, name: str, digest: str, size: int, width: int | None = None):
        self.folder = paths.folder("cache") / "classify" / f"{name}-{digest[:24]}-{size}"
        self.width = width or _width(name)

    def contains(self, digests: np.ndarray) -> np.ndarray:
        """Tells which images have cached features: `(n, 32) uint8` SHA-256 -> `(n,) bool`."""
        keys = [np.empty(0, "S32"), *map(_read_keys, self._parts())]
        return np.isin(_to_keys(digests), np.concatenate(keys))

    def read(self, digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reads cached features.

        Args:
            digests: SHA-256 of the images, `(n, 32) uint8`.

        Returns:
            `(n, C) float32`, zeros where nothing is cached, and `(n,) bool`, whether it is cached.
        """
        matrix, is_stored = np.zeros((len(digests), self.width), "float32"), np.zeros(len(digests), bool)
        targets = _to_keys(digests)
        for keys, rows in map(_read_file, self._parts()):
            if rows is None or rows.shape[1] != self.width:
                continue
            order = np.argsort(keys)
            positions = order[np.searchsorted(keys, targets, sorter=order).clip(max=len(keys) - 1)]
            hits = keys[positions] == targets
            matrix[hits], is_stored[hits] = rows[positions[hits]], True
        return matrix, is_stored

    def add(self, digests: np.ndarray, rows: np.ndarray) -> None:
        """Caches features `(n, C)` under the SHA-256 `(n, 32)` of their images."""
        if not len(rows):
            return
        self._write(digests, rows)
        if len(parts := self._parts()) > _MAX_FILES:
            read = [(keys, rows) for keys, rows in map(_read_file, parts) if rows is not None]
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
    spec = backbones.find_spec(name)
    return spec.layers[spec.last]


def _to_keys(digests: np.ndarray) -> np.ndarray:
    """Turns `(n, 32) uint8` into `(n,)` values that can be sorted and compared."""
    return np.ascontiguousarray(digests).view("S32").ravel()


def _read_keys(path: Path) -> np.ndarray:
    """Reads the keys of a cache file without the features, which are a hundred times larger."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _to_keys(archive["digests"])
    except damage.NPZ:
        return np.empty(0, "S32")


def _read_file(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys, rows = archive["digests"], archive["features"]
            if len(keys) == len(rows) and len(keys):
                return _to_keys(keys), rows
    except damage.NPZ:
        pass  # damaged, or removed by another process: compute the features again
    return np.empty(0, "S32"), None
