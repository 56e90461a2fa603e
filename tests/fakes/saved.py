"""What a training saved, for tests that compare two of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from studio.core.models import presets


def weights(folder: Path) -> list[np.ndarray]:
    """All arrays of a saved model."""
    found: list[np.ndarray] = []
    with h5py.File(folder / presets.WEIGHTS) as file:
        file.visititems(lambda _, one: found.append(one[()]) if isinstance(one, h5py.Dataset) else None)
    return found
