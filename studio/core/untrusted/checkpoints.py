"""Reads arrays from the checkpoints of packages, without the libraries that wrote them.

Only for pinned files: `archive_members.read_members` returns only bytes with the SHA-256 of the index. Even
so, pickles can only use the names in a short table.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy._core.multiarray import _reconstruct

_NUMPY_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _StateDict(dict):
    """An `OrderedDict` of a pickle. Ignores the attributes that PyTorch adds to it."""

    def __setstate__(self, state: Any) -> None: ...


class _Tensor(NamedTuple):
    """The position of an array in a PyTorch storage; offset and strides count elements."""

    key: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def copy_array(self, storages: Mapping[str, np.ndarray]) -> np.ndarray:
        """Returns a copy of the array."""
        storage = storages[self.key]
        steps = tuple(step * storage.itemsize for step in self.stride)
        return np.lib.stride_tricks.as_strided(storage[self.offset :], self.size, steps).copy()


_TORCH_NAMES = {
    ("collections", "OrderedDict"): _StateDict,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
    ("torch._utils", "_rebuild_tensor_v2"): lambda key, offset, size, stride, *_: _Tensor(
        key, offset, size, stride
    ),
}


class _TorchModule:
    """A module of a TorchScript network, of any class. The pickle sets its attributes, in order."""


class _Unpickler(pickle.Unpickler):
    """An unpickler that only resolves the names in a table."""

    def __init__(self, stream: io.BytesIO, names: Mapping[tuple[str, str], Any]):
        super().__init__(stream)
        self._names = names
        self.storages: dict[str, str] = {}  # the type of each storage in the pickle, by key

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} is none of the names that this file needs")
        return self._names[module, name]

    def persistent_load(self, identity: Any) -> str:
        _tag, kind, key, *_more = identity
        self.storages[key] = kind
        return key


class _JitUnpickler(_Unpickler):
    """An unpickler that also resolves the modules of a TorchScript network."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "__torch__":
            return _TorchModule
        if (module, name) == ("torch.jit._pickle", "build_intlist"):
            return list
        return super().find_class(module, name)


def read_numpy_pickle(data: bytes) -> dict[str, np.ndarray]:
    """Reads the arrays in a pickle of nested dictionaries, by path, e.g. `"VGG16_0/Conv_0/kernel"`."""
    return dict(_flatten(_Unpickler(io.BytesIO(data), _NUMPY_NAMES).load(), ""))


def _flatten(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the leaves of nested dictionaries with their paths."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def read_torch_legacy(data: bytes) -> dict[str, np.ndarray]:
    """Reads the arrays of a state dictionary in PyTorch's old format: five pickles, then the storages.

    Returns:
        The arrays by key, e.g. `"0.weight"`, in PyTorch's layout (convolutions are OIHW).
    """
    stream = io.BytesIO(data)
    for _magic_version_system in range(3):
        _Unpickler(stream, {}).load()
    unpickler = _Unpickler(stream, _TORCH_NAMES)
    tensors = unpickler.load()
    keys = _Unpickler(stream, {}).load()
    storages = {key: _read_storage(stream, np.dtype(unpickler.storages[key])) for key in keys}
    return {name: tensor.copy_array(storages) for name, tensor in tensors.items()}


def _read_storage(stream: io.BytesIO, kind: np.dtype) -> np.ndarray:
    """Reads a storage of one type: the number of elements in 8 bytes, then the elements."""
    count = int.from_bytes(stream.read(8), "little")
    return np.frombuffer(stream.read(kind.itemsize * count), kind)


def read_torch_jit(data: bytes) -> dict[str, np.ndarray]:
    """Reads the arrays of a TorchScript network. Its code is never read.

    Returns:
        The arrays by path, e.g. `"net.layers.conv.weight"`, in the order in which its parts were created, in
        PyTorch's layout (convolutions are OIHW).
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (prefix,) = (
            name.removesuffix("data.pkl") for name in archive.namelist() if name.endswith("/data.pkl")
        )
        unpickler = _JitUnpickler(io.BytesIO(archive.read(f"{prefix}data.pkl")), _TORCH_NAMES)
        network = unpickler.load()
        storages = {
            key: np.frombuffer(archive.read(f"{prefix}data/{key}"), kind)
            for key, kind in unpickler.storages.items()
        }
    return {path: tensor.copy_array(storages) for path, tensor in _find_tensors(network, "")}


def _find_tensors(module: _TorchModule, path: str) -> Iterator[tuple[str, _Tensor]]:
    """Yields all tensors of a module and the modules in it, in order, without flags and sizes."""
    for key, value in vars(module).items():
        if isinstance(value, _Tensor):
            yield f"{path}{key}", value
        elif isinstance(value, _TorchModule):
            yield from _find_tensors(value, f"{path}{key}.")
