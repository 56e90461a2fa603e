"""The square of a photo that a model reads: where a user says, or around the face that is in it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from studio.core.imaging import image_io

# Faces as scikit-image ships them: a cascade of local binary patterns, trained for OpenCV.
_CASCADE = "lbpcascade_frontalface_opencv.xml"
_LOOKED_AT = 400  # px of the longer side; larger faces are found no better, only later
_LEAST_FACE = 36  # px of those
_LOWER = 0.085  # of its side: models learned from squares that reach as much below the brows as those found


def square(photo: np.ndarray, share: float, x: float, y: float) -> np.ndarray:
    """A square of a photo, `(H, W, 3) uint8` -> `(s, s, 3) uint8`.

    Args:
        share: its side, of the largest that fits; 0: the largest face, or if none is found all of the middle.
        x, y: where it is, from 0, the left and the top, to 1.
    """
    found = None if share else face(photo)
    if found is not None:
        top, left, side = found
        return photo[top : top + side, left : left + side]
    side = max(1, round((share or 1.0) * min(photo.shape[:2])))
    top, left = (round(at * (length - side)) for at, length in zip((y, x), photo.shape[:2], strict=True))
    return photo[top : top + side, left : left + side]


def face(photo: np.ndarray) -> tuple[int, int, int] | None:
    """Top, left and side of the largest face in a photo that looks ahead; None if there is none."""
    path = _cascade()
    if path is None:
        return None
    from skimage.feature import Cascade

    small = image_io.fit(photo, min(_LOOKED_AT, max(photo.shape[:2])))
    boxes = Cascade(str(path)).detect_multi_scale(
        small, 1.15, 1, (_LEAST_FACE, _LEAST_FACE), (min(small.shape[:2]),) * 2
    )
    if not boxes:
        return None
    largest = max(boxes, key=lambda box: (box["width"], -box["r"], -box["c"]))
    scale = max(photo.shape[:2]) / max(small.shape[:2])
    side = min(round(scale * largest["width"]), *photo.shape[:2])
    top = round(scale * (largest["r"] + _LOWER * largest["width"]))
    left = round(scale * largest["c"])
    return min(max(top, 0), photo.shape[0] - side), min(max(left, 0), photo.shape[1] - side), side


def _cascade() -> Path | None:
    spec = find_spec("skimage")
    places = spec.submodule_search_locations if spec else None
    path = Path(places[0]) / "data" / _CASCADE if places else None
    return path if path is not None and path.is_file() else None
