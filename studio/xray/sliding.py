"""Applies one filter: its output map with stride and padding, and the terms of one sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.xray.settings import FilterSettings

KERNEL_SIDE = 3  # px of a filter of VGG16
EXPLAINED_MAPS = 3  # input maps that contribute most at a position
_CHANNELS = ("blue", "green", "red")  # order of the network's input channels


@dataclass(frozen=True)
class FilterResult:
    """The output of a filter.

    Attributes:
        sums: `(h, w) float32`, before ReLU.
        map: `(h', w') float32`, after ReLU and pooling.
        position: (row, column) in `sums` of the explained sum.
        terms: its terms: "parts", each with its input window ("input"), weights and sum; "others", the sum of
            all other parts; "bias", "sum".
    """

    sums: np.ndarray
    map: np.ndarray
    position: tuple[int, int]
    terms: dict[str, Any]


def apply_filter(
    inputs: np.ndarray, kernel: np.ndarray, bias: float, settings: FilterSettings
) -> FilterResult:
    """Applies a filter of VGG16.

    Args:
        inputs: `(h, w, C) float32`, maps of the previous layer, or the preprocessed photo.
        kernel: `(3, 3, C) float32`.
        bias: added at each position.
        settings: stride, padding, pooling and the position to explain.
    """
    margin = KERNEL_SIDE // 2 if settings.padding == "zeros" else 0
    padded = np.pad(inputs, ((margin, margin), (margin, margin), (0, 0)))
    height, width = ((side - KERNEL_SIDE) // settings.stride + 1 for side in padded.shape[:2])
    sums = np.full((height, width), bias, "float32")
    for row in range(KERNEL_SIDE):
        for column in range(KERNEL_SIDE):
            shifted = padded[row :: settings.stride, column :: settings.stride][:height, :width]
            sums += shifted @ kernel[row, column]
    position = round(settings.down * (height - 1)), round(settings.across * (width - 1))
    top, left = (index * settings.stride for index in position)
    window = padded[top : top + KERNEL_SIDE, left : left + KERNEL_SIDE]
    feature_map = pool(np.maximum(sums, 0), settings.pooling)
    return FilterResult(sums, feature_map, position, _explain_sum(window, kernel, bias))


def pool(feature_map: np.ndarray, kind: str) -> np.ndarray:
    """Pools `(h, w)` in 2 by 2 windows: "max" or "mean"; "none" returns it unchanged."""
    height, width = (side // 2 for side in feature_map.shape)
    if kind == "none" or not height or not width:
        return feature_map
    squares = feature_map[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return squares.max(axis=(1, 3)) if kind == "max" else squares.mean(axis=(1, 3))


def _explain_sum(window: np.ndarray, kernel: np.ndarray, bias: float) -> dict[str, Any]:
    """Returns the terms of the sum in a window, those that contribute most first."""
    totals = (window * kernel).sum(axis=(0, 1))
    order = np.argsort(-np.abs(totals), kind="stable")[:EXPLAINED_MAPS]
    are_colors = len(totals) == len(_CHANNELS)
    parts = [
        {
            "name": _CHANNELS[channel] if are_colors else f"map {channel}",
            "input": window[..., channel].astype(float).tolist(),
            "weights": kernel[..., channel].astype(float).tolist(),
            "sum": float(totals[channel]),
        }
        for channel in order
    ]
    return {
        "parts": parts,
        "others": float(np.delete(totals, order).sum()),
        "other_maps": len(totals) - len(parts),
        "bias": float(bias),
        "sum": float(totals.sum()) + float(bias),
    }
