"""Fills a model with the weights of a preset, once the file is known to hold plain numbers alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import InvalidInput, invalid, printable
from studio.core.models.presets import Preset
from studio.core.untrusted import hdf5_chunks
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import h5py
    import keras

_DEEPEST = 32  # groups in groups


def fill(model: keras.Model, preset: Preset) -> None:
    """Loads the weights of a preset into a built model of the same shape; float16 becomes float32.

    Raises:
        InvalidInput: if the file is damaged, holds other things than finite numbers, or is of another model.
    """
    path = preset.weights()
    numbers = sum(int(np.prod(variable.shape)) for variable in model.variables)
    try:
        check(path, most=2 * numbers + 1024)
        model.load_weights(path)
    except Refused as error:
        raise not_whole(path.name, str(error)) from None
    except (ValueError, OSError, KeyError) as error:
        raise not_whole(path.name, str(error).splitlines()[0]) from None


def holds(preset: Preset, part: str) -> bool:
    """Whether the weights of a preset are of a model with this part; of a damaged file `fill` says so."""
    import h5py

    try:
        with h5py.File(preset.weights(), "r") as file:
            return part in file
    except (OSError, RuntimeError):
        return False


def place(layer: str, n: int, part: int) -> str:
    """Where Keras puts an array of the n-th layer of a kind: `dense`, 1, 0 -> `layers/dense_1/vars/0`."""
    return f"layers/{layer}{f'_{n}' if n else ''}/vars/{part}"


def normalization(n: int, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts gain, shift, mean and variance of the n-th batch normalization, and their shape."""
    return ((place("batch_normalization", n, part), (channels,)) for part in range(4))


def arrays(path: Path, layout: Iterable[tuple[str, tuple[int, ...]]], network: str = "") -> list[np.ndarray]:
    """The arrays of a weights file by their places in it, as `float32`; no Keras loads.

    Only plain arrays of the very shapes are read: no links, no other files, nothing that unpacks.

    Args:
        layout: where Keras puts each, and its shape.
        network: that they are of, where the file is of a model that has several.

    Raises:
        InvalidInput: if one is missing, of another shape, or not finite.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [_array(file, f"{network}/{name}".strip("/"), shape) for name, shape in layout]
    except OSError:
        raise not_whole(path.name, "not an HDF5 file, or an incomplete one") from None


def _array(file: h5py.File, name: str, shape: tuple[int, ...]) -> np.ndarray:
    import h5py

    place = file
    for part in name.split("/"):
        if not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise not_whole(name, "none")
        place = place[part]
    # A data set may say that it is huge and store nothing, or lie in another file.
    plain = isinstance(place, h5py.Dataset) and not place.is_virtual and not place.external
    if not plain or place.shape != shape or place.dtype not in ("float32", "float16"):
        raise not_whole(name, f"shape {getattr(place, 'shape', None)}")
    if place.chunks or place.id.get_storage_size() != place.nbytes:
        raise not_whole(name, "an array that is not stored as it is")
    array = place[()].astype("float32")
    if not np.isfinite(array).all():
        raise not_whole(name, "NaN or infinite values")
    return array


def check(path: Path, most: int, chunked: bool = False) -> None:
    """Raises `Refused` unless a weights file holds plain, finite numbers alone, and at most so many.

    Args:
        path: of the file.
        most: numbers that there may be.
        chunked: whether they may lie in chunks, packed by gzip.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            check_group(file, most, chunked)
    except (OSError, RuntimeError, KeyError):  # what h5py raises of files that are cut or altered
        raise Refused("not an HDF5 file, or a damaged one") from None


def check_group(group: h5py.Group, most: int, chunked: bool = False) -> None:
    """Raises `Refused` as `check`, of a group of a file."""
    count = size = 0
    for one in _arrays(group, set(), chunked):
        count, size = count + one.size, size + one.nbytes
        if size > hdf5_chunks.most(group):
            raise Refused("arrays that unpack to far more than the file has")
        if count > most:
            raise Refused("more values than such a model has")
        if one.dtype.kind == "f" and not np.isfinite(hdf5_chunks.read(one)).all():
            raise Refused(f"NaN or infinite values in {printable(one.name, 80)}")


def _arrays(group: h5py.Group, seen: set[int], chunked: bool, depth: int = 0) -> Iterator[h5py.Dataset]:
    """Every array below a group. A link elsewhere, or an array that says more than it stores, is refused.

    Args:
        seen: where the groups lie that were met: one with several names would be walked again and again.
    """
    import h5py

    place = h5py.h5o.get_info(group.id).addr
    if place in seen:
        raise Refused("a link to another place")
    seen.add(place)
    for name in group:
        if depth > _DEEPEST or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Refused("a link to another place")
        one = group[name]
        if isinstance(one, h5py.Group):
            yield from _arrays(one, seen, chunked, depth + 1)
            continue
        plain = not (one.is_virtual or one.external) and one.dtype.kind in "fiu"
        whole = chunked if one.chunks else one.id.get_storage_size() == one.nbytes
        if not plain or not whole:
            raise Refused("an array that is not stored as it is")
        yield one


def not_whole(name: str, received: str) -> InvalidInput:
    """The error for weights that are not those of a model of the studio."""
    return invalid(
        f"weights {name}",
        expected="the weights file that training saved",
        received=received,
        next_step="copy or train the model again",
    )
