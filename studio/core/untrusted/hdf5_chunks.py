"""Reads arrays that an HDF5 file keeps in chunks, packed or not, and never makes more of them than they say.

HDF5's own unpacking continues as long as the packed bytes do: a chunk that is said to be small could fill the
memory.
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

_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3  # filters, by the numbers that HDF5 gives them
_CHECKSUM = 4  # bytes that the last adds
_MOST_CHUNKS = 50_000  # of an array
_LARGEST_CHUNK = 1 << 20  # numbers, of an array that has fewer
_TIMES, _FREE = 20, 64 << 20  # all arrays may be so many times as large as their file, or so many bytes
_OTHERWISE = "an array that is packed in an unusual way"


def most(group: h5py.Group) -> int:
    """How many bytes all arrays of a file may have; what learned packs to no less than a tenth or so."""
    return max(_FREE, _TIMES * group.file.id.get_filesize())


def read(array: h5py.Dataset) -> np.ndarray:
    """All of an array, be it in chunks or not.

    Args:
        array: of numbers; neither virtual nor kept in another file.

    Raises:
        Refused: if it is packed otherwise than by gzip, lacks chunks, or unpacks to something else than it
            says.
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
    found = np.empty(array.shape, array.dtype)
    for corner in product(*corners):
        raw = _unpacked(
            *_stored(array, corner), filters, numbers * array.dtype.itemsize, array.dtype.itemsize
        )
        chunk = np.frombuffer(raw, array.dtype).reshape(array.chunks)
        inside = tuple(
            min(step, size - at) for at, step, size in zip(corner, array.chunks, array.shape, strict=True)
        )
        found[tuple(slice(at, at + n) for at, n in zip(corner, inside, strict=True))] = chunk[
            tuple(slice(n) for n in inside)
        ]
    return found


def _filters(array: h5py.Dataset) -> list[int]:
    plan = array.id.get_create_plist()
    found = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
    if len(set(found)) < len(found) or not set(found) <= {_DEFLATE, _SHUFFLE, _FLETCHER32}:
        raise Refused(_OTHERWISE)
    return found


def _stored(array: h5py.Dataset, corner: tuple[int, ...]) -> tuple[int, bytes]:
    """Which filters were left out, as bits, and the bytes of a chunk as they lie in the file."""
    if array.id.get_chunk_info_by_coord(corner).size > array.file.id.get_filesize():
        raise Refused("an array that is cut")
    return array.id.read_direct_chunk(corner)


def _unpacked(left_out: int, raw: bytes, filters: list[int], size: int, width: int) -> bytes:
    for place in reversed(range(len(filters))):
        if left_out >> place & 1:
            continue
        if filters[place] == _FLETCHER32:
            raw = raw[:-_CHECKSUM]
        elif filters[place] == _DEFLATE:
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
