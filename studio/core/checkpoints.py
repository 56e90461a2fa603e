"""Reads arrays out of foreign checkpoints without executing anything: see `pickles` for how."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from studio.core import pickles
from studio.core.pickles import Names
from studio.core.refusals import Refused, safely, shape

_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PROTOCOL = 1001
_MOST_DEPTH = 32  # of parts in each other


def numpy_pickle(data: bytes, name: str = "checkpoint") -> dict[str, np.ndarray]:
    """Reads a pickle of nested dictionaries of little-endian float32 arrays.

    Args:
        data: the whole file.
        name: what to call it in errors.

    Returns:
        The arrays by their path, e.g. `"VGG16_0/Conv_0/kernel"`.

    Raises:
        InvalidInput: if it is damaged or asks for anything but such arrays.
    """
    return safely(lambda: _flat(pickles.read(io.BytesIO(data), _numpy_names()), ""), name)


def _numpy_names() -> Names:
    """The stand-ins for NumPy's names; made anew for each file, so that none can leave a mark on them."""

    class NdArray:
        """A name that is only ever passed to `_reconstruct`."""

    class DType:
        def __init__(self, code: str, align: bool = False, copy: bool = True):
            if code != "f4":
                raise Refused(f"it holds numbers of type {code!r:.20}, not f4")

        def __setstate__(self, state: tuple) -> None:
            if state[1] != "<":
                raise Refused("its numbers are not little-endian")

    class Array:
        def __setstate__(self, state: tuple) -> None:
            _version, dims, dtype, fortran, raw = state
            if not isinstance(dtype, DType) or fortran or not isinstance(raw, bytes):
                raise Refused("it holds something else than plain float32 arrays")
            self.value = np.frombuffer(raw, "<f4").reshape(shape(dims))

    def reconstruct(kind: type, _shape: tuple, _code: bytes) -> Array:
        if kind is not NdArray:
            raise Refused("it holds something else than arrays")
        return Array()

    return {
        ("numpy.core.multiarray", "_reconstruct"): reconstruct,
        ("numpy", "ndarray"): NdArray,
        ("numpy", "dtype"): DType,
    }


def _flat(tree: Any, path: str, depth: int = 0) -> dict[str, np.ndarray]:
    if isinstance(tree, dict) and depth < 8:
        arrays: dict[str, np.ndarray] = {}
        for key, value in tree.items():
            if not isinstance(key, str):
                raise Refused("a name in it is not text")
            arrays |= _flat(value, f"{path}/{key}" if path else key, depth + 1)
        return arrays
    if not isinstance(getattr(tree, "value", None), np.ndarray):
        raise Refused("it holds something else than arrays")
    return {path: tree.value}


def torch_legacy(data: bytes, name: str = "checkpoint") -> dict[str, np.ndarray]:
    """Reads a state dictionary in PyTorch's old format: five pickles, then the raw float32 storages.

    Args:
        data: the whole file.
        name: what to call it in errors.

    Returns:
        The arrays by their key, e.g. `"0.weight"`, in PyTorch's own layout (convolutions are OIHW).

    Raises:
        InvalidInput: if it is damaged or asks for anything but such arrays.
    """
    return safely(lambda: _torch_legacy(io.BytesIO(data)), name)


def _torch_legacy(stream: io.BytesIO) -> dict[str, np.ndarray]:
    if pickles.read(stream, {}) != _TORCH_MAGIC or pickles.read(stream, {}) != _TORCH_PROTOCOL:
        raise Refused("it is not in PyTorch's old format")
    system = pickles.read(stream, {})
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refused("its numbers are not little-endian")
    counts: dict[str, int] = {}
    names, storage = _torch_names(counts)
    tensors = pickles.read(stream, names, storage)
    if not isinstance(tensors, dict):
        raise Refused("it is not a dictionary of arrays")
    order = pickles.read(stream, {})
    storages = {key: _storage(stream, counts[key]) for key in order}
    if stream.read(1):
        raise Refused("something follows its last array")
    return {key: tensor.array(storages) for key, tensor in tensors.items()}


