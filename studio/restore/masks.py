"""The damage mask of a photo: detected, with the corrections of the user. Loads no Keras."""

from __future__ import annotations

import numpy as np

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.tasks import Inputs
from studio.restore.detection import Detector
from studio.restore.settings import RestoreSettings

MAX_SHARE = 0.5  # of the photo; more is not filled from what is left
_PAINTED = 0.5  # intensity in [0, 1] from which a pixel of a mask counts


def find_mask(
    settings: RestoreSettings, inputs: Inputs, photo: np.ndarray, detector: Detector | None
) -> np.ndarray:
    """Returns where a photo is damaged: (detected or in the damage mask), and not in the keep mask.

    Args:
        settings: of the task.
        inputs: of the task.
        photo: `(H, W, 3) uint8`.
        detector: finds the damage; None to use the masks only.

    Returns:
        `(H, W) bool`.

    Raises:
        InvalidInput: if a mask is no image, or more than half of the photo is damaged.
    """
    height, width = photo.shape[:2]
    detected = np.zeros((height, width), bool)
    if detector is not None:
        detected = detector.find(photo, settings.sensitivity)
    return combine(
        detected,
        read_mask(inputs, "damage_mask", height, width),
        read_mask(inputs, "keep_mask", height, width),
    )


def combine(detected: np.ndarray, damaged: np.ndarray, protected: np.ndarray) -> np.ndarray:
    """Returns the mask to fill, from what was detected and what the user marked, `(H, W) bool` each.

    Raises:
        InvalidInput: if it covers too much of the photo.
    """
    mask = (detected | damaged) & ~protected
    if mask.mean() > MAX_SHARE:
        raise InvalidInput(
            "More than half of the photo is marked as damage. Mark less, or lower the sensitivity."
        )
    return mask


def read_mask(inputs: Inputs, slot: str, height: int, width: int) -> np.ndarray:
    """Returns the mask of a slot in the size of the photo, `(height, width) bool`; empty without a file."""
    for file in inputs.get(slot, ()):
        levels = image_io.read_mask(file.read(), file.name).mean(axis=2, dtype="float32") / 255
        return task_masks.resize(levels, height, width) >= _PAINTED
    return np.zeros((height, width), bool)
