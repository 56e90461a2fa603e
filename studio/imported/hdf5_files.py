"""Reads whole models that Keras 1 to 2.15 kept as HDF5: a description in JSON, and arrays of each layer.

Used in the sandbox alone; h5py reads names, numbers and text, and follows no link to anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import printable
from studio.core.models import loading
from studio.core.untrusted import hdf5_chunks, strict_json
from studio.core.untrusted.refusals import Refused
from studio.imported import config_check, description, layer_repair

if TYPE_CHECKING:
    import h5py

Arrays = dict[str, list[tuple[str, np.ndarray]]]
SIGN = b"\x89HDF\r\n\x1a\n"
_MOST_TEXT = 4 << 20  # bytes of the description
_MOST_NAMES = 50_000


def read(path: Path) -> dict[str, Any]:
    """The description of the network, repaired and checked. Raises `Refused` if it is refused."""
    with _opened(path) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise Refused("weights without their layers")
        text = text.encode() if isinstance(text, str) else bytes(text) if isinstance(text, bytes) else None
        if text is None or len(text) > _MOST_TEXT:
            raise Refused("an HDF5 file whose model_config is not text, or too long")
        version = file.attrs.get("keras_version")
    found = strict_json.parsed(text, config_check.MOST_DEPTH)
    return description.prepare(found, version)


def arrays(path: Path, most: int) -> Arrays:
    """The weights of each layer, by its name: names of arrays and their numbers, in the file's order.

    Raises:
        Refused: if there is more than `most` numbers, or anything but plain and finite ones.
    """
    with _opened(path) as file:
        group = file["model_weights"] if _is_group(file, "model_weights") else file
        loading.check_group(group, most, chunked=True)
        names = _names(group, "layer_names")
        if len(set(names)) < len(names):
            raise Refused("two layers of the same name in its weights")
        return {layer_repair.plain_name(name): list(_layer(group, name)) for name in names}


def _layer(group: h5py.Group, name: str) -> Iterator[tuple[str, np.ndarray]]:
    import h5py

    if not _is_group(group, name):
        raise Refused(f"no weights of its layer {printable(name, 60)}")
    for one in _names(group[name], "weight_names"):
        found = None if one.startswith("/") else group[name].get(one)
        if not isinstance(found, h5py.Dataset):
            raise Refused(f"no weights {printable(one, 60)} of its layer {printable(name, 60)}")
        yield one, np.asarray(hdf5_chunks.read(found), "float32")


def _is_group(group: h5py.Group, name: str) -> bool:
    import h5py

    linked = not name.startswith("/") and isinstance(group.get(name, getlink=True), h5py.HardLink)
    return linked and isinstance(group[name], h5py.Group)


def _names(group: h5py.Group, key: str) -> list[str]:
    """A list of names among the attributes, which Keras cuts in pieces when it is long."""
    parts = [key] if key in group.attrs else []
    while not parts or parts[-1] != key:
        following = f"{key}{len(parts)}"
        if following not in group.attrs:
            break
        parts.append(following)
    found = [one for part in parts for one in np.asarray(group.attrs[part]).ravel()]
    if len(found) > _MOST_NAMES:
        raise Refused("too many layer names")
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in found]


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """The file; what h5py raises of one that is cut or altered becomes `Refused`."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except Refused:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, UnicodeError):
        raise Refused("not an HDF5 model file, or a damaged one") from None