def torch_jit(data: bytes, name: str = "checkpoint") -> dict[str, np.ndarray]:
    """Reads the arrays of a network that PyTorch saved as a program; the program itself is never looked at.

    Args:
        data: the whole file, a zip archive.
        name: what to call it in errors.

    Returns:
        The arrays by their place in the network, e.g. `"net.layers.conv.weight"`, in the order in which its
        parts were made, in PyTorch's own layout (convolutions are OIHW).

    Raises:
        InvalidInput: if it is damaged or asks for anything but float32 arrays and parts that hold them.
    """
    return safely(lambda: _torch_jit(data), name)


def _torch_jit(data: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        roots = [n.removesuffix("data.pkl") for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(roots) != 1:
            raise Refused("it is not one network saved by PyTorch")
        counts: dict[str, int] = {}
        names, storage = _torch_names(counts)
        stream = io.BytesIO(archive.read(f"{roots[0]}data.pkl"))
        tree = pickles.read(stream, _JitNames(names), storage)
        if stream.read(1):
            raise Refused("something follows its last part")
        storages = {key: _member(archive, f"{roots[0]}data/{key}", count) for key, count in counts.items()}
    return {path: tensor.array(storages) for path, tensor in _tensors(tree, "")}


class _JitNames(dict):
    """A table of names, and the network's own parts: whatever they are called, they only hold things."""

    def __init__(self, names: Names):
        super().__init__(names)
        self["torch.jit._pickle", "build_intlist"] = list

    def __missing__(self, key: tuple[str, str]) -> type:
        if key[0].partition(".")[0] != "__torch__":
            raise KeyError(key)
        return _Part


class _Part:
    """A part of a network: its attributes in order."""

    def __setstate__(self, state: dict) -> None:
        if type(state) is not dict or not all(type(key) is str for key in state):
            raise Refused("a part in it is not a row of named things")
        self.attributes = state


def _tensors(part: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """All tensors below a part, in order; other attributes are flags and sizes, and left out."""
    if depth > _MOST_DEPTH:
        raise Refused("its parts lie too deep in each other")
    for key, value in getattr(part, "attributes", {}).items():
        if hasattr(value, "array"):
            yield f"{path}{key}", value
        elif isinstance(value, _Part):
            yield from _tensors(value, f"{path}{key}.", depth + 1)


def _member(archive: zipfile.ZipFile, path: str, count: int) -> np.ndarray:
    if count < 0 or archive.getinfo(path).file_size != 4 * count:
        raise Refused("a storage is not as long as it was said to be")
    return np.frombuffer(archive.read(path), "<f4")


def _torch_names(counts: dict[str, int]) -> tuple[Names, Callable]:
    class OrderedDict(dict):
        def __setstate__(self, state: Any) -> None:
            """PyTorch attaches notes of its own here; they are not needed."""

    class FloatStorage:
        """A name that is only ever part of a storage's identity."""

    class Tensor:
        def __init__(self, key: str, offset: int, size: tuple, stride: tuple):
            self.key, self.offset, self.size, self.stride = key, offset, shape(size), shape(stride)

        def array(self, storages: dict[str, np.ndarray]) -> np.ndarray:
            return _view(storages[self.key], self.offset, self.size, self.stride)

    def storage(identity: Any) -> str:
        tag, kind, key, _device, count, *view = identity
        if tag != "storage" or kind is not FloatStorage or any(v is not None for v in view):
            raise Refused("it holds something else than float32 storages")
        if type(key) is not str or type(count) is not int or counts.setdefault(key, count) != count:
            raise Refused("it describes a storage in two ways")
        return key

    def rebuild(key: str, offset: int, size: tuple, stride: tuple, *_notes: Any) -> Tensor:
        return Tensor(key, offset, size, stride)

    names = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): FloatStorage,
        ("torch._utils", "_rebuild_tensor_v2"): rebuild,
    }
    return names, storage


def _storage(stream: io.BytesIO, declared: int) -> np.ndarray:
    count = int.from_bytes(stream.read(8), "little", signed=True)
    if count != declared or count < 0:
        raise Refused("a storage is not as long as it was said to be")
    raw = stream.read(4 * count)
    if len(raw) != 4 * count:
        raise Refused("it ends too early")
    return np.frombuffer(raw, "<f4")


def _view(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> np.ndarray:
    if type(offset) is not int or offset < 0 or len(size) != len(stride):
        raise Refused("an array in it has no place")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    count = math.prod(size)
    if count > storage.size or (count and last >= storage.size):
        raise Refused("an array in it reaches beyond its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()
