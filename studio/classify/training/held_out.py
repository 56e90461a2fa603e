"""Which images a model was tested on and which it learned from, as its folder keeps it.

Of its own data set a bit for each image tells; that it is the same one, a digest of it all. In any other,
to which images were added say, those learned from are known by the first bytes of their own digests.
"""

from __future__ import annotations

import base64
import hashlib

import numpy as np

from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput, invalid
from studio.core.models.presets import Preset

_SHORT = 8  # bytes of a digest: two images of a million share theirs once in 37 million data sets


def record(dataset: ImageDataset, learned: np.ndarray, held_out: np.ndarray) -> dict[str, str]:
    """What a model's folder keeps of the rows of its data set that it learned from and was tested on."""
    bits = np.packbits(np.isin(np.arange(len(dataset.names)), held_out))
    short = np.sort(_short(dataset)[learned])
    return {"data": _digest(dataset), "rows": _text(bits), "learned": _text(short)}


def test_mask(preset: Preset, dataset: ImageDataset) -> np.ndarray:
    """Which images a model was tested on, `(n,) bool`; none of a data set that it has not learned from.

    Raises:
        InvalidInput: if what its folder keeps is not whole.
    """
    count = len(dataset.names)
    try:
        found = preset.data()["held_out"]
        if found["data"] != _digest(dataset):
            return np.zeros(count, bool)
        bits = _array(found["rows"], "uint8")
        if len(bits) == -(-count // 8):
            return np.unpackbits(bits, count=count).astype(bool)
    except (KeyError, TypeError, ValueError):
        pass
    raise _broken(preset)


def training_mask(preset: Preset, dataset: ImageDataset) -> np.ndarray:
    """Which images a model learned from, `(n,) bool`.

    Raises:
        InvalidInput: if what its folder keeps is not whole.
    """
    try:
        return np.isin(_short(dataset), _array(preset.data()["held_out"]["learned"], "<u8"))
    except (KeyError, TypeError, ValueError):
        raise _broken(preset) from None


def _broken(preset: Preset) -> InvalidInput:
    expected, step = "a model that records its test split", "copy the model or train it again"
    return invalid(f"preset {preset.name}", expected=expected, received="none", next_step=step)


def _short(dataset: ImageDataset) -> np.ndarray:
    return np.ascontiguousarray(dataset.digests[:, :_SHORT]).view("<u8").ravel()


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _array(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), kind)


def _digest(dataset: ImageDataset) -> str:
    return hashlib.sha256(np.ascontiguousarray(dataset.digests).tobytes()).hexdigest()
