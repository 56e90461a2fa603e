"""Safe loading of image data sets: a folder, zip, tar or npz by its path, or `tfds:NAME`."""

from studio.core.data.cache import ImageDataset, ImageSubset
from studio.core.data.sets import (
    MAX_SIZE,
    MIN_SIZE,
    command_name,
    count_download_bytes,
    count_files,
    find_cached_dataset,
    is_local,
    load_dataset,
    open_source,
    read_arrays,
    store_reference,
)

__all__ = [
    "MAX_SIZE",
    "MIN_SIZE",
    "ImageDataset",
    "ImageSubset",
    "command_name",
    "count_download_bytes",
    "count_files",
    "find_cached_dataset",
    "is_local",
    "load_dataset",
    "open_source",
    "read_arrays",
    "store_reference",
]
