"""Records in a preset which images a model was trained and tested on.

For its own dataset, identified by a SHA-256 of all images, a bit per image marks the test split. In other
datasets, such as the same one with more images, training images are recognized by the first bytes of their
SHA-256.
"""

from __future__ import annotations

import base64
import hashlib

import numpy as np

from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput, invalid
from studio.core.models.presets import Preset

_SHORT_HASH_BYTES = 8  # of a SHA-256: among a million images, one in 37 million datasets has a collision


def make_record(dataset: ImageDataset, train_rows: np.ndarray, test_rows: np.ndarray) -> dict[str, str]:
    """Returns what a preset stores of the train and test split of its dataset."""
    bits = np.packbits(np.isin(np.arange(len(dataset.names)), test_rows))
    hashes = np.sort(_shorten_digests(dataset)[train_rows])
    return {"data": _hash_dataset(dataset), "rows": _encode(bits), "learned": _encode(hashes)}


def load_test_mask(preset: Preset, dataset: ImageDataset) -> np.ndarray:
    """Returns which images a model was tested on, `(n,) bool`; all False for a dataset it was not trained on.

    Raises:
        InvalidInput: if the preset's record is incomplete.
    """
    count = len(dataset.names)
    try:
        entry = preset.read_data()["held_out"]
        if entry["data"] != _hash_dataset(dataset):
            return np.zeros(count, bool)
        bits = _decode(entry["rows"], "uint8")
        if len(bits) == -(-count // 8):
            return np.unpackbits(bits, count=count).astype(bool)
    except (KeyError, TypeError, ValueError):
        pass
    raise _incomplete_record_error(preset)


def load_training_mask(preset: Preset, dataset: ImageDataset) -> np.ndarray:
    """Returns which images a model was trained on, `(n,) bool`.

    Raises:
        InvalidInput: if the preset's record is incomplete.
    """
    try:
        return np.isin(_shorten_digests(dataset), _decode(preset.read_data()["held_out"]["learned"], "<u8"))
    except (KeyError, TypeError, ValueError):
        raise _incomplete_record_error(preset) from None


def _incomplete_record_error(preset: Preset) -> InvalidInput:
    return invalid(
        f"preset {preset.name}",
        expected="a model that records its test split",
        received="none",
        next_step="copy the model or train it again",
    )


def _shorten_digests(dataset: ImageDataset) -> np.ndarray:
    """Returns the first bytes of each image's SHA-256 as integers, `(n,)`."""
    return np.ascontiguousarray(dataset.digests[:, :_SHORT_HASH_BYTES]).view("<u8").ravel()


def _encode(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _decode(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype)


def _hash_dataset(dataset: ImageDataset) -> str:
    return hashlib.sha256(np.ascontiguousarray(dataset.digests).tobytes()).hexdigest()
