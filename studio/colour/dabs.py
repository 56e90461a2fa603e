"""Dabs of colour that a person painted on a photo, as the network is told them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.colour import lab
from studio.core.errors import invalid

_COVERED = 0.25  # the share of a place that a dab must cover to count
_ASPECT = 0.03  # by which the proportions may differ, for pictures are rounded to whole pixels


def told(dabs: np.ndarray | None, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The colours of dabs, and where they are, at the size that a network sees.

    Args:
        dabs: `(h, w, 4) uint8`, clear where there are none; None for none at all.

    Returns:
        a* and b*, `(height, width, 2) float32`, and where these are told, `(height, width) bool`.
    """
    if dabs is None:
        return np.zeros((height, width, 2), "float32"), np.zeros((height, width), bool)
    clear = dabs[..., 3] / np.float32(255)
    both = lab.from_rgb(dabs[..., :3])[..., 1:] * clear[..., None]
    covered = _shrunk(clear, height, width)
    a, b = (_shrunk(both[..., n], height, width) for n in (0, 1))
    where = covered > _COVERED
    return np.stack([a, b], axis=-1) / np.maximum(covered, 1e-3)[..., None], where


def _shrunk(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(plane, "float32"))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def check(dabs: np.ndarray, height: int, width: int) -> None:
    """Raises `InvalidInput` unless dabs are clear somewhere, and of the photo's proportions.

    Args:
        dabs: `(h, w, 3 or 4) uint8`.
        height, width: of the photo.
    """
    if dabs.shape[2] != 4:
        raise invalid(
            "dabs",
            expected="a picture that is clear where nothing was painted",
            received="one without transparency",
            next_step="paint on a clear layer, and save that as a PNG",
        )
    down, right = dabs.shape[:2]
    if abs(down * width / (right * height) - 1) > _ASPECT:
        raise invalid(
            "dabs",
            expected=f"the proportions of the photo, {width} x {height} px",
            received=f"{right} x {down} px",
            next_step="save the layer at the size of the photo",
        )
