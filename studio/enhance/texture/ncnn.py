"""Reads the weights of ncnn networks: a text with the layers, and a binary file with their arrays.

Only for pinned files: `archive_members.read_members` returns only bytes with the SHA-256 of the index. Even
so, sizes are checked before anything is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from studio.core.errors import InvalidInput, invalid

_MAGIC = "7767517"
_FLOAT16_TAG, _FLOAT32_TAG = 0x01306B47, 0  # before the weights of a convolution
_OUTPUTS, _KERNEL, _HAS_BIAS, _WEIGHT_COUNT = "0", "1", "5", "6"  # parameters of a convolution
_SLOPES = "0"  # parameter of a PReLU
_PLAIN_LAYERS = {"Input", "Split", "Concat", "Eltwise", "Interp", "BinaryOp", "PixelShuffle"}  # no arrays
_MAX_SIDE, _MAX_CHANNELS = 15, 4096


class Convolution(NamedTuple):
    """The arrays of a convolution: `(k, k, inputs, outputs)` and `(outputs,)`, both `float32`."""

    kernel: np.ndarray
    bias: np.ndarray


class PReLU(NamedTuple):
    """The slopes of a PReLU, `(channels,) float32`."""

    slopes: np.ndarray


def read(param: bytes, data: bytes) -> list[Convolution | PReLU]:
    """Reads the arrays of a network, in the order of its layers.

    Args:
        param: text of the `.param` file.
        data: bytes of the `.bin` file.

    Raises:
        InvalidInput: if the files are cut, do not belong together, or have other layers than convolutions
            and PReLUs with arrays.
    """
    reader = _Reader(data)
    layers = [
        _read_convolution(reader, values) if kind == "Convolution" else _read_prelu(reader, values)
        for kind, values in _parse_layers(param)
        if kind not in _PLAIN_LAYERS
    ]
    if reader.rest:
        raise _damaged_error(f"{reader.rest:,} bytes too many")
    return layers


def _parse_layers(param: bytes) -> Iterator[tuple[str, dict[str, int]]]:
    """Yields the kind and the whole-number parameters of each layer."""
    try:
        magic, counts, *lines = param.decode("ascii").splitlines()
        layer_count = int(counts.split()[0])
    except (ValueError, IndexError):
        raise _damaged_error("another file") from None
    if magic.strip() != _MAGIC:
        raise _damaged_error("another file")
    if len(lines) != layer_count:
        raise _damaged_error(f"{len(lines)} of {layer_count} layers")
    for line in lines:
        kind, *words = line.split() or [""]
        if kind not in {"Convolution", "PReLU", *_PLAIN_LAYERS}:
            raise _damaged_error("an unknown layer")
        pairs = (word.partition("=") for word in words)
        yield kind, {key: int(value) for key, _, value in pairs if key.isdigit() and value.isdigit()}


def _read_convolution(reader: _Reader, values: dict[str, int]) -> Convolution:
    outputs, side = values.get(_OUTPUTS, 0), values.get(_KERNEL, 0)
    count = values.get(_WEIGHT_COUNT, 0)
    if not (0 < outputs <= _MAX_CHANNELS and 0 < side <= _MAX_SIDE and values.get(_HAS_BIAS) == 1):
        raise _damaged_error("an unusual convolution")
    inputs, remainder = divmod(count, outputs * side * side)
    if remainder or not 0 < inputs <= _MAX_CHANNELS:
        raise _damaged_error("an unusual convolution")
    (tag,) = struct.unpack("<I", reader.read(4))
    if tag not in (_FLOAT16_TAG, _FLOAT32_TAG):
        raise _damaged_error("unknown numbers")
    dtype = "<f2" if tag == _FLOAT16_TAG else "<f4"
    stored = reader.read_array(dtype, count).reshape(outputs, inputs, side, side)
    reader.align()
    bias = reader.read_array("<f4", outputs)
    kernel = np.ascontiguousarray(stored.transpose(2, 3, 1, 0), "float32")
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise _damaged_error("infinite numbers")
    return Convolution(kernel, bias)


def _read_prelu(reader: _Reader, values: dict[str, int]) -> PReLU:
    count = values.get(_SLOPES, 0)
    if not 0 < count <= _MAX_CHANNELS:
        raise _damaged_error("an unusual PReLU")
    return PReLU(reader.read_array("<f4", count))


class _Reader:
    """Reads bytes in order."""

    def __init__(self, data: bytes):
        self._data, self._position = data, 0

    @property
    def rest(self) -> int:
        """Number of bytes that are left."""
        return len(self._data) - self._position

    def read(self, count: int) -> bytes:
        """Returns the next bytes. Raises `InvalidInput` if there are fewer."""
        if count > self.rest:
            raise _damaged_error("a cut file")
        self._position += count
        return self._data[self._position - count : self._position]

    def read_array(self, dtype: str, count: int) -> np.ndarray:
        """Returns the next `count` numbers as `float32` or `float16`."""
        return np.frombuffer(self.read(count * np.dtype(dtype).itemsize), dtype)

    def align(self) -> None:
        """Skips to a multiple of four bytes, because ncnn aligns arrays of float16."""
        self.read(-self._position % 4)


def _damaged_error(received: str) -> InvalidInput:
    return invalid(
        "ncnn weights",
        expected="the network's .param and .bin",
        received=received,
        next_step="fetch it again",
    )
