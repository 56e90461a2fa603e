"""Crops a photo for an encoder: as set by the user, or around a detected face."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from studio.core.errors import Unavailable
from studio.core.masks import face_boxes

# From the box of a face to the crop of the training images; medians over 21 photos.
_CROP_SCALE = 1.02  # of the box's side
_SHIFT_DOWN = 0.063  # of the box's side


def crop_square(photo: np.ndarray, share: float, x: float, y: float) -> np.ndarray:
    """Crops a square from a photo: `(H, W, 3) uint8` to `(s, s, 3) uint8`.

    Args:
        share: side as a share of the largest square; 0 crops the largest face, or the center without one.
        x, y: position from 0, left and top, to 1.
    """
    box = None if share else detect_face(photo)
    if box is not None:
        return crop_box(photo, box)
    side = max(1, round((share or 1.0) * min(photo.shape[:2])))
    top, left = (
        round(position * (length - side)) for position, length in zip((y, x), photo.shape[:2], strict=True)
    )
    return photo[top : top + side, left : left + side]


def crop_box(photo: np.ndarray, box: tuple[int, int, int]) -> np.ndarray:
    """Crops the square with this top, left and side from a photo, `(H, W, 3) uint8`."""
    top, left, side = box
    return photo[top : top + side, left : left + side]


def detect_face(photo: np.ndarray) -> tuple[int, int, int] | None:
    """Returns top, left and side of the crop around the largest face in a photo; None without one.

    None also if the weights of the detector are not installed and cannot be downloaded.
    """
    with suppress(Unavailable):
        return find_face(photo)
    return None


def find_face(photo: np.ndarray) -> tuple[int, int, int] | None:
    """Returns the box of `detect_face`. Raises `Unavailable` without the weights of the detector."""
    boxes = face_boxes.find_faces(photo)
    if not len(boxes):
        return None
    left, top, right, bottom = max(boxes, key=lambda box: box[2] - box[0])
    box_side = max(right - left, bottom - top)
    side = min(round(_CROP_SCALE * box_side), *photo.shape[:2])
    start_y = round((top + bottom) / 2 + _SHIFT_DOWN * box_side - side / 2)
    start_x = round((left + right) / 2 - side / 2)
    return min(max(start_y, 0), photo.shape[0] - side), min(max(start_x, 0), photo.shape[1] - side), side
