"""Color hints that a user paints on a photo: their maps at a smaller size, and their checks."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.colorize import lab
from studio.core.errors import invalid

_MIN_COVERAGE = 0.25  # share of a position that a color hint must cover to count
_ASPECT_TOLERANCE = 0.03  # tolerance of the aspect ratio, because sizes are rounded to pixels


def make_hint_maps(color_hints: np.ndarray | None, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the colors of color hints and their mask, at another size.

    Args:
        color_hints: `(h, w, 4) uint8`, transparent without hints; None for no hints.

    Returns:
        a* and b*, `(height, width, 2) float32`, and the mask of hints, `(height, width) bool`.
    """
    if color_hints is None:
        return np.zeros((height, width, 2), "float32"), np.zeros((height, width), bool)
    opacity = color_hints[..., 3] / np.float32(255)
    weighted = lab.from_rgb(color_hints[..., :3])[..., 1:] * opacity[..., None]
    coverage = _downscale(opacity, height, width)
    a, b = (_downscale(weighted[..., n], height, width) for n in (0, 1))
    mask = coverage > _MIN_COVERAGE
    return np.stack([a, b], axis=-1) / np.maximum(coverage, 1e-3)[..., None], mask


def _downscale(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(plane, "float32"))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def check(color_hints: np.ndarray, height: int, width: int) -> None:
    """Raises `InvalidInput` unless color hints are partly transparent and have the photo's aspect ratio.

    Args:
        color_hints: `(h, w, 3 or 4) uint8`.
        height, width: of the photo.
    """
    if color_hints.shape[2] != 4:
        raise invalid(
            "color_hints",
            expected="an image that is transparent where nothing was painted",
            received="an image without transparency",
            next_step="paint on a transparent layer, and save it as a PNG",
        )
    down, right = color_hints.shape[:2]
    if abs(down * width / (right * height) - 1) > _ASPECT_TOLERANCE:
        raise invalid(
            "color_hints",
            expected=f"the proportions of the photo, {width} x {height} px",
            received=f"{right} x {down} px",
            next_step="save the layer at the size of the photo",
        )
