"""Features without pretraining: pixels, edges (HOG) and an untrained network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

# Image sides in px.
_PIXELS_SIDE, _HOG_SIDE, _NETWORK_SIDE = 32, 64, 128
_BATCH = 32


def extract_pixels(images: np.ndarray) -> np.ndarray:
    """Returns downscaled pixels: `(n, side, side, 3) uint8` -> `(n, 3072) float32` in [0, 1]."""
    return _resize(images, _PIXELS_SIDE).reshape(len(images), -1)


def extract_edges(images: np.ndarray) -> np.ndarray:
    """Returns histograms of oriented gradients: `(n, side, side, 3) uint8` -> `(n, 1764) float32`.

    Reference:
        Dalal and Triggs 2005, Histograms of Oriented Gradients for Human Detection.
    """
    from skimage.feature import hog

    gray = _resize(images, _HOG_SIDE).mean(axis=3)
    return np.stack([hog(image, cells_per_block=(2, 2)) for image in gray]).astype("float32")


def extract_untrained(images: np.ndarray, seed: int, progress: Progress | None = None) -> np.ndarray:
    """Returns features of ResNet50 with random weights: `(n, side, side, 3) uint8` -> `(n, 2048) float32`.

    Args:
        images: color images.
        seed: seed of the random weights, initialized as in He et al. 2015, arXiv:1502.01852.
        progress: receives the number of images done.
    """
    import keras

    progress = progress or Progress()
    network = keras.applications.ResNet50(
        weights=None, include_top=False, pooling="avg", input_shape=(_NETWORK_SIDE, _NETWORK_SIDE, 3)
    )
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            deviation = np.sqrt(2 / np.prod(kernel.shape[:3]))
            layer.set_weights([rng.normal(0, deviation, kernel.shape), bias])
    batches = []
    for start in range(0, len(images), _BATCH):
        batch = _resize(images[start : start + _BATCH], _NETWORK_SIDE) - 0.5
        batches.append(np.asarray(network(batch, training=False)))
        progress.report(min(start + _BATCH, len(images)), len(images), text="Extracting untrained features")
    return np.concatenate(batches)


def extract_rows(
    dataset: ImageDataset, rows: np.ndarray, extract: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Applies `extract` to some rows of a dataset, batch by batch; returns their features, `(n, d)`."""
    batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    return np.concatenate([extract(np.asarray(dataset.images[batch])) for batch in batches])


def _resize(images: np.ndarray, side: int) -> np.ndarray:
    """Resizes `(n, h, w, 3) uint8` to `(n, side, side, 3) float32` in [0, 1]."""
    from PIL import Image

    size = (side, side)
    small = [Image.fromarray(image).resize(size, Image.Resampling.BOX, reducing_gap=None) for image in images]
    return np.stack([np.asarray(image, "float32") for image in small]) / 255
