"""Tesserae along the outlines: decorative mosaic after Hausner (2001), a Voronoi diagram of turned squares."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from studio.style.paintings.brush import at
from studio.style.paintings.noise import Shape, fractal, grid, scattered, smooth, smoothstep
from studio.style.paintings.pigment import finished, lit, over, palette, ramp, vary

SEA = palette("#0b2f4a", "#0f4f6e", "#16788c", "#2fa3a3", "#7fcdbb", "#e4ecd0")
FISH = palette("#7d1d1a", "#c23b22", "#ec7a2b", "#f6b645", "#fbe6ad")
GOLD = palette("#8a5a12", "#c98f22", "#e9bf55", "#f7e2a0")
GROUT = palette("#4b4038")[0]
TILE = 10.5
ROUNDS = 6


def draw(seed: int, size: Shape) -> np.ndarray:
    """Lays the mosaic. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    image, distance = _scene(rng, size, unit)
    angle = _angle(distance, unit)
    sites = _settled(scattered(rng, size, TILE * unit), angle, size, unit)
    return finished(_laid(rng, image, sites, angle, size, unit))


def _scene(rng, size, unit):
    """The cartoon: its colours, and the distance in px to the nearest outline."""
    y, x = grid(size)
    swell = fractal(rng, size, 200 * unit, 2) * 26 * unit
    bands = y + 26 * unit * np.sin(x / (62 * unit) + rng.random() * 6) + swell
    tone = 0.42 + 0.26 * np.sin(bands / (23 * unit)) + 0.12 * smooth(rng, size, 80 * unit)
    image = ramp(SEA, tone)
    outline = np.abs(np.sin(bands / (46 * unit))) < 0.06
    for centre, turn, length in (
        ((0.27, 0.34), 0.25, 250),
        ((0.56, 0.68), 2.9, 270),
        ((0.83, 0.3), -0.2, 220),
    ):
        middle = (np.array(centre) + rng.normal(size=2) * 0.015) * size
        inside, scales = _fish(y - middle[0], x - middle[1], turn + rng.normal() * 0.08, length * unit)
        body = smoothstep(-0.5, 0.5, inside)
        image = over(image, scales, body)
        shape = inside > 0
        ring = ndimage.distance_transform_edt(~shape)
        outline = (outline & (ring > 26 * unit)) | (shape ^ ndimage.binary_erosion(shape))
        image = over(image, palette("#0a1c2c")[0], ((ring > 0) & (ring < 9 * unit)).astype("float32"))
        image = over(image, GOLD[3], ((ring >= 9 * unit) & (ring < 18 * unit)).astype("float32"))
    return image, ndimage.distance_transform_edt(~outline)


def _fish(y, x, turn, length):
    """A fish as a signed shape (positive inside) and its colours, nose along `turn`."""
    u = (x * np.cos(turn) + y * np.sin(turn)) / length
    v = (-x * np.sin(turn) + y * np.cos(turn)) / length
    v = v * np.where(np.cos(turn) < 0, -1, 1)
    v = v + 0.05 * np.sin(u * 5)
    half = 0.19 * np.clip(1 - ((u - 0.08) / 0.43) ** 2, 0, None) ** 0.8
    body = half - np.abs(v)
    tail = np.minimum(0.04 + (-u - 0.3) * 0.9, np.minimum(u + 0.56, 1)) - np.abs(v)
    tail = np.minimum(tail, np.where(u < -0.28, 1, -1))
    fin = np.minimum(0.3 - np.abs(u - 0.02) * 1.3 + v * 0.9, -v - 0.05)
    inside = np.maximum(np.maximum(body, tail), fin * 0.8)
    scale = np.sin(u * 46 + 3 * np.cos(v * 40)) * 0.5
    tone = 0.45 + v * 2.1 + 0.22 * scale - 0.3 * (u < -0.3) - 0.35 * (fin > body)
    colours = ramp(FISH, tone)
    colours = over(colours, FISH[0], (np.abs(u - 0.27 + v * v * 5) < 0.018).astype("float32"))
    eye = np.hypot(u - 0.37, v + 0.03)
    colours = over(colours, GOLD[3], (eye < 0.05).astype("float32"))
    return inside * length, over(colours, palette("#101018")[0], (eye < 0.026).astype("float32"))


