"""Maps as images: side by side, over the photo, as a mask, and the part of a photo that a place can see."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.core.imaging import grids, heat, image_io

LARGE = 768  # px, the longer side of a map over its photo
TILE = 240  # px, the longer side of each of several maps
COLUMNS = 6
GAP = 4  # px between them
_GRAY = np.repeat([[0.299], [0.587], [0.114]], 3, axis=1)  # how bright each color seems
_MOST = 99.5  # the percentile of a map that counts as full: a single place does not dim all others
_CLEAR = (0.25, 0.75)  # of a mask: what is less is black, what is more is white
_FRAME = np.array([70, 220, 255], "float32")


def warmth(found: np.ndarray) -> np.ndarray:
    """A map, `(h, w) float32`, brought to [0, 1]."""
    low, high = float(found.min()), float(np.percentile(found, _MOST))
    if high <= low:
        high = float(found.max())
    return np.clip((found - low) / (high - low), 0, 1) if high > low else np.zeros_like(found)


def smooth(found: np.ndarray, height: int, width: int) -> np.ndarray:
    """A map in [0, 1] at the size of a photo, `(height, width) float32`."""
    image = Image.fromarray(found.astype("float32"))
    return np.clip(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def squares(found: np.ndarray, longest: int) -> np.ndarray:
    """A map in [0, 1] in colors, `(H, W, 3) uint8`; each of its places is a square that is seen as such."""
    return image_io.to_uint8(_enlarged(heat.colors(found) / 255, longest)[None])


def grid(maps: np.ndarray, channels: list[int]) -> np.ndarray:
    """Some maps of `(h, w, C)` side by side, `(H, W, 3) uint8`."""
    tiles = np.stack([squares(warmth(maps[..., one]), TILE) for one in channels])
    return grids.grid(tiles, columns=min(COLUMNS, len(channels)), gap=GAP)


def over(photo: np.ndarray, found: np.ndarray) -> np.ndarray:
    """A map over its photo: warm where it answers; `(H, W, 3) uint8`, the longer side LARGE px."""
    large = image_io.fit(photo, LARGE)
    warm = smooth(warmth(found), *large.shape[:2])
    share = (0.35 + 0.5 * warm)[..., None]
    shown = large @ _GRAY * (1 - share) + heat.colors(warm) * share
    return np.clip(shown + 0.5, 0, 255).astype("uint8")


def mask(photo: np.ndarray, found: np.ndarray) -> np.ndarray:
    """A map as a mask of its photo, white where it answers; `(H, W, 3) uint8`, the longer side LARGE px."""
    large = image_io.fit(photo, LARGE)
    warm = smooth(warmth(found), *large.shape[:2])
    low, high = _CLEAR
    clear = np.clip((warm - low) / (high - low), 0, 1)
    return np.repeat((clear * 255 + 0.5).astype("uint8")[..., None], 3, axis=2)


def framed(image: np.ndarray, box: tuple[float, float, float, float], dot: tuple[float, float]) -> np.ndarray:
    """Frames a part of an image, and dims what lies outside.

    Args:
        box: top, left, bottom, right, as shares of the sides; what lies beyond them is left out.
        dot: the place itself, down and across.
    """
    height, width = image.shape[:2]
    top, bottom = (round(np.clip(one, 0, 1) * height) for one in (box[0], box[2]))
    left, right = (round(np.clip(one, 0, 1) * width) for one in (box[1], box[3]))
    shown = image * 0.55
    shown[top:bottom, left:right] = image[top:bottom, left:right]
    thick = max(2, round(0.005 * max(height, width)))
    edge = np.zeros((height, width), bool)
    edge[top:bottom, left:right] = True
    edge[top + thick : max(top + thick, bottom - thick), left + thick : max(left + thick, right - thick)] = (
        False
    )
    rows, columns = np.ogrid[:height, :width]
    far = np.hypot(rows - dot[0] * height, columns - dot[1] * width)
    shown[edge | (far <= 2 * thick)] = _FRAME
    return np.clip(shown + 0.5, 0, 255).astype("uint8")


def _enlarged(found: np.ndarray, longest: int) -> np.ndarray:
    """`(h, w, 3)` made so large without smoothing that its longer side is about `longest` px."""
    times = max(1, round(longest / max(found.shape[:2])))
    if max(found.shape[:2]) > longest:
        return image_io.to_01(image_io.fit(image_io.to_uint8(found[None]), longest))[0]
    return np.kron(found, np.ones((times, times, 1)))
