"""The data set that classes are trained from, looked over: see `pages.form.read_images`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pages.form import read_images, seen_images
from pages.form.read_images import Wish
from studio.classify.data import audit
from studio.core.data import ImageDataset, duplicates
from studio.core.progress import Progress
from studio.core.tasks import File


def _facts(dataset: ImageDataset, progress: Progress) -> dict[str, Any]:
    return audit.facts(dataset, duplicates.find(dataset, progress))


def with_facts(file: File, size: int) -> tuple[ImageDataset, dict[str, Any]] | None:
    """The images of a data set and what there is to say of it, as `audit.facts` has it.

    None while they are read, which is shown, or after saying what is wrong with them.

    Args:
        file: the kept data set.
        size: of their sides, in px.
    """
    return read_images.with_facts(Wish(file, size), _facts)


def if_available(file: File, size: int) -> ImageDataset | None:
    """The images of a data set; None, silently, while they are read and where they are gone."""
    return read_images.if_available(Wish(file, size), _facts)


def thumbnails(found: ImageDataset, names: Sequence[str]) -> list[np.ndarray | None]:
    """Images of a data set by their names, as `seen_images.small` makes them; None for unknown."""
    places = {name: place for place, name in enumerate(found.names)}
    return [seen_images.small(found.images[places[name]]) if name in places else None for name in names]
