"""Outlines as rows of points: ellipses, curves through few points, ribbons along a line."""

from __future__ import annotations

from functools import cache

import numpy as np

Points = np.ndarray  # (n, 2) float: x to the right, y down


@cache
def _round(start: float, end: float, count: int) -> Points:
    angles = np.radians(np.linspace(start, end, count))
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def arc(x: float, y: float, across: float, down: float, start: float, end: float, count: int = 20) -> Points:
    """A part of an ellipse, clockwise from `start` to `end` in degrees: 0 is right, 90 below, 180 left."""
    return _round(start, end, count) * (across, down) + (x, y)


def ellipse(x: float, y: float, across: float, down: float, count: int = 32) -> Points:
    """An ellipse around (x, y) with these half axes."""
    return arc(x, y, across, down, 0, 360 - 360 / count, count)


@cache
def _weights(steps: int) -> np.ndarray:
    """`(steps, 4)`: how much of its four neighbors each point between two knots has (Catmull & Rom 1974)."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return t ** np.arange(4) @ basis


def smooth(knots: object, closed: bool = True, steps: int = 7) -> Points:
    """A curve through all knots.

    Args:
        knots: `(k, 2)`, at least three.
        closed: whether it returns to the first knot.
        steps: points from a knot to the next.
    """
    knots = np.asarray(knots, float)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([knots[:1], knots, knots[-1:]])
    rows = np.stack([padded[n : n + len(padded) - 3] for n in range(4)], axis=1)  # (pieces, 4, 2)
    curve = (_weights(steps) @ rows).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, knots[-1:]])


def ribbon(points: Points, width: float, taper: float = 0.0) -> Points:
    """The outline of a line with a width; a taper of 1 lets both ends run thin."""
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    along /= np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9
    aside = along[:, ::-1] * (-0.5 * width, 0.5 * width) * _thinned(len(points), taper)
    return np.concatenate([points + aside, (points - aside)[::-1]])


@cache
def _thinned(count: int, taper: float) -> np.ndarray:
    return 1 - taper * np.linspace(-1, 1, count)[:, None] ** 2


def moved(points: object, x: float = 0.0, y: float = 0.0) -> Points:
    """The same elsewhere."""
    return np.asarray(points, float) + np.array((x, y))


def mirrored(points: Points) -> Points:
    """The same on the other side of x = 0."""
    return np.asarray(points, float) * (-1, 1)


def both(right: object) -> Points:
    """An outline that is the same on both sides: its right half from top to bottom, then its mirror image."""
    right = np.asarray(right, float)
    return np.concatenate([right, mirrored(right)[::-1]])
