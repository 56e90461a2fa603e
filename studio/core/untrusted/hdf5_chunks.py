"""Reads arrays that an HDF5 file stores in chunks, compressed or not, without exceeding their declared size.

HDF5's own decompression has no limit: a chunk of a small declared size could fill the memory.
"""

from __future__ import annotations

import math
import zlib
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import h5py

_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3  # HDF5's numbers of filters
_CHECKSUM_BYTES = 4  # of Fletcher32
_MAX_CHUNKS = 50_000  # of an array
_MAX_CHUNK_ELEMENTS = 1 << 20  # elements, allowed even in a smaller array
# All arrays together may have this multiple of the file size, or these bytes.
_MAX_EXPANSION, _MIN_LIMIT_BYTES = 20, 64 << 20
_UNSUPPORTED = "an array that is packed in an unusual way"


def max_array_bytes(group: h5py.Group) -> int:
    """Returns the maximum bytes of all arrays of a file; weights compress to no less than about a tenth."""
    return max(_MIN_LIMIT_BYTES, _MAX_EXPANSION * group.file.id.get_filesize())


def read(array: h5py.Dataset) -> np.ndarray:
    """Reads an array, whether it is stored in chunks or not.

    Args:
        array: of numbers; neither virtual nor stored in another file.

    Raises:
        Refused: if its compression is not gzip, chunks are missing, or it does not have its declared size.
    """
    if not array.chunks:
        return array[()]
    filters = _read_filters(array)
    corner_ranges = [range(0, size, step) for size, step in zip(array.shape, array.chunks, strict=True)]
    chunk_count = math.prod(map(len, corner_ranges))
    chunk_elements = math.prod(array.chunks)
    if chunk_count > _MAX_CHUNKS or chunk_elements > max(array.size, _MAX_CHUNK_ELEMENTS):
        raise Refused(_UNSUPPORTED)
    if array.id.get_num_chunks() != chunk_count:
        raise Refused("an array that is not stored as it is")
    result = np.empty(array.shape, array.dtype)
    for corner in product(*corner_ranges):
        raw = _unpack_chunk(
            *_read_chunk(array, corner), filters, chunk_elements * array.dtype.itemsize, array.dtype.itemsize
        )
        chunk = np.frombuffer(raw, array.dtype).reshape(array.chunks)
        # Chunks at the end of an axis extend beyond the array.
        place = tuple(slice(start, start + step) for start, step in zip(corner, array.chunks, strict=True))
        inside = tuple(slice(size - start) for start, size in zip(corner, array.shape, strict=True))
        result[place] = chunk[inside]
    return result


def _read_filters(array: h5py.Dataset) -> list[int]:
    """Returns the filters of an array, in the order in which they were applied."""
    properties = array.id.get_create_plist()
    filters = [properties.get_filter(n)[0] for n in range(properties.get_nfilters())]
    if len(set(filters)) < len(filters) or not set(filters) <= {_DEFLATE, _SHUFFLE, _FLETCHER32}:
        raise Refused(_UNSUPPORTED)
    return filters


def _read_chunk(array: h5py.Dataset, corner: tuple[int, ...]) -> tuple[int, bytes]:
    """Returns the mask of skipped filters, and the packed bytes of a chunk."""
    if array.id.get_chunk_info_by_coord(corner).size > array.file.id.get_filesize():
        raise Refused("an array that is cut")
    return array.id.read_direct_chunk(corner)


def _unpack_chunk(
    filter_mask: int, raw: bytes, filters: list[int], byte_count: int, item_bytes: int
) -> bytes:
    """Reverses the filters of a chunk, except for those in `filter_mask`."""
    for index in reversed(range(len(filters))):
        if filter_mask >> index & 1:
            continue
        if filters[index] == _FLETCHER32:
            raw = raw[:-_CHECKSUM_BYTES]
        elif filters[index] == _DEFLATE:
            raw = _inflate(raw, byte_count)
        elif len(raw) % item_bytes == 0:
            raw = np.frombuffer(raw, "uint8").reshape(item_bytes, -1).T.tobytes()
    if len(raw) != byte_count:
        raise Refused("an array that unpacks to something else than it says")
    return raw


def _inflate(raw: bytes, byte_count: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        return inflater.decompress(raw, byte_count + _CHECKSUM_BYTES)
    except zlib.error:
        raise Refused("an array that is damaged") from None
