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
_CHECKSUM = 4  # bytes that Fletcher32 adds
_MOST_CHUNKS = 50_000  # of an array
_LARGEST_CHUNK = 1 << 20  # elements, allowed even in a smaller array
_TIMES, _FREE = 20, 64 << 20  # limit of all arrays: a multiple of the file size, or bytes
_OTHERWISE = "an array that is packed in an unusual way"


def most(group: h5py.Group) -> int:
    """Returns the maximum bytes of all arrays of a file; weights compress to no less than about a tenth."""
    return max(_FREE, _TIMES * group.file.id.get_filesize())


def read(array: h5py.Dataset) -> np.ndarray:
    """Reads an array, in chunks or not.

    Args:
        array: of numbers; neither virtual nor stored in another file.

    Raises:
        Refused: if its compression is not gzip, chunks are missing, or it does not have its declared size.
    """
    if not array.chunks:
        return array[()]
    filters = _filters(array)
    corners = [range(0, size, step) for size, step in zip(array.shape, array.chunks, strict=True)]
    count = math.prod(map(len, corners))
    numbers = math.prod(array.chunks)
    if count > _MOST_CHUNKS or numbers > max(array.size, _LARGEST_CHUNK):
        raise Refused(_OTHERWISE)
    if array.id.get_num_chunks() != count:
        raise Refused("an array that is not stored as it is")
    result = np.empty(array.shape, array.dtype)
    for corner in product(*corners):
        raw = _unpacked(
            *_stored(array, corner), filters, numbers * array.dtype.itemsize, array.dtype.itemsize
        )
        chunk = np.frombuffer(raw, array.dtype).reshape(array.chunks)
        inside = tuple(
            min(step, size - at) for at, step, size in zip(corner, array.chunks, array.shape, strict=True)
        )
        result[tuple(slice(at, at + n) for at, n in zip(corner, inside, strict=True))] = chunk[
            tuple(slice(n) for n in inside)
        ]
    return result


def _filters(array: h5py.Dataset) -> list[int]:
    plan = array.id.get_create_plist()
    filters = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
    if len(set(filters)) < len(filters) or not set(filters) <= {_DEFLATE, _SHUFFLE, _FLETCHER32}:
        raise Refused(_OTHERWISE)
    return filters


def _stored(array: h5py.Dataset, corner: tuple[int, ...]) -> tuple[int, bytes]:
    """Returns the mask of skipped filters, and the raw bytes of a chunk."""
    if array.id.get_chunk_info_by_coord(corner).size > array.file.id.get_filesize():
        raise Refused("an array that is cut")
    return array.id.read_direct_chunk(corner)


def _unpacked(left_out: int, raw: bytes, filters: list[int], size: int, width: int) -> bytes:
    for index in reversed(range(len(filters))):
        if left_out >> index & 1:
            continue
        if filters[index] == _FLETCHER32:
            raw = raw[:-_CHECKSUM]
        elif filters[index] == _DEFLATE:
            raw = _inflated(raw, size)
        elif len(raw) % width == 0:
            raw = np.frombuffer(raw, "uint8").reshape(width, -1).T.tobytes()
    if len(raw) != size:
        raise Refused("an array that unpacks to something else than it says")
    return raw


def _inflated(raw: bytes, size: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        return unpacking.decompress(raw, size + _CHECKSUM)
    except zlib.error:
        raise Refused("an array that is damaged") from None
