"""Loads the weights of a preset, after checking that the file holds only plain, finite numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.models.presets import Preset
from studio.core.untrusted import hdf5_chunks
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import h5py
    import keras

_MAX_DEPTH = 32  # nested groups


def load_weights(model: keras.Model, preset: Preset) -> None:
    """Loads the weights of a preset into a built model of the same shape; float16 becomes float32.

    Raises:
        InvalidInput: if the file is damaged, holds anything but finite numbers, or fits another model.
    """
    path = preset.check_weights()
    value_count = sum(int(np.prod(variable.shape)) for variable in model.variables)
    try:
        check(path, max_values=2 * value_count + 1024)
        model.load_weights(path)
    except Refused as error:
        raise damaged_weights_error(path.name, str(error)) from None
    except (ValueError, OSError, KeyError) as error:
        raise damaged_weights_error(path.name, str(error).splitlines()[0]) from None


def has_part(preset: Preset, part: str) -> bool:
    """Returns whether the weights of a preset include a part; False for a damaged file."""
    import h5py

    try:
        with h5py.File(preset.check_weights(), "r") as file:
            return part in file
    except (OSError, RuntimeError):
        return False


def variable_path(layer: str, n: int, part: int) -> str:
    """Returns the path of a variable of the n-th layer of a kind: dense, 1, 0 -> "layers/dense_1/vars/0"."""
    return f"layers/{layer}{f'_{n}' if n else ''}/vars/{part}"


def normalization_layout(n: int, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yields the paths and shapes of gamma, beta, mean and variance of the n-th batch normalization."""
    return ((variable_path("batch_normalization", n, part), (channels,)) for part in range(4))


def read_arrays(
    path: Path, layout: Iterable[tuple[str, tuple[int, ...]]], network: str = ""
) -> list[np.ndarray]:
    """Reads arrays of a weights file as `float32`, without importing Keras.

    Reads only plain arrays of the expected shapes: no links, no external files, no compression.

    Args:
        path: path of the weights file.
        layout: path of each variable in the file, and its shape.
        network: name of the network, if the file holds a model of several.

    Raises:
        InvalidInput: if an array is missing, has another shape, or is not finite.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [_read_array(file, f"{network}/{name}".strip("/"), shape) for name, shape in layout]
    except OSError:
        raise damaged_weights_error(path.name, "not an HDF5 file, or an incomplete one") from None


def _read_array(file: h5py.File, name: str, shape: tuple[int, ...]) -> np.ndarray:
    import h5py

    node = file
    for part in name.split("/"):
        if not isinstance(node.get(part, getlink=True), h5py.HardLink):
            raise damaged_weights_error(name, "none")
        node = node[part]
    # A data set may claim a huge size and store nothing, or refer to another file.
    is_plain = isinstance(node, h5py.Dataset) and not node.is_virtual and not node.external
    if not is_plain or node.shape != shape or node.dtype not in ("float32", "float16"):
        raise damaged_weights_error(name, f"shape {getattr(node, 'shape', None)}")
    if node.chunks or node.id.get_storage_size() != node.nbytes:
        raise damaged_weights_error(name, "an array that is not stored as it is")
    array = node[()].astype("float32")
    if not np.isfinite(array).all():
        raise damaged_weights_error(name, "NaN or infinite values")
    return array


def check(path: Path, max_values: int, chunked: bool = False) -> None:
    """Checks that a weights file holds only plain, finite numbers, and at most so many.

    Args:
        path: path of the file.
        max_values: largest number of values.
        chunked: whether arrays may be stored in chunks, compressed by gzip.

    Raises:
        Refused: if the file holds anything else.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            check_group(file, max_values, chunked)
    except (OSError, RuntimeError, KeyError):  # h5py raises these on truncated or altered files
        raise Refused("not an HDF5 file, or a damaged one") from None


def check_group(group: h5py.Group, max_values: int, chunked: bool = False) -> None:
    """Checks a group of a weights file; see `check`."""
    count = size = 0
    for array in _iterate_arrays(group, set(), chunked):
        count, size = count + array.size, size + array.nbytes
        if size > hdf5_chunks.max_array_bytes(group):
            raise Refused("arrays that unpack to far more than the file has")
        if count > max_values:
            raise Refused("more values than such a model has")
        if array.dtype.kind == "f" and not np.isfinite(hdf5_chunks.read(array)).all():
            raise Refused(f"NaN or infinite values in {make_printable(array.name, 80)}")


def _iterate_arrays(
    group: h5py.Group, visited_addresses: set[int], chunked: bool, depth: int = 0
) -> Iterator[h5py.Dataset]:
    """Yields every array below a group. Refuses links and arrays that claim more data than they store.

    Args:
        group: group to read.
        visited_addresses: addresses of the groups read so far: a group with several names could recur without
            end.
        chunked: whether arrays may be stored in chunks.
        depth: depth of the group below the first one.
    """
    import h5py

    address = h5py.h5o.get_info(group.id).addr
    if address in visited_addresses:
        raise Refused("a link to another place")
    visited_addresses.add(address)
    for name in group:
        if depth > _MAX_DEPTH or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Refused("a link to another place")
        entry = group[name]
        if isinstance(entry, h5py.Group):
            yield from _iterate_arrays(entry, visited_addresses, chunked, depth + 1)
            continue
        is_plain = not (entry.is_virtual or entry.external) and entry.dtype.kind in "fiu"
        is_stored_in_full = chunked if entry.chunks else entry.id.get_storage_size() == entry.nbytes
        if not is_plain or not is_stored_in_full:
            raise Refused("an array that is not stored as it is")
        yield entry


def damaged_weights_error(name: str, reason: str) -> InvalidInput:
    """Returns the error for a weights file that the studio did not save, or that is damaged."""
    return invalid(
        f"weights {name}",
        expected="the weights file that training saved",
        received=reason,
        next_step="copy or train the model again",
    )
