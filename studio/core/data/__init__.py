"""Data sets of images: a folder, zip, tar or npz by its path, or `tfds:NAME` -> arrays, read safely."""

from studio.core.data.cache import Part, Pictures
from studio.core.data.sets import (
    LEAST_SIZE,
    MOST_SIZE,
    cached_pictures,
    command_name,
    count,
    lies_here,
    opened,
    pictures,
    read_arrays,
    reference,
    to_fetch,
)

__all__ = [
    "LEAST_SIZE",
    "MOST_SIZE",
    "Part",
    "Pictures",
    "cached_pictures",
    "command_name",
    "count",
    "lies_here",
    "opened",
    "pictures",
    "read_arrays",
    "reference",
    "to_fetch",
]
