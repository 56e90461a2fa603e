"""Converts a drawing of any size to a digit: a white line on black, 28 by 28 px."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.lab.settings import PIXELS, SIDE

MIN_INK = 48  # intensity from which a pixel counts as drawn
DIGIT_SIDE = 20  # px of the longer side of a digit, as in MNIST
_MIN_SHARE = 0.15  # of the drawing's side: smaller drawings are not enlarged
EMPTY_NOTE = "The drawing is empty, so this is the output for an empty image. Draw something."


def convert_drawing(image: np.ndarray, fit: bool) -> np.ndarray:
    """Converts a drawing to a digit; an empty one becomes black.

    Args:
        image: `(H, W, 3) uint8`; dark lines on a light background are inverted.
        fit: centers and scales the drawing like the digits.

    Returns:
        `(PIXELS,) float32` in [0, 1].
    """
    lines = _pad_to_square(_invert_if_light(image_io.to_gray(image)[..., 0]))
    ink = np.argwhere(lines >= MIN_INK)
    if not len(ink):
        return np.zeros(PIXELS, "float32")
    if not fit:
        return _downscale(lines, SIDE).ravel()
    top, left = ink.min(axis=0)
    bottom, right = ink.max(axis=0) + 1
    if max(bottom - top, right - left) < _MIN_SHARE * len(lines):
        return _downscale(lines, SIDE).ravel()
    return _center(_downscale(_pad_to_square(lines[top:bottom, left:right]), DIGIT_SIDE)).ravel()


def convert_nonempty_drawing(image: np.ndarray, name: str) -> np.ndarray:
    """Converts a drawing to a fitted digit. Raises `InvalidInput` if it is empty."""
    digit = convert_drawing(image, fit=True)
    if not digit.any():
        step = "draw something, or leave it out"
        raise invalid(name, expected="a drawing", received="an empty image", next_step=step)
    return digit


def _invert_if_light(pixels: np.ndarray) -> np.ndarray:
    """Inverts an image with a light border."""
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if np.median(rim) > 127 else pixels


def _pad_to_square(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape
    side = max(height, width)
    down, across = (side - height) // 2, (side - width) // 2
    return np.pad(pixels, ((down, side - height - down), (across, side - width - across)))


def _downscale(pixels: np.ndarray, side: int) -> np.ndarray:
    """Averages `(h, h) uint8` to `(side, side) float32` in [0, 1]."""
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BOX)
    return np.asarray(image, "float32") / 255


def _center(digit: np.ndarray) -> np.ndarray:
    """Places a `(DIGIT_SIDE, DIGIT_SIDE)` digit in `(SIDE, SIDE)` with its center of mass in the middle."""
    rows, columns = np.indices(digit.shape)
    margin = SIDE - DIGIT_SIDE
    down = round(SIDE / 2 - float((rows * digit).sum() / digit.sum()) - 0.5)
    across = round(SIDE / 2 - float((columns * digit).sum() / digit.sum()) - 0.5)
    canvas = np.zeros((SIDE, SIDE), "float32")
    down, across = min(max(down, 0), margin), min(max(across, 0), margin)
    canvas[down : down + DIGIT_SIDE, across : across + DIGIT_SIDE] = digit
    return canvas
