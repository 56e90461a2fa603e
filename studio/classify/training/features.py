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
_CLASSIFIER_BATCH = 8  # images between two checks for cancellation
_MAX_BYTES = 1 << 30  # of all features: some models have 100,000 per image
_MAX_FILES = 8  # cache files; more are merged into one


def extract_features(
    dataset: ImageDataset, backbone: Backbone, progress: Progress | None = None
) -> np.ndarray:
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
    cache = FeatureCache(backbone.spec.name, backbone.digest, dataset.images.shape[1])
    return _load_or_compute(
        cache, dataset, lambda rows: _compute_with_backbone(dataset.images, rows, backbone, progress)
    )


def extract_with_classifier(
    dataset: ImageDataset, classifier: Classifier, name: str, progress: Progress | None = None
) -> np.ndarray:
    """Returns each image's features by a classifier, see `Classifier.features`; cached.

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
    cache = _open_classifier_cache(dataset, classifier, width)
    return _load_or_compute(
        cache, dataset, lambda rows: _compute_with_classifier(dataset.images, rows, classifier, progress)
    )


def store_features(dataset: ImageDataset, classifier: Classifier, features: np.ndarray) -> None:
    """Caches a classifier's features of all images, `(n, C)`."""
    cache = _open_classifier_cache(dataset, classifier, features.shape[1])
    is_new = ~cache.contains(dataset.digests)
    cache.add(dataset.digests[is_new], features[is_new])


def _open_classifier_cache(dataset: ImageDataset, classifier: Classifier, width: int) -> FeatureCache:
    key = paths.digest(f"{classifier.digest} {classifier.preprocessing}".encode())
    return FeatureCache("own", key, dataset.images.shape[1], width)


def check_width(width: int, count: int, name: str) -> None:
    """Raises `InsufficientSpace` if the features of `count` images take too much memory."""
    if (bytes_needed := 4 * width * count) > _MAX_BYTES:
        raise InsufficientSpace(
            f"{name} has {width:,} features per image, {amounts.format_bytes(bytes_needed)} in all; at most "
            f"{amounts.format_bytes(_MAX_BYTES)} fit. Use fewer images or another model."
        )


def _compute_with_classifier(
    images: np.ndarray, rows: np.ndarray, classifier: Classifier, progress: Progress
) -> Iterator[np.ndarray]:
    """Yields the features of some images, `(n, C) float32`, batch by batch."""
    import keras

    network = keras.Model(classifier.network.input, classifier.features)
    for start in range(0, len(rows), _CLASSIFIER_BATCH):
        progress.report(start, len(rows), text="Extracting features")
        yield classifier.run(network, np.asarray(images[rows[start : start + _CLASSIFIER_BATCH]]), Progress())
    progress.report(len(rows), len(rows), text="Extracting features")


def _load_or_compute(
    cache: FeatureCache, dataset: ImageDataset, compute: Callable[[np.ndarray], Iterator[np.ndarray]]
) -> np.ndarray:
    """Returns the features of a dataset, from the cache where possible.

    Args:
        cache: of the network's features.
        dataset: the images.
        compute: yields the features of some rows, batch by batch, which are cached.
    """
    features, is_cached = cache.read(dataset.digests)
    missing = np.flatnonzero(~is_cached)
    if not len(missing):
        return features
    # Compute exact copies within a dataset of arrays once.
    _, firsts, same = np.unique(dataset.digests[missing], axis=0, return_index=True, return_inverse=True)
    rows = missing[np.sort(firsts)]
    done = 0
    try:
        for batch in compute(rows):
            features[rows[done : done + len(batch)]] = batch
            done += len(batch)
    finally:
        cache.add(dataset.digests[rows[:done]], features[rows[:done]])
    features[missing] = features[missing[firsts[same.ravel()]]]
    return features


def count_missing(dataset: ImageDataset, name: str) -> int:
    """Counts the distinct images whose features are not cached. Does not load Keras.

    Args:
        dataset: color images.
        name: of the backbone.
    """
    cache = FeatureCache(name, pretrained.get_digest(name), dataset.images.shape[1])
    return len(np.unique(dataset.digests[~cache.contains(dataset.digests)], axis=0))


