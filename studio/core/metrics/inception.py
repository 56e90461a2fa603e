"""Computes image features by the InceptionV3 network that published FIDs use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core import paths
from studio.core.objectives import backbones
from studio.core.objectives.gradients import compile_function
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

SIDE = 299  # px, input size that the network was trained with
_LAYER = "mixed10"
_BATCH = 32  # images: 34 MB of pixels, about 500 MB of activations


def compute_features(
    images: np.ndarray, progress: Progress | None = None, batch: int = _BATCH, keep: bool = False
) -> np.ndarray:
    """Computes the features that FID, KID, precision and recall compare.

    Args:
        images: `(n, H, W, 3) uint8`, or 1 channel for gray.
        progress: reports the number of finished images.
        batch: batch size.
        keep: whether to cache the features under STUDIO_HOME/cache, e.g. those of a data set.

    Returns:
        `(n, 2048) float32`.

    Raises:
        Unavailable: if the weights cannot be downloaded.
        Cancelled: if the job was cancelled.
    """
    progress = progress or Progress()
    backbone = backbones.load("inceptionv3", progress)
    cache_path = _cache_path(images, backbone.digest) if keep else None
    if cache_path and (cached_features := _read_cached_features(cache_path, len(images))) is not None:
        return cached_features
    batch = max(1, min(batch, len(images)))
    network = _compile_network(backbone.build_extractor([_LAYER]), batch)
    result = np.empty((len(images), backbone.spec.layers[_LAYER]), "float32")
    for start in range(0, len(images), batch):
        chunk = np.asarray(images[start : start + batch])
        padded = np.concatenate([chunk, np.repeat(chunk[-1:], batch - len(chunk), axis=0)])
        result[start : start + batch] = np.asarray(network(resize(padded) / 255))[: len(chunk)]
        progress.report(start + len(chunk), len(images), text="Looking at images")
    if cache_path:
        with paths.replacing(cache_path) as temporary, temporary.open("wb") as file:
            np.save(file, result)
    return result


@lru_cache(maxsize=4)
def _compile_network(extractor: keras.Model, batch: int) -> Callable:  # noqa: ARG001 - a key of the cache
    """Compiles the function from images to pooled features, for one batch size."""

    def compute_mean(images_01):
        from keras import ops

        return ops.mean(extractor(images_01)[_LAYER], axis=(1, 2))

    return compile_function(compute_mean)


def resize(images: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Resizes as TensorFlow 1 did for published FIDs: shifted by half a pixel, without antialiasing.

    Args:
        images: `(n, H, W, 1 or 3) uint8`.
        side: height and width of the result in px.

    Returns:
        `(n, side, side, 3) float32` in [0, 255].
    """
    if images.shape[-1] == 1:
        images = np.repeat(images, 3, axis=-1)
    for axis in (2, 1):
        low, high, share = _compute_source_positions(images.shape[axis], side)
        first = images.take(low, axis).astype("float32")
        second = images.take(high, axis).astype("float32")
        share = share.reshape([-1 if n == axis else 1 for n in range(4)])
        images = first + (second - first) * share
    return images


def _compute_source_positions(size: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the two source pixels of each output pixel, and the share of the second, each `(side,)`."""
    positions = np.arange(side, dtype="float32") * (np.float32(size) / np.float32(side))
    low = positions.astype("int64")
    return low, np.minimum(low + 1, size - 1), positions - low.astype("float32")


def _cache_path(images: np.ndarray, digest: str) -> Path:
    sha256 = hashlib.sha256(f"{digest} {images.shape}".encode())
    for start in range(0, len(images), 1024):
        sha256.update(np.ascontiguousarray(images[start : start + 1024]).data)
    return paths.ensure_folder("cache") / "features" / f"{sha256.hexdigest()}.npy"


def _read_cached_features(path: Path, count: int) -> np.ndarray | None:
    try:
        cached_features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return cached_features if len(cached_features) == count else None
