"""Images -> what the InceptionV3 sees in them that published FIDs are measured with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core import paths
from studio.core.objectives import backbones
from studio.core.objectives.gradients import compiled
from studio.core.progress import Progress

if TYPE_CHECKING:
    import keras

SIDE = 299  # px, that the network was trained at
_LAYER = "mixed10"
_BATCH = 32  # images at once: 34 MB of pixels, about 500 MB within the network


def features(
    images: np.ndarray, progress: Progress | None = None, batch: int = _BATCH, keep: bool = False
) -> np.ndarray:
    """The features that FID, KID, precision and recall compare.

    Args:
        images: `(n, H, W, 3) uint8`, or with 1 channel for gray.
        progress: told how many images are done.
        batch: images at once.
        keep: whether they are kept under STUDIO_HOME/cache for the next time, as those of a data set are.

    Returns:
        `(n, 2048) float32`.

    Raises:
        Unavailable: if the network's weights are out of reach.
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    backbone = backbones.load("inceptionv3", progress)
    kept = _kept(images, backbone.digest) if keep else None
    if kept and (found := _read(kept, len(images))) is not None:
        return found
    batch = max(1, min(batch, len(images)))
    network = _network(backbone.features([_LAYER]), batch)
    done = np.empty((len(images), backbone.spec.layers[_LAYER]), "float32")
    for start in range(0, len(images), batch):
        part = np.asarray(images[start : start + batch])
        full = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
        done[start : start + batch] = np.asarray(network(resized(full) / 255))[: len(part)]
        progress.report(start + len(part), len(images), text="Looking at images")
    if kept:
        with paths.replacing(kept) as temporary, temporary.open("wb") as file:
            np.save(file, done)
    return done


@lru_cache(maxsize=4)
def _network(extractor: keras.Model, batch: int) -> Callable:  # noqa: ARG001 - a key of the cache
    """Compiled for one size of batch."""

    def mean(images_01):
        from keras import ops

        return ops.mean(extractor(images_01)[_LAYER], axis=(1, 2))

    return compiled(mean)


def resized(images: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Resizes as TensorFlow 1 did, and so published figures: half a pixel off, without smoothing.

    Args:
        images: `(n, H, W, 1 or 3) uint8`.
        side: height and width of the result, in px.

    Returns:
        `(n, side, side, 3) float32` in [0, 255].
    """
    if images.shape[-1] == 1:
        images = np.repeat(images, 3, axis=-1)
    for axis in (2, 1):
        low, high, share = _places(images.shape[axis], side)
        first = images.take(low, axis).astype("float32")
        second = images.take(high, axis).astype("float32")
        share = share.reshape([-1 if n == axis else 1 for n in range(4)])
        images = first + (second - first) * share
    return images


def _places(size: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new pixel, the two old ones it lies between, and how far it is towards the second."""
    places = np.arange(side, dtype="float32") * (np.float32(size) / np.float32(side))
    low = places.astype("int64")
    return low, np.minimum(low + 1, size - 1), places - low.astype("float32")


def _kept(images: np.ndarray, digest: str) -> Path:
    found = hashlib.sha256(f"{digest} {images.shape}".encode())
    for start in range(0, len(images), 1024):
        found.update(np.ascontiguousarray(images[start : start + 1024]).data)
    return paths.folder("cache") / "features" / f"{found.hexdigest()}.npy"


def _read(path: Path, count: int) -> np.ndarray | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if len(found) == count else None
