"""Outlines as arrays of points: ellipses, smooth curves, and ribbons along a line."""

from __future__ import annotations

from functools import cache

import numpy as np

Points = np.ndarray  # (n, 2) float: x to the right, y down


@cache
def _unit_arc(start: float, end: float, count: int) -> Points:
    angles = np.radians(np.linspace(start, end, count))
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def arc(x: float, y: float, across: float, down: float, start: float, end: float, count: int = 20) -> Points:
    """Returns an elliptical arc, clockwise from `start` to `end` in degrees: 0 right, 90 below."""
    return _unit_arc(start, end, count) * (across, down) + (x, y)


def ellipse(x: float, y: float, across: float, down: float, count: int = 32) -> Points:
    """Returns an ellipse around (x, y) with these half axes."""
    return arc(x, y, across, down, 0, 360 - 360 / count, count)


@cache
def _spline_weights(steps: int) -> np.ndarray:
    """Returns the spline weights of four neighboring knots, `(steps, 4)` (Catmull and Rom 1974)."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return t ** np.arange(4) @ basis


def make_smooth_curve(knots: object, closed: bool = True, steps: int = 7) -> Points:
    """Returns a smooth curve through all knots.

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
    curve = (_spline_weights(steps) @ rows).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, knots[-1:]])


def make_ribbon(points: Points, width: float, taper: float = 0.0) -> Points:
    """Returns the outline of a wide line; a taper of 1 thins both ends to 0."""
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    along /= np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9
    aside = along[:, ::-1] * (-0.5 * width, 0.5 * width) * _taper_factors(len(points), taper)
    return np.concatenate([points + aside, (points - aside)[::-1]])


@cache
def _taper_factors(count: int, taper: float) -> np.ndarray:
    return 1 - taper * np.linspace(-1, 1, count)[:, None] ** 2


def translate(points: object, x: float = 0.0, y: float = 0.0) -> Points:
    """Translates points."""
    return np.asarray(points, float) + np.array((x, y))


def mirror(points: Points) -> Points:
    """Mirrors points at x = 0."""
    return np.asarray(points, float) * (-1, 1)


def make_symmetric(right: object) -> Points:
    """Returns a symmetric outline: the right half from top to bottom, then its mirror image."""
    right = np.asarray(right, float)
    return np.concatenate([right, mirror(right)[::-1]])
