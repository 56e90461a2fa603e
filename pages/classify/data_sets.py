"""Images and audit facts of a training set: see `pages.form.data_set_reader`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pages.form import data_set_preview, data_set_reader
from pages.form.data_set_reader import ReadRequest
from studio.classify.data import audit
from studio.core.data import ImageDataset, near_duplicates
from studio.core.progress import Progress
from studio.core.tasks import File


def _compute_facts(dataset: ImageDataset, progress: Progress) -> dict[str, Any]:
    return audit.describe(dataset, near_duplicates.find(dataset, progress))


def load_with_facts(file: File, size: int) -> tuple[ImageDataset, dict[str, Any]] | None:
    """Returns the images of a data set and its `audit.describe`.

    Returns None while they are read, with the progress shown, or after showing an error.

    Args:
        file: the stored data set.
        size: side of the images, in px.
    """
    return data_set_reader.read(ReadRequest(file, size), _compute_facts)


def load_if_available(file: File, size: int) -> ImageDataset | None:
    """Returns the images of a data set; None, without a message, while they are read or if they are gone."""
    return data_set_reader.read_if_available(ReadRequest(file, size), _compute_facts)


def make_thumbnails(dataset: ImageDataset, names: Sequence[str]) -> list[np.ndarray | None]:
    """Returns thumbnails of images of a data set, by their names; None for unknown names."""
    rows = {name: row for row, name in enumerate(dataset.names)}
    return [
        data_set_preview.make_thumbnail(dataset.images[rows[name]]) if name in rows else None
        for name in names
    ]
