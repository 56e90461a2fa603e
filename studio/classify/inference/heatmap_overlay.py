"""Draws a heatmap over an image, next to it, or as its brightness."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from studio.core.imaging import crops, heat

_OUTSIDE_BRIGHTNESS = 0.4  # brightness outside the center crop
_GAP_SHARE = 0.02  # between two images, as a share of the shorter side

View = Literal["beside", "over", "light"]


def draw(
    image: np.ndarray,
    heatmap: np.ndarray,
    view: View,
    strength: float,
    size: tuple[int, int] = (1, 1),
    map_offset: float = 0.0,
) -> np.ndarray:
    """Shows a heatmap on its image. What lies outside the center crop is dark.

    Args:
        image: `(H, W, 3) uint8`.
        heatmap: `(h, w) float32` in [0, 1], of the center crop.
        view: next to the image ("beside"), over it, or as its brightness ("light").
        strength: opacity in [0, 1].
        size: `(height, width)` of the classifier's input; only the ratio counts.
        map_offset: offset of the heatmap toward the top left, in heatmap pixels, in [0, 1).

    Returns:
        `(H, W, 3) uint8`; with "beside" both images next to each other, or one below the other if they are
        wide.
    """
    intensity, is_inside = _resize_heatmap(heatmap, image.shape[:2], size, map_offset)
    if view == "light":
        overlay = image * (1 - strength * (1 - intensity))
    else:
        share = strength * (0.5 + 0.4 * intensity)
        overlay = heat.draw_over_gray(image, intensity[..., 0], share)
    overlay = np.clip(np.where(is_inside, overlay, image * _OUTSIDE_BRIGHTNESS) + 0.5, 0, 255).astype("uint8")
    return _join_images(image, overlay) if view == "beside" else overlay


def _resize_heatmap(
    heatmap: np.ndarray, shape: tuple[int, int], size: tuple[int, int], map_offset: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the heatmap at the image's size, `(H, W, 1) float32`, and a mask of the center crop."""
    center = crops.find_center_crop(shape, *size)
    rows, columns = (span.stop - span.start for span in center)
    height, width = heatmap.shape
    padded_map = Image.fromarray(np.pad(heatmap.astype("float32"), ((0, 1), (0, 1)), mode="edge"))
    box = (map_offset, map_offset, map_offset + width, map_offset + height)
    smooth = padded_map.resize((columns, rows), Image.Resampling.BICUBIC, box)
    intensity, is_inside = np.zeros((*shape, 1), "float32"), np.zeros((*shape, 1), bool)
    intensity[(*center, 0)] = np.clip(np.asarray(smooth), 0, 1)
    is_inside[center] = True
    return intensity, is_inside


def _join_images(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Joins two images of one size: side by side, or wide ones one above the other."""
    height, width = first.shape[:2]
    is_horizontal = width <= 1.6 * height
    gap = max(2, round(_GAP_SHARE * min(height, width)))
    white = np.full((height, gap, 3) if is_horizontal else (gap, width, 3), 255, "uint8")
    return np.concatenate([first, white, second], axis=1 if is_horizontal else 0)
