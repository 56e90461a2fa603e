"""Draws feature maps: as tiles, over the photo, as a mask, and with a receptive field."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.core.imaging import grids, heat, image_io

LARGE_SIDE = 768  # px, the longer side of a map over its photo
TILE_SIDE = 240  # px, the longer side of each of several maps
COLUMNS = 6
GAP = 4  # px between tiles
_WHITE_PERCENTILE = 99.5  # percentile of a map that becomes 1, so that a single peak does not dim the rest
_MASK_RANGE = (0.25, 0.75)  # of a mask: lower values are black, higher ones white
_FRAME_COLOR = np.array([70, 220, 255], "float32")


def normalize(feature_map: np.ndarray) -> np.ndarray:
    """Scales a map, `(h, w) float32`, to [0, 1]."""
    low, high = float(feature_map.min()), float(np.percentile(feature_map, _WHITE_PERCENTILE))
    if high <= low:
        high = float(feature_map.max())
    return np.clip((feature_map - low) / (high - low), 0, 1) if high > low else np.zeros_like(feature_map)


def resize_map(feature_map: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes a map in [0, 1] to the size of a photo, `(height, width) float32`."""
    image = Image.fromarray(feature_map.astype("float32"))
    return np.clip(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def draw_map(feature_map: np.ndarray, side: int) -> np.ndarray:
    """Draws a map in [0, 1] in colors, each position as a square.

    Args:
        feature_map: `(h, w)`.
        side: longer side of the drawing in px, approximately.

    Returns:
        `(H, W, 3) uint8`.
    """
    return image_io.to_uint8(_resize(heat.to_colors(_widen(feature_map)) / 255, side)[None])


def _widen(feature_map: np.ndarray) -> np.ndarray:
    """Repeats the last row or column of a map that is narrower than an image may be.

    Rounding makes a map of the narrowest photo a little narrower than the photo.
    """
    least = -(-max(feature_map.shape) // image_io.MAX_ASPECT)
    return np.pad(feature_map, [(0, max(0, least - size)) for size in feature_map.shape], mode="edge")


def draw_grid(maps: np.ndarray, channels: list[int]) -> np.ndarray:
    """Draws some channels of `(h, w, C)` as tiles, `(H, W, 3) uint8`."""
    tiles = np.stack([draw_map(normalize(maps[..., channel]), TILE_SIDE) for channel in channels])
    return grids.make_grid(tiles, columns=min(COLUMNS, len(channels)), gap=GAP)


def draw_overlay(photo: np.ndarray, feature_map: np.ndarray) -> np.ndarray:
    """Draws a map over its photo, warm at high activations; `(H, W, 3) uint8`, longer side LARGE_SIDE px."""
    large = image_io.fit(photo, LARGE_SIDE)
    intensity = resize_map(normalize(feature_map), *large.shape[:2])
    share = (0.35 + 0.5 * intensity)[..., None]
    overlay = heat.draw_over_gray(large, intensity, share)
    return np.clip(overlay + 0.5, 0, 255).astype("uint8")


def draw_mask(photo: np.ndarray, feature_map: np.ndarray) -> np.ndarray:
    """Draws a map as a mask, white at high activations; `(H, W, 3) uint8`, longer side LARGE_SIDE px."""
    large = image_io.fit(photo, LARGE_SIDE)
    intensity = resize_map(normalize(feature_map), *large.shape[:2])
    low, high = _MASK_RANGE
    mask = np.clip((intensity - low) / (high - low), 0, 1)
    return np.repeat((mask * 255 + 0.5).astype("uint8")[..., None], 3, axis=2)


def draw_frame(
    image: np.ndarray, box: tuple[float, float, float, float], dot: tuple[float, float]
) -> np.ndarray:
    """Frames a part of an image and dims the rest.

    Args:
        image: `(H, W, 3) uint8`.
        box: top, left, bottom, right, as shares of the sides; clipped to the image.
        dot: vertical and horizontal position to mark, as shares.
    """
    height, width = image.shape[:2]
    top, bottom = (round(np.clip(share, 0, 1) * height) for share in (box[0], box[2]))
    left, right = (round(np.clip(share, 0, 1) * width) for share in (box[1], box[3]))
    result = image * 0.55
    result[top:bottom, left:right] = image[top:bottom, left:right]
    thickness = max(2, round(0.005 * max(height, width)))
    inner_top, inner_left = top + thickness, left + thickness
    is_edge = np.zeros((height, width), bool)
    is_edge[top:bottom, left:right] = True
    is_edge[
        inner_top : max(inner_top, bottom - thickness), inner_left : max(inner_left, right - thickness)
    ] = False
    rows, columns = np.ogrid[:height, :width]
    distance = np.hypot(rows - dot[0] * height, columns - dot[1] * width)
    result[is_edge | (distance <= 2 * thickness)] = _FRAME_COLOR
    return np.clip(result + 0.5, 0, 255).astype("uint8")


def _resize(image: np.ndarray, side: int) -> np.ndarray:
    """Resizes `(h, w, 3)` in [0, 1] to a longer side of about `side` px; enlarges without smoothing."""
    longer_side = max(image.shape[:2])
    if longer_side > side:
        return image_io.to_01(image_io.fit(image_io.to_uint8(image[None]), side))[0]
    scale = max(1, round(side / longer_side))
    return np.kron(image, np.ones((scale, scale, 1)))