def _compute_with_backbone(
    images: np.ndarray, rows: np.ndarray, backbone: Backbone, progress: Progress
) -> Iterator[np.ndarray]:
    """Yields the features of some images, `(n, C) float32`, batch by batch."""
    extractor = backbone.build_extractor([backbone.spec.last_layer])
    extract = _compile_pooled_extractor(extractor, backbone.spec.last_layer, BATCH)
    progress.report(0, len(rows), text="Extracting features")
    for start in range(0, len(rows), BATCH):
        batch = np.asarray(images[rows[start : start + BATCH]])
        padded = np.concatenate([batch, np.repeat(batch[-1:], BATCH - len(batch), axis=0)])
        yield np.asarray(extract(padded))[: len(batch)]
        progress.report(start + len(batch), len(rows), text="Extracting features")


@lru_cache(maxsize=2)
def _compile_pooled_extractor(extractor: keras.Model, layer: str, _batch: int) -> Callable:
    """Compiles the feature extractor: `(batch, side, side, 3) uint8 -> (batch, C)`.

    A compiled function takes one batch size only, so `batch` is part of the cache's key.
    """

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
        self.folder = paths.ensure_folder("cache") / "classify" / f"{name}-{digest[:24]}-{size}"
        if width is None:
            spec = backbones.find_spec(name)
            width = spec.layers[spec.last_layer]
        self.width = width

    def contains(self, digests: np.ndarray) -> np.ndarray:
        """Tells which images have cached features: `(n, 32) uint8` SHA-256 -> `(n,) bool`."""
        keys = [np.empty(0, "S32"), *map(_read_keys, self._list_files())]
        return np.isin(_to_keys(digests), np.concatenate(keys))

    def read(self, digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reads cached features.

        Args:
            digests: SHA-256 of the images, `(n, 32) uint8`.

        Returns:
            `(n, C) float32`, zeros where nothing is cached, and `(n,) bool`, whether it is cached.
        """
        features, is_cached = np.zeros((len(digests), self.width), "float32"), np.zeros(len(digests), bool)
        targets = _to_keys(digests)
        for keys, stored in map(_read_file, self._list_files()):
            if stored is None or stored.shape[1] != self.width:
                continue
            order = np.argsort(keys)
            positions = order[np.searchsorted(keys, targets, sorter=order).clip(max=len(keys) - 1)]
            hits = keys[positions] == targets
            features[hits], is_cached[hits] = stored[positions[hits]], True
        return features, is_cached

    def add(self, digests: np.ndarray, features: np.ndarray) -> None:
        """Caches features `(n, C)` under the SHA-256 `(n, 32)` of their images; merges small files."""
        if not len(features):
            return
        self._write(digests, features)
        if len(files := self._list_files()) > _MAX_FILES:
            contents = [(keys, stored) for keys, stored in map(_read_file, files) if stored is not None]
            keys, firsts = np.unique(np.concatenate([keys for keys, _ in contents]), return_index=True)
            merged = np.concatenate([stored for _, stored in contents])[firsts]
            self._write(keys.view("uint8").reshape(-1, 32), merged)
            for file in files:
                file.unlink(missing_ok=True)

    def _write(self, digests: np.ndarray, features: np.ndarray) -> None:
        target = caches.claim(self.folder / f"{uuid.uuid4().hex}.npz")
        with paths.replacing(target) as temporary, temporary.open("wb") as file:
            np.savez(file, digests=digests, features=features.astype("float32"))

    def _list_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz"))


def _to_keys(digests: np.ndarray) -> np.ndarray:
    """Turns `(n, 32) uint8` into `(n,)` values that can be sorted and compared."""
    return np.ascontiguousarray(digests).view("S32").ravel()


def _read_keys(path: Path) -> np.ndarray:
    """Reads the keys of a cache file without the features, which are a hundred times larger."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _to_keys(archive["digests"])
    except damage.NPZ_ERRORS:
        return np.empty(0, "S32")


def _read_file(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the keys and the features in a cache file; None for the features if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys, features = archive["digests"], archive["features"]
            if len(keys) == len(features) and len(keys):
                return _to_keys(keys), features
    except damage.NPZ_ERRORS:
        pass  # damaged, or removed by another process: compute the features again
    return np.empty(0, "S32"), None
