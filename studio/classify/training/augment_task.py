"""The task `classify.augment`: a batch as the network gets it, with random augmentations of each image."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.classify.settings import AugmentSettings
from studio.classify.training import augmentation
from studio.core import data, recipes
from studio.core.data import ImageDataset
from studio.core.imaging import image_io
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

ROWS, COLUMNS = 4, 6  # images; the first column has the originals


def run(settings: AugmentSettings, inputs: Inputs, progress: Progress) -> Result:
    """Draws some images of a dataset, one in each row, followed by augmented versions.

    Without augmentation, each row has several images.
    """
    began, file = time.monotonic(), inputs["data"][0]
    dataset = data.load_dataset(file, settings.size, 3, progress)
    is_augmented = settings.mirrors(dataset.classes) or settings.has_amounts
    rows = _select_rows(dataset, settings.seed, ROWS if is_augmented else ROWS * COLUMNS)
    images = np.asarray(dataset.images[rows])
    if is_augmented:
        images = _append_augmentations(images, settings, dataset.classes, progress)
    grid = make_grid(images, columns=COLUMNS)
    recipe = recipes.make("classify.augment", settings, inputs)
    image = File.store(image_io.encode_png(grid, recipe), "image", f"{Path(file.name).stem}-augmented.png")
    figures = {
        "images": len(rows),
        "labels": [] if dataset.labels is None else [dataset.classes[n] for n in dataset.labels[rows]],
        "augmented": is_augmented,
        "flip": settings.mirrors(dataset.classes),
        "seconds": time.monotonic() - began,
        "notes": list(dataset.notes),
    }
    return Result((image,), figures, recipe)


def _append_augmentations(
    images: np.ndarray, settings: AugmentSettings, classes: tuple[str, ...], progress: Progress
) -> np.ndarray:
    """Returns each image, `(n, side, side, 3) uint8`, followed by its augmented versions."""
    network = augmentation.build(settings, classes, settings.size)
    augment = augmentation.compile_augmentation(network, lambda augmented: augmented, settings.seed)
    columns = [images]
    for step in range(COLUMNS - 1):
        progress.report(step, COLUMNS - 1, text="Augmenting images")
        columns.append(np.round(augment(images, step) * 255).astype("uint8"))
    return np.concatenate(np.stack(columns, axis=1))


def _select_rows(dataset: ImageDataset, seed: int, count: int) -> np.ndarray:
    """Returns up to `count` random rows, of different classes where possible."""
    rng = np.random.default_rng([seed, 11])
    order = rng.permutation(len(dataset.names))
    if dataset.labels is None:
        return order[:count]
    labels, ranks = dataset.labels[order], np.empty(len(order), "int64")
    for label in np.unique(labels):
        ranks[labels == label] = np.arange(np.sum(labels == label))
    return order[np.argsort(ranks, kind="stable")[:count]]
