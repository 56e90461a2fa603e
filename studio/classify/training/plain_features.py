"""What there is to see in an image without anything learned: its pixels, its edges, a network of chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

_SMALL, _CELLS = 32, 64  # px to which images are brought for their pixels, and for their edges
_SIDE = 128  # px at which a network of chance looks
_BATCH = 32


def pixels(images: np.ndarray) -> np.ndarray:
    """The colors themselves: `(n, side, side, 3) uint8` -> `(n, 3072) float32` in [0, 1]."""
    return _scaled(images, _SMALL).reshape(len(images), -1)


def edges(images: np.ndarray) -> np.ndarray:
    """Which way edges run in each part: `(n, side, side, 3) uint8` -> `(n, 1764) float32`.

    Reference:
        Dalal and Triggs 2005, Histograms of Oriented Gradients for Human Detection.
    """
    from skimage.feature import hog

    gray = _scaled(images, _CELLS).mean(axis=3)
    return np.stack([hog(one, cells_per_block=(2, 2)) for one in gray]).astype("float32")


def untrained(images: np.ndarray, seed: int, progress: Progress | None = None) -> np.ndarray:
    """What ResNet50 sees before it has learned anything: `(n, side, side, 3) uint8` -> `(n, 2048) float32`.

    Args:
        seed: of its weights, as He et al. 2015, arXiv:1502.01852, draw them.
        progress: told how many images are done.
    """
    import keras

    progress = progress or Progress()
    network = keras.applications.ResNet50(
        weights=None, include_top=False, pooling="avg", input_shape=(_SIDE, _SIDE, 3)
    )
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            spread = np.sqrt(2 / np.prod(kernel.shape[:3]))
            layer.set_weights([rng.normal(0, spread, kernel.shape), bias])
    found = []
    for start in range(0, len(images), _BATCH):
        part = _scaled(images[start : start + _BATCH], _SIDE) - 0.5
        found.append(np.asarray(network(part, training=False)))
        progress.report(min(start + _BATCH, len(images)), len(images), text="Extracting untrained features")
    return np.concatenate(found)


def of_all(dataset: ImageDataset, rows: np.ndarray, look: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What is seen in the images of some rows, a part of them at a time."""
    parts = [np.asarray(dataset.images[rows[at : at + _BATCH]]) for at in range(0, len(rows), _BATCH)]
    return np.concatenate([look(part) for part in parts])


def _scaled(images: np.ndarray, side: int) -> np.ndarray:
    """`(n, h, w, 3) uint8` -> `(n, side, side, 3) float32` in [0, 1]."""
    from PIL import Image

    size = (side, side)
    small = [Image.fromarray(one).resize(size, Image.Resampling.BOX, reducing_gap=None) for one in images]
    return np.stack([np.asarray(one, "float32") for one in small]) / 255
