"""A drawing of any size, as the networks take it: a white line on black, as large as the digits they know."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.lab.settings import PIXELS, SIDE

INK = 48  # level from which a pixel counts as drawn
BOX = 20  # px of the longer side of a digit, as MNIST has them
_DOT = 0.15  # of the drawing's side: what is smaller is a dot, and is not made larger
EMPTY = "The drawing is empty, so this is the output for an empty image. Draw something."


def read(image: np.ndarray, fit: bool) -> np.ndarray:
    """A drawing as a digit; an empty one is all black.

    Args:
        image: `(H, W, 3) uint8`; dark lines on a light ground are turned to light ones on black.
        fit: whether it is moved to the middle and scaled as digits are, or stays where it is.

    Returns:
        `(PIXELS,) float32` in [0, 1].
    """
    lines = _square(_on_black(image_io.gray(image)[..., 0]))
    drawn = np.argwhere(lines >= INK)
    if not len(drawn):
        return np.zeros(PIXELS, "float32")
    if not fit:
        return _small(lines, SIDE).ravel()
    top, left = drawn.min(axis=0)
    bottom, right = drawn.max(axis=0) + 1
    if max(bottom - top, right - left) < _DOT * len(lines):
        return _small(lines, SIDE).ravel()
    return _centerd(_small(_square(lines[top:bottom, left:right]), BOX)).ravel()


def as_digit(image: np.ndarray, name: str) -> np.ndarray:
    """As `read`, fitted. Raises `InvalidInput` if nothing is drawn."""
    found = read(image, fit=True)
    if not found.any():
        step = "draw something, or leave it out"
        raise invalid(name, expected="a drawing", received="an empty image", next_step=step)
    return found


def _on_black(levels: np.ndarray) -> np.ndarray:
    """Light on dark: turned round if the rim is light."""
    rim = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    return 255 - levels if np.median(rim) > 127 else levels


def _square(levels: np.ndarray) -> np.ndarray:
    height, width = levels.shape
    side = max(height, width)
    down, across = (side - height) // 2, (side - width) // 2
    return np.pad(levels, ((down, side - height - down), (across, side - width - across)))


def _small(levels: np.ndarray, side: int) -> np.ndarray:
    """`(h, h) uint8` -> `(side, side) float32` in [0, 1]; each pixel the mean of what it covers."""
    image = Image.fromarray(levels).resize((side, side), Image.Resampling.BOX)
    return np.asarray(image, "float32") / 255


def _centerd(digit: np.ndarray) -> np.ndarray:
    """Puts a `(BOX, BOX)` digit into `(SIDE, SIDE)`, its center of mass in the middle."""
    rows, columns = np.indices(digit.shape)
    room = SIDE - BOX
    down = round(SIDE / 2 - float((rows * digit).sum() / digit.sum()) - 0.5)
    across = round(SIDE / 2 - float((columns * digit).sum() / digit.sum()) - 0.5)
    whole = np.zeros((SIDE, SIDE), "float32")
    down, across = min(max(down, 0), room), min(max(across, 0), room)
    whole[down : down + BOX, across : across + BOX] = digit
    return whole
