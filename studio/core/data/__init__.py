"""Data sets of images: a folder, zip, tar or npz by its path, or `tfds:NAME` -> arrays, read safely."""

from studio.core.data.cache import ImageDataset, Part
from studio.core.data.sets import (
    LEAST_SIZE,
    MOST_SIZE,
    cached_dataset,
    command_name,
    count,
    lies_here,
    load_dataset,
    opened,
    read_arrays,
    reference,
    to_fetch,
)

__all__ = [
    "LEAST_SIZE",
    "MOST_SIZE",
    "ImageDataset",
    "Part",
    "cached_dataset",
    "command_name",
    "count",
    "lies_here",
    "load_dataset",
    "opened",
    "read_arrays",
    "reference",
    "to_fetch",
]
