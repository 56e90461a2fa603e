"""What a training saved, for tests that compare two of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from studio.core.models import model_folder


def weights(folder: Path) -> list[np.ndarray]:
    """All arrays of a saved model."""
    found: list[np.ndarray] = []
    with h5py.File(folder / model_folder.WEIGHTS) as file:
        file.visititems(lambda _, one: found.append(one[()]) if isinstance(one, h5py.Dataset) else None)
    return found
