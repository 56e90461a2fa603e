"""Reads HDF5 models of Keras 1 to 2.15: a description in JSON, and arrays of each layer.

Used only in the sandbox. h5py reads names, numbers and text; links to other files are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import make_printable
from studio.core.models import loading
from studio.core.untrusted import hdf5_chunks, strict_json
from studio.core.untrusted.refusals import Refused
from studio.imported import config_check, description, layer_repair

if TYPE_CHECKING:
    import h5py

Arrays = dict[str, list[tuple[str, np.ndarray]]]
SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_DESCRIPTION_BYTES = 4 << 20  # bytes of the description
_MAX_NAMES = 50_000


def read(path: Path) -> dict[str, Any]:
    """Returns the repaired and checked description of the network. Raises `Refused` if it is refused."""
    with _open(path) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise Refused("weights without their layers")
        text = text.encode() if isinstance(text, str) else text
        if not isinstance(text, bytes) or len(text) > _MAX_DESCRIPTION_BYTES:
            raise Refused("an HDF5 file whose model_config is not text, or too long")
        version = file.attrs.get("keras_version")
    config = strict_json.parse(text, config_check.MAX_DEPTH)
    return description.prepare(config, version)


def read_arrays(path: Path, most: int) -> Arrays:
    """Returns the weights of each layer by its name, as pairs of name and array in the file's order.

    Raises:
        Refused: if there are more than `most` values, or any are not plain and finite.
    """
    with _open(path) as file:
        group = file["model_weights"] if _is_group(file, "model_weights") else file
        loading.check_group(group, most, chunked=True)
        names = _read_names(group, "layer_names")
        if len(set(names)) < len(names):
            raise Refused("two layers of the same name in its weights")
        return {layer_repair.plain_name(name): list(_read_layer(group, name)) for name in names}


def _read_layer(group: h5py.Group, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the name and the values of each weight of a layer."""
    import h5py

    if not _is_group(group, name):
        raise Refused(f"no weights of its layer {make_printable(name, 60)}")
    for weight_name in _read_names(group[name], "weight_names"):
        weight = None if weight_name.startswith("/") else group[name].get(weight_name)
        if not isinstance(weight, h5py.Dataset):
            raise Refused(
                f"no weights {make_printable(weight_name, 60)} of its layer {make_printable(name, 60)}"
            )
        yield weight_name, np.asarray(hdf5_chunks.read(weight), "float32")


def _is_group(group: h5py.Group, name: str) -> bool:
    """Tells whether a member is a group of this file, not a link to another place."""
    import h5py

    is_hard_link = not name.startswith("/") and isinstance(group.get(name, getlink=True), h5py.HardLink)
    return is_hard_link and isinstance(group[name], h5py.Group)


def _read_names(group: h5py.Group, key: str) -> list[str]:
    """Reads a list of names from the attributes; Keras splits long ones over several attributes."""
    parts = [key] if key in group.attrs else []
    while not parts or parts[-1] != key:
        next_part = f"{key}{len(parts)}"
        if next_part not in group.attrs:
            break
        parts.append(next_part)
    names = [name for part in parts for name in np.asarray(group.attrs[part]).ravel()]
    if len(names) > _MAX_NAMES:
        raise Refused("too many layer names")
    return [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names]


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """Opens the file; turns h5py's errors about damaged files into `Refused`."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except Refused:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, UnicodeError):
        raise Refused("not an HDF5 model file, or a damaged one") from None
