"""Reads arrays out of the checkpoints of packages, without the libraries that wrote them.

For pinned files alone: `archive_members.members` gives no byte whose SHA-256 is not the index's. So a file
is what it was when its reader was written. A pickle still finds no names but those of a short table.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy._core.multiarray import _reconstruct

_NUMPY = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _Notes(dict):
    """A dictionary to which PyTorch attaches notes of its own; they are not needed."""

    def __setstate__(self, state: Any) -> None: ...


class _Tensor(NamedTuple):
    """Where an array lies in a storage, as PyTorch says it; steps and offset count numbers."""

    key: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self, storages: Mapping[str, np.ndarray]) -> np.ndarray:
        """The array, with memory of its own."""
        storage = storages[self.key]
        steps = tuple(step * storage.itemsize for step in self.stride)
        return np.lib.stride_tricks.as_strided(storage[self.offset :], self.size, steps).copy()


_TORCH = {
    ("collections", "OrderedDict"): _Notes,
    ("torch", "FloatStorage"): np.float32,
    ("torch._utils", "_rebuild_tensor_v2"): lambda key, offset, size, stride, *_: _Tensor(
        key, offset, size, stride
    ),
}


class _Part:
    """A part of a network, whatever it is called; a pickle gives it its attributes, in order."""


class _Unpickler(pickle.Unpickler):
    """Finds the names of one table and no others."""

    def __init__(self, stream: io.BytesIO, names: Mapping[tuple[str, str], Any]):
        super().__init__(stream)
        self._names = names
        self.storages: list[str] = []  # the keys of those that it names

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} is none of the names that this file needs")
        return self._names[module, name]

    def persistent_load(self, identity: Any) -> str:
        _tag, _type, key, *_more = identity
        self.storages.append(key)
        return key


class _JitUnpickler(_Unpickler):
    """Also finds a network's own parts."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "__torch__":
            return _Part
        return (
            list
            if (module, name) == ("torch.jit._pickle", "build_intlist")
            else super().find_class(module, name)
        )


def numpy_pickle(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a pickle of nested dictionaries, by their path, e.g. `"VGG16_0/Conv_0/kernel"`."""
    return dict(_flat(_Unpickler(io.BytesIO(data), _NUMPY).load(), ""))


def _flat(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, np.ndarray]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def torch_legacy(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a state dictionary in PyTorch's old format: five pickles, then float32 storages.

    Returns:
        The arrays by their key, e.g. `"0.weight"`, in PyTorch's own layout (convolutions are OIHW).
    """
    stream = io.BytesIO(data)
    for _magic_version_system in range(3):
        _Unpickler(stream, {}).load()
    tensors = _Unpickler(stream, _TORCH).load()
    keys = _Unpickler(stream, {}).load()
    storages = {key: _storage(stream) for key in keys}
    return {name: tensor.array(storages) for name, tensor in tensors.items()}


def _storage(stream: io.BytesIO) -> np.ndarray:
    count = int.from_bytes(stream.read(8), "little")
    return np.frombuffer(stream.read(4 * count), "<f4")


def torch_jit(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a network that PyTorch saved as a program; the program itself is never looked at.

    Returns:
        The arrays by their place in the network, e.g. `"net.layers.conv.weight"`, in the order in which its
        parts were made, in PyTorch's own layout (convolutions are OIHW).
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (root,) = (name.removesuffix("data.pkl") for name in archive.namelist() if name.endswith("/data.pkl"))
        unpickler = _JitUnpickler(io.BytesIO(archive.read(f"{root}data.pkl")), _TORCH)
        network = unpickler.load()
        storages = {
            key: np.frombuffer(archive.read(f"{root}data/{key}"), "<f4") for key in unpickler.storages
        }
    return {path: tensor.array(storages) for path, tensor in _tensors(network, "")}


def _tensors(part: _Part, path: str) -> Iterator[tuple[str, _Tensor]]:
    """All tensors below a part, in order; other attributes are flags and sizes, and left out."""
    for key, value in vars(part).items():
        if isinstance(value, _Tensor):
            yield f"{path}{key}", value
        elif isinstance(value, _Part):
            yield from _tensors(value, f"{path}{key}.")
