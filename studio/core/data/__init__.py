"""Safe loading of image data sets: a folder, zip, tar or npz by its path, or `tfds:NAME`."""

from studio.core.data.cache import ImageDataset, Part
from studio.core.data.sets import (
    LEAST_SIZE,
    MOST_SIZE,
    cached_dataset,
    command_name,
    count,
    is_local,
    load_dataset,
    open_source,
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
    "is_local",
    "load_dataset",
    "open_source",
    "read_arrays",
    "reference",
    "to_fetch",
]
