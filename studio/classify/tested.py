"""Which pictures a model was tested on, as its folder keeps it: a bit each, and its data set's digest."""

from __future__ import annotations

import base64
import hashlib

import numpy as np

from studio.core.data import Pictures
from studio.core.errors import invalid
from studio.core.presets import Preset


def kept(pictures: Pictures, rows: np.ndarray) -> dict[str, str]:
    """What a model's folder keeps of the rows of its data set that it was tested on."""
    bits = np.packbits(np.isin(np.arange(len(pictures.names)), rows))
    return {"data": _digest(pictures), "rows": base64.b64encode(bits.tobytes()).decode()}


def known(preset: Preset, pictures: Pictures) -> np.ndarray:
    """Which pictures a model was tested on, `(n,) bool`; none of a data set that it has not learnt from.

    Raises:
        InvalidInput: if what its folder keeps is not whole.
    """
    found = preset.data().get("held_out")
    if found is None:
        return _by_name(preset, pictures)
    count = len(pictures.names)
    try:
        if found["data"] != _digest(pictures):
            return np.zeros(count, bool)
        bits = np.frombuffer(base64.b64decode(found["rows"], validate=True), "uint8")
        if len(bits) == -(-count // 8):
            return np.unpackbits(bits, count=count).astype(bool)
    except (KeyError, TypeError, ValueError):
        pass
    step = "copy or train it again"
    raise invalid(f"preset {preset.name}", expected="what it was tested on", received="none", next_step=step)


def _by_name(preset: Preset, pictures: Pictures) -> np.ndarray:
    """Of a model that was made when folders kept only names, and of many pictures not all."""
    names = set(preset.data().get("tested", {}).get("names", ()))
    found = np.array([name in names for name in pictures.names])
    return found if int(found.sum()) == len(names) else np.zeros(len(found), bool)


def _digest(pictures: Pictures) -> str:
    return hashlib.sha256(np.ascontiguousarray(pictures.digests).tobytes()).hexdigest()
