"""One filter at work: what it multiplies at a place, and the map that it makes with stride and padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.xray.settings import FilterSettings

SIDE = 3  # px of a filter of VGG16
SHOWN = 3  # of the maps that a filter is given, those that count most at a place
_BLUE_FIRST = ("blue", "green", "red")  # as the network is given colors


@dataclass(frozen=True)
class Slid:
    """A filter that slid over what it was given.

    Attributes:
        sums: `(h, w) float32`, at each place, before what is below zero is cut off.
        map: `(h', w') float32`, the rest after that and after pooling.
        place: (row, column) in `sums` that was reckoned.
        reckoned: how its sum came about: "parts", each with what it was given, the weights and what they add
            up to; "others", the sum of all parts that are not listed; "bias", "sum".
    """

    sums: np.ndarray
    map: np.ndarray
    place: tuple[int, int]
    reckoned: dict[str, Any]


def slide(given: np.ndarray, kernel: np.ndarray, bias: float, settings: FilterSettings) -> Slid:
    """Slides a filter.

    Args:
        given: `(h, w, C) float32`, the maps of the layer before, or the photo as the network is given it.
        kernel: `(3, 3, C) float32`.
        bias: is added at each place.
        settings: stride, padding, pooling and the place.
    """
    edge = SIDE // 2 if settings.padding == "zeros" else 0
    padded = np.pad(given, ((edge, edge), (edge, edge), (0, 0)))
    height, width = ((side - SIDE) // settings.stride + 1 for side in padded.shape[:2])
    sums = np.full((height, width), bias, "float32")
    for row in range(SIDE):
        for column in range(SIDE):
            part = padded[row :: settings.stride, column :: settings.stride][:height, :width]
            sums += part @ kernel[row, column]
    place = round(settings.down * (height - 1)), round(settings.across * (width - 1))
    top, left = (at * settings.stride for at in place)
    under = padded[top : top + SIDE, left : left + SIDE]
    made = pooled(np.maximum(sums, 0), settings.pooling)
    return Slid(sums, made, place, _reckoned(under, kernel, bias))


def pooled(found: np.ndarray, how: str) -> np.ndarray:
    """`(h, w)` -> of every two by two places the largest ("max") or their mean; "none": as it is."""
    height, width = (side // 2 for side in found.shape)
    if how == "none" or not height or not width:
        return found
    squares = found[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return squares.max(axis=(1, 3)) if how == "max" else squares.mean(axis=(1, 3))


def _reckoned(under: np.ndarray, kernel: np.ndarray, bias: float) -> dict[str, Any]:
    """What the filter multiplies where it lies, the parts that count most first."""
    totals = (under * kernel).sum(axis=(0, 1))
    order = np.argsort(-np.abs(totals), kind="stable")[:SHOWN]
    colors = len(totals) == len(_BLUE_FIRST)
    parts = [
        {
            "name": _BLUE_FIRST[one] if colors else f"map {one}",
            "given": under[..., one].astype(float).tolist(),
            "weights": kernel[..., one].astype(float).tolist(),
            "sum": float(totals[one]),
        }
        for one in order
    ]
    others = float(np.delete(totals, order).sum())
    return {
        "parts": parts,
        "others": others,
        "other_maps": len(totals) - len(parts),
        "bias": float(bias),
        "sum": float(totals.sum()) + float(bias),
    }
