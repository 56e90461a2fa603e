"""Fills a model with the weights of a preset, once the file is known to hold plain numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import InvalidInput, invalid
from studio.core.presets import Preset

if TYPE_CHECKING:
    import h5py
    import keras

_DEEPEST = 16  # groups in groups; a group that holds itself would never end


def fill(model: keras.Model, preset: Preset) -> None:
    """Loads the weights of a preset into a built model of the same shape; float16 becomes float32.

    Raises:
        InvalidInput: if the file is damaged, holds other things than finite numbers, or is of another model.
    """
    path = preset.weights()
    numbers = sum(int(np.prod(variable.shape)) for variable in model.variables)
    _check(path, most=2 * numbers + 1024)
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise _not_whole(path, str(error).splitlines()[0]) from None


def _check(path: Path, most: int) -> None:
    """Raises `InvalidInput` unless all that is stored are plain, finite numbers, `most` of them at most."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            count = 0
            for one in _arrays(file):
                count += one.size
                if count > most:
                    raise _not_whole(path, "more numbers than such a model has")
                if one.dtype.kind == "f" and not np.isfinite(one[()]).all():
                    raise _not_whole(path, "numbers that are not finite")
    except OSError:
        raise _not_whole(path, "no HDF5 file, or a cut one") from None


def _arrays(group: h5py.Group, depth: int = 0) -> Iterator[h5py.Dataset]:
    """Every array below a group. A link elsewhere, or an array that says more than it stores, is refused."""
    import h5py

    for name in group:
        if depth > _DEEPEST or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _not_whole(Path(group.file.filename), "a link to another place")
        one = group[name]
        if isinstance(one, h5py.Group):
            yield from _arrays(one, depth + 1)
            continue
        plain = not (one.is_virtual or one.external or one.chunks) and one.dtype.kind in "fiu"
        if not plain or one.id.get_storage_size() != one.nbytes:
            raise _not_whole(Path(group.file.filename), "an array that is not stored as it is")
        yield one


def _not_whole(path: Path, received: str) -> InvalidInput:
    return invalid(
        f"weights {path.name}",
        expected="those that its training saved",
        received=received,
        next_step="copy or train the model again",
    )