def _angle(distance, unit):
    """Direction in which the rows of tiles step away from the nearest outline."""
    soft = ndimage.gaussian_filter(distance.astype("float32"), 3 * unit)
    down, right = np.gradient(soft)
    # Doubled angles: a tile turned by half a turn is the same tile, so opposite slopes must not cancel.
    twice = np.arctan2(down, right) * 2
    weight = np.hypot(down, right)
    sine, cosine = (ndimage.gaussian_filter(f(twice) * weight, 5 * unit) for f in (np.sin, np.cos))
    return np.arctan2(sine, cosine) / 2


def _nearest(points, sites, angle):
    """The nearest and second nearest site of each point under the turned Chebyshev metric."""
    turn = at(angle, sites)
    _, near = cKDTree(sites).query(points, k=6)
    away = points[:, None] - sites[near]
    sine, cosine = np.sin(turn)[near], np.cos(turn)[near]
    u = np.abs(away[..., 1] * cosine + away[..., 0] * sine)
    v = np.abs(-away[..., 1] * sine + away[..., 0] * cosine)
    far = np.maximum(u, v)
    order = np.argsort(far, axis=1)[:, :2]
    chosen = np.take_along_axis(near, order, 1)
    return chosen[:, 0], np.take_along_axis(far, order, 1)


def _settled(sites, angle, size, unit):
    """Lloyd relaxation under that metric, on every third pixel."""
    y, x = (axis[::3, ::3].ravel() for axis in grid(size))
    points = np.stack([y, x], axis=-1).astype(float)
    for _ in range(ROUNDS):
        owner, _ = _nearest(points, sites, angle)
        counts = np.bincount(owner, minlength=len(sites))
        means = np.stack([np.bincount(owner, points[:, i], len(sites)) for i in (0, 1)], axis=-1)
        sites = np.where(counts[:, None] > 0, means / np.maximum(counts, 1)[:, None], sites)
    return sites


def _laid(rng, image, sites, angle, size, unit):
    """Stones in grout: each of one colour, chipped, tilted towards its own side, with a rounded edge."""
    y, x = grid(size)
    points = np.stack([y.ravel(), x.ravel()], axis=-1).astype(float)
    owner, far = _nearest(points, sites, angle)
    owner, far = owner.reshape(size), far.reshape(*size, 2)
    gap = (far[..., 1] - far[..., 0]) / unit + 0.35 * smooth(rng, size, 3 * unit)
    reach = (TILE * 0.66 - far[..., 0] / unit) + 0.4 * smooth(rng, size, 4 * unit)
    depth = np.minimum(gap * 0.7, reach)
    stone = smoothstep(0.5, 1.5, depth)
    colours = vary(rng, at(image, sites), 0.05, 0.018)
    tilt = rng.normal(size=(len(sites), 2)) * 0.05
    offset = np.stack([y, x], axis=-1) - sites[owner]
    face = (
        colours[owner]
        * (1 + (tilt[owner] * offset).sum(-1) / unit * 0.5 + rng.normal(size=len(sites))[owner] * 0.05)[
            ..., None
        ]
    )
    face = face * (1 + 0.05 * smooth(rng, size, 2.5 * unit))[..., None]
    grout = GROUT * (1 + 0.14 * smooth(rng, size, 2 * unit))[..., None]
    relief = np.minimum(depth, 2.2) * 1.4
    return lit(over(grout, face, stone), ndimage.gaussian_filter(relief, 0.6), 0.3)
