"""Crops a photo for an encoder: as set by the user, or around a detected face."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from studio.core.imaging import image_io

# The face detector of scikit-image: a cascade of local binary patterns, trained for OpenCV.
_CASCADE = "lbpcascade_frontalface_opencv.xml"
_DETECTION_SIDE = 400  # px of the longer side; larger images are slower and detect no better
_MIN_FACE = 36  # px, smallest side of a face at that size
_SHIFT_DOWN = 0.085  # share of the side: shifts detected squares down to the crop of the training images


def crop_square(photo: np.ndarray, share: float, x: float, y: float) -> np.ndarray:
    """Crops a square from a photo: `(H, W, 3) uint8` to `(s, s, 3) uint8`.

    Args:
        share: side as a share of the largest square; 0 crops the largest face, or the center without one.
        x, y: position from 0, left and top, to 1.
    """
    box = None if share else detect_face(photo)
    if box is not None:
        top, left, side = box
        return photo[top : top + side, left : left + side]
    side = max(1, round((share or 1.0) * min(photo.shape[:2])))
    top, left = (
        round(position * (length - side)) for position, length in zip((y, x), photo.shape[:2], strict=True)
    )
    return photo[top : top + side, left : left + side]


def detect_face(photo: np.ndarray) -> tuple[int, int, int] | None:
    """Returns top, left and side of the largest frontal face in a photo; None without one."""
    path = _find_cascade()
    if path is None:
        return None
    from skimage.feature import Cascade

    small = image_io.fit(photo, min(_DETECTION_SIDE, max(photo.shape[:2])))
    boxes = Cascade(str(path)).detect_multi_scale(
        small, 1.15, 1, (_MIN_FACE, _MIN_FACE), (min(small.shape[:2]),) * 2
    )
    if not boxes:
        return None
    largest = max(boxes, key=lambda box: (box["width"], -box["r"], -box["c"]))
    scale = max(photo.shape[:2]) / max(small.shape[:2])
    side = min(round(scale * largest["width"]), *photo.shape[:2])
    top = round(scale * (largest["r"] + _SHIFT_DOWN * largest["width"]))
    left = round(scale * largest["c"])
    return min(max(top, 0), photo.shape[0] - side), min(max(left, 0), photo.shape[1] - side), side


def _find_cascade() -> Path | None:
    spec = find_spec("skimage")
    locations = spec.submodule_search_locations if spec else None
    path = Path(locations[0]) / "data" / _CASCADE if locations else None
    return path if path is not None and path.is_file() else None
