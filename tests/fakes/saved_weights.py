"""Reads what a training run saved, to compare two runs."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from studio.core.models import model_folder


def load_weights(folder: Path) -> list[np.ndarray]:
    """Returns all arrays of a saved model."""
    arrays: list[np.ndarray] = []
    with h5py.File(folder / model_folder.WEIGHTS) as file:
        file.visititems(lambda _, one: arrays.append(one[()]) if isinstance(one, h5py.Dataset) else None)
    return arrays
