"""Safe loading of image data sets: a folder, zip, tar or npz by its path, or `tfds:NAME`."""

from studio.core.data.cache import ImageDataset, Part
from studio.core.data.sets import (
    LEAST_SIZE,
    MOST_SIZE,
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
    "LEAST_SIZE",
    "MOST_SIZE",
    "ImageDataset",
    "Part",
    "find_cached_dataset",
    "command_name",
    "count_files",
    "is_local",
    "load_dataset",
    "open_source",
    "read_arrays",
    "store_reference",
    "count_download_bytes",
]
