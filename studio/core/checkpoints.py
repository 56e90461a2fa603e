"""Reads arrays out of foreign checkpoints without executing anything: an allow-list of names, all stand-ins.

Pickle runs whatever a file names. Here a name is looked up in a table of harmless stand-ins of our own and
nowhere else, so that a file can only ever say "an array of this shape, with these bytes".
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.core.errors import InvalidInput, invalid

Names = Mapping[tuple[str, str], Any]

_MOST_MEMO = 1_000_000  # a higher index makes the unpickler reserve gigabytes
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PROTOCOL = 1001


class _Refused(Exception):
    """What a parser says inside; a person gets `InvalidInput`."""


class _Restricted(pickle.Unpickler):
    """Finds the names of one table and no others."""

    def __init__(self, stream: io.BytesIO, names: Names, storage: Callable | None = None):
        super().__init__(stream)
        self._names = names
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._names[module, name]
        except KeyError:
            raise _Refused(f"it asks for {module}.{name}, which no array needs") from None

    def persistent_load(self, identity: Any) -> Any:
        if self._storage is None:
            raise _Refused("it refers to data outside itself")
        return self._storage(identity)


def _unpickle(stream: io.BytesIO, names: Names, storage: Callable | None = None) -> Any:
    """The next pickle of `stream`; its operations are looked through before any is run."""
    start = stream.tell()
    for operation, argument, _ in pickletools.genops(stream):
        if "PUT" in operation.name and int(argument) > _MOST_MEMO:
            raise _Refused("it asks for an absurd amount of memory")
    stream.seek(start)
    return _Restricted(stream, names, storage).load()


def _safely(parse: Callable[[], dict], name: str) -> dict:
    try:
        return parse()
    except InvalidInput:
        raise
    except Exception as error:  # damaged pickles raise nearly anything
        reason = str(error) if isinstance(error, _Refused) else f"a damaged file ({type(error).__name__})"
        raise invalid(
            name, expected="a checkpoint of plain arrays", received=reason, next_step="fetch it again"
        ) from None


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
    return _safely(lambda: _flat(_unpickle(io.BytesIO(data), _numpy_names()), ""), name)


def _numpy_names() -> Names:
    """The stand-ins for NumPy's names; made anew for each file, so that none can leave a mark on them."""

    class NdArray:
        """A name that is only ever passed to `_reconstruct`."""

    class DType:
        def __init__(self, code: str, align: bool = False, copy: bool = True):
            if code != "f4":
                raise _Refused(f"it holds numbers of type {code!r:.20}, not f4")

        def __setstate__(self, state: tuple) -> None:
            if state[1] != "<":
                raise _Refused("its numbers are not little-endian")

    class Array:
        def __setstate__(self, state: tuple) -> None:
            _version, shape, dtype, fortran, raw = state
            if not isinstance(dtype, DType) or fortran or not isinstance(raw, bytes):
                raise _Refused("it holds something else than plain float32 arrays")
            self.value = np.frombuffer(raw, "<f4").reshape(_shape(shape))

    def reconstruct(kind: type, shape: tuple, code: bytes) -> Array:
        if kind is not NdArray:
            raise _Refused("it holds something else than arrays")
        return Array()

    return {
        ("numpy.core.multiarray", "_reconstruct"): reconstruct,
        ("numpy", "ndarray"): NdArray,
        ("numpy", "dtype"): DType,
    }


def _flat(tree: Any, path: str, depth: int = 0) -> dict[str, np.ndarray]:
    if isinstance(tree, dict) and depth < 8:
        arrays = {}
        for key, value in tree.items():
            if not isinstance(key, str):
                raise _Refused("a name in it is not text")
            arrays |= _flat(value, f"{path}/{key}" if path else key, depth + 1)
        return arrays
    if not isinstance(getattr(tree, "value", None), np.ndarray):
        raise _Refused("it holds something else than arrays")
    return {path: tree.value}


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise _Refused("a shape in it is not a row of sizes")
    return shape


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
    return _safely(lambda: _torch_legacy(io.BytesIO(data)), name)


def _torch_legacy(stream: io.BytesIO) -> dict[str, np.ndarray]:
    if _unpickle(stream, {}) != _TORCH_MAGIC or _unpickle(stream, {}) != _TORCH_PROTOCOL:
        raise _Refused("it is not in PyTorch's old format")
    system = _unpickle(stream, {})
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _Refused("its numbers are not little-endian")
    counts: dict[str, int] = {}
    names, storage = _torch_names(counts)
    tensors = _unpickle(stream, names, storage)
    if not isinstance(tensors, dict):
        raise _Refused("it is not a dictionary of arrays")
    order = _unpickle(stream, {})
    storages = {key: _storage(stream, counts[key]) for key in order}
    if stream.read(1):
        raise _Refused("something follows its last array")
    return {key: tensor.array(storages) for key, tensor in tensors.items()}


def _torch_names(counts: dict[str, int]) -> tuple[Names, Callable]:
    class OrderedDict(dict):
        def __setstate__(self, state: Any) -> None:
            """PyTorch attaches notes of its own here; they are not needed."""

    class FloatStorage:
        """A name that is only ever part of a storage's identity."""

    class Tensor:
        def __init__(self, key: str, offset: int, size: tuple, stride: tuple):
            self.key, self.offset, self.size, self.stride = key, offset, _shape(size), _shape(stride)

        def array(self, storages: dict[str, np.ndarray]) -> np.ndarray:
            return _view(storages[self.key], self.offset, self.size, self.stride)

    def storage(identity: Any) -> str:
        tag, kind, key, _device, count, *view = identity
        if tag != "storage" or kind is not FloatStorage or any(v is not None for v in view):
            raise _Refused("it holds something else than float32 storages")
        if type(key) is not str or type(count) is not int or counts.setdefault(key, count) != count:
            raise _Refused("it describes a storage in two ways")
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
        raise _Refused("a storage is not as long as it was said to be")
    raw = stream.read(4 * count)
    if len(raw) != 4 * count:
        raise _Refused("it ends too early")
    return np.frombuffer(raw, "<f4")


def _view(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> np.ndarray:
    if type(offset) is not int or offset < 0 or len(size) != len(stride):
        raise _Refused("an array in it has no place")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) > storage.size or (math.prod(size) and last >= storage.size):
        raise _Refused("an array in it reaches beyond its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()
