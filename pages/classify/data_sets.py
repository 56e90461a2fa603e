"""The data set that classes are trained from, looked over: see `pages.form.read_pictures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pages.form import read_pictures, seen_pictures
from pages.form.read_pictures import Wish
from studio.classify.data import audit
from studio.core.data import Pictures, duplicates
from studio.core.progress import Progress
from studio.core.tasks import File


def _facts(pictures: Pictures, progress: Progress) -> dict[str, Any]:
    return audit.facts(pictures, duplicates.find(pictures, progress))


def with_facts(file: File, size: int) -> tuple[Pictures, dict[str, Any]] | None:
    """The images of a data set and what there is to say of it, as `audit.facts` has it.

    None while they are read, which is shown, or after saying what is wrong with them.

    Args:
        file: the kept data set.
        size: of their sides, in px.
    """
    return read_pictures.with_facts(Wish(file, size), _facts)


def if_available(file: File, size: int) -> Pictures | None:
    """The images of a data set; None, silently, while they are read and where they are gone."""
    return read_pictures.if_available(Wish(file, size), _facts)


def thumbnails(found: Pictures, names: Sequence[str]) -> list[np.ndarray | None]:
    """Images of a data set by their names, as `seen_pictures.small` makes them; None for unknown."""
    places = {name: place for place, name in enumerate(found.names)}
    return [seen_pictures.small(found.images[places[name]]) if name in places else None for name in names]
