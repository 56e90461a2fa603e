"""Tesserae along the outlines: decorative mosaic after Hausner (2001), Voronoi cells of turned squares."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from training.drawings.paintings.brush import sample_at
from training.drawings.paintings.noise import (
    Shape,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    scatter_points,
    smoothstep,
)
from training.drawings.paintings.pigment import (
    blend,
    interpolate_colors,
    parse_palette,
    shade_relief,
    to_uint8,
    vary_colors,
)

SAND = parse_palette("#a8552f", "#cf8a4e", "#e6b878", "#f1d9a6", "#f8ecd0")
CREST, LAPIS = parse_palette("#22454c", "#1f5f8c")
FISH = (
    parse_palette("#f4efd8", "#a9d6c4", "#4fa9a8", "#1f7488", "#164a6e", "#102a4a"),
    parse_palette("#fbe6c4", "#f2ab7a", "#e06a48", "#b8352f", "#7f1d2a", "#4a121f"),
    parse_palette("#f6efcf", "#c3cf8a", "#7fa055", "#4a7440", "#2a4f3c", "#16302c"),
)
FINS = parse_palette("#7a1a22", "#c8472f", "#eea04a")
NIGHT, IVORY = parse_palette("#08131f", "#f6ebcf")
GROUT = parse_palette("#4a4440")[0]
TILE = 10.6
RELAXATIONS = 6

# Outlines of a fish, nose at (1, 0): along and up, as multiples of half its length.
# fmt: off
BODY = ((1, 0), (0.8, 0.17), (0.45, 0.3), (0, 0.32), (-0.4, 0.2), (-0.72, 0.07), (-0.72, -0.05),
        (-0.4, -0.15), (0, -0.26), (0.45, -0.27), (0.8, -0.16))
TAIL = ((-0.66, 0.03), (-0.9, 0.22), (-1.2, 0.42), (-1.1, 0.15), (-1.03, 0), (-1.1, -0.15), (-1.2, -0.4),
        (-0.9, -0.2))
DORSAL = ((0.42, 0.26), (0.22, 0.5), (-0.12, 0.53), (-0.42, 0.38), (-0.46, 0.16), (0, 0.24))
PELVIC = ((0.34, -0.22), (0.12, -0.46), (-0.05, -0.46), (-0.02, -0.2))
# fmt: on


def draw(seed: int, size: Shape) -> np.ndarray:
    """Lays the mosaic. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    image, outline, small = _draw_cartoon(rng, size, unit)
    distance = ndimage.distance_transform_edt(~outline)
    angle = _compute_angle(distance, unit)
    tile = ndimage.gaussian_filter(np.where(small, 0.74, 1.0), 4 * unit) * TILE * unit
    sites = scatter_points(rng, size, TILE * 0.74 * unit)
    sites = sites[rng.random(len(sites)) < (TILE * 0.74 * unit / sample_at(tile, sites)) ** 2]
    sites = _relax(sites, angle, tile, size)
    return to_uint8(_lay_stones(rng, image, sites, angle, tile, unit))


def _draw_cartoon(rng, size, unit):
    """Returns the colors, the outlines that stones follow, and the mask of small stones."""
    y, x = make_pixel_grid(size)
    image, outline = _draw_sea(rng, size, unit, y, x)
    small = np.zeros(size, bool)
    for _ in range(9):
        middle = rng.random(2) * size
        away = np.hypot(y - middle[0], x - middle[1])
        radius = rng.uniform(13, 26) * unit
        image = blend(
            image, interpolate_colors(SAND, 0.5 + 0.5 * away / radius), smoothstep(radius, radius - 1, away)
        )
        outline = (outline & (away > radius * 1.5)) | (np.abs(away - radius) < 1)
    spots = ((0.22, 0.32, 0.12, 150), (0.53, 0.68, 2.95, 165), (0.81, 0.27, -0.18, 140))
    for index, (down, across, turn, half) in enumerate(spots):
        middle = (np.array((down, across)) + rng.normal(size=2) * 0.02) * size
        turn = turn + rng.normal() * 0.1
        image, outline, shape = _draw_fish(
            rng, size, unit, y, x, image, outline, middle, turn, half * unit, index
        )
        small |= shape
    return image, outline, small


def _draw_sea(rng, size, unit, y, x):
    """Draws bands of sand waves with dark green and some lapis crests."""
    swell = make_fractal_noise(rng, size, 190 * unit, 2) * 30 * unit
    bands = (y + 20 * unit * np.sin(x / (58 * unit) + rng.random() * 6) + swell) / (27 * unit)
    position = bands % 2
    tone = 0.12 + 0.6 * smoothstep(0, 1.9, position) + 0.07 * make_noise(rng, size, 60 * unit)
    image = interpolate_colors(SAND, tone)
    image = blend(image, CREST, smoothstep(1.62, 1.66, position))
    image = blend(image, LAPIS, smoothstep(1.62, 1.66, position) * (make_noise(rng, size, 26 * unit) > 0.7))
    return image, np.abs(position - 1.62) < 0.04


def _draw_fish(rng, size, unit, y, x, image, outline, middle, turn, half, index):
    """Draws one fish with a dark and an ivory outline."""
    bend = rng.uniform(0.06, 0.12) * (-1) ** index
    part = {name: _make_mask(size, points, middle, turn, half, bend) for name, points in _PARTS.items()}
    fish = np.any(list(part.values()), axis=0)
    ring = ndimage.distance_transform_edt(~fish) / unit
    image = blend(image, NIGHT, (ring < 7.5).astype("float32"))
    image = blend(image, IVORY, ((ring >= 7.5) & (ring < 15)).astype("float32"))
    outline = outline & (ring > 24)
    u = ((x - middle[1]) * np.cos(turn) + (y - middle[0]) * np.sin(turn)) / half
    v = ((x - middle[1]) * np.sin(turn) - (y - middle[0]) * np.cos(turn)) / half * _upright_sign(turn)
    v = v - bend * np.sin(u * 2.4)
    for name in ("tail", "dorsal", "pelvic"):
        stripes = 0.5 + 0.5 * np.sin((u * 9 + v * 30) * (1 if name == "tail" else 2))
        image = blend(image, interpolate_colors(FINS, stripes), part[name].astype("float32"))
        outline = (outline & ~part[name]) | (part[name] ^ ndimage.binary_erosion(part[name]))
    body = part["body"]
    scale = np.sin(u * 34 + 2 * np.cos(v * 34)) * np.cos(v * 22)
    skin = interpolate_colors(FISH[index % len(FISH)], 0.42 + 1.6 * v + 0.2 * scale)
    skin = blend(skin, NIGHT, (np.abs(u - 0.56 + 1.4 * v * v) < 0.022).astype("float32"))
    eye = np.hypot(u - 0.74, v - 0.05)
    skin = blend(blend(skin, IVORY, (eye < 0.085).astype("float32")), NIGHT, (eye < 0.042).astype("float32"))
    image = blend(image, skin, body.astype("float32"))
    rim = body ^ ndimage.binary_erosion(body)
    return image, (outline & ~body) | rim | (np.abs(eye - 0.085) < 0.01), fish


_PARTS = {"tail": TAIL, "dorsal": DORSAL, "pelvic": PELVIC, "body": BODY}


def _upright_sign(turn):
    """Returns -1 for a fish that swims to the left, which mirrors it, else 1."""
    return 1 if np.cos(turn) > 0 else -1


def _make_mask(size, points, middle, turn, half, bend):
    """Returns the mask of a closed periodic cubic spline through the points, bent and positioned."""
    knots = np.array([*points, points[0]], dtype=float)
    u, v = CubicSpline(np.arange(len(knots)), knots, bc_type="periodic")(np.linspace(0, len(knots) - 1, 90)).T
    v = (v + bend * np.sin(u * 2.4)) * _upright_sign(turn)
    down = middle[0] + half * (u * np.sin(turn) - v * np.cos(turn))
    across = middle[1] + half * (u * np.cos(turn) + v * np.sin(turn))
    mask = Image.new("1", size[::-1])
    ImageDraw.Draw(mask).polygon(np.stack([across, down], axis=-1).ravel().tolist(), fill=1)
    return np.asarray(mask)


def _compute_angle(distance, unit):
    """Returns the direction of the rows of tiles, away from the nearest outline."""
    down, right = np.gradient(ndimage.gaussian_filter(distance.astype("float32"), 2 * unit))
    # Doubled angles: a tile turned by half a turn is the same tile, so opposite slopes must not cancel.
    twice = np.arctan2(down, right) * 2
    weight = np.hypot(down, right)
    sine, cosine = (ndimage.gaussian_filter(f(twice) * weight, 4 * unit) for f in (np.sin, np.cos))
    return np.arctan2(sine, cosine) / 2


def _find_nearest(points, sites, angle, tile):
    """Returns each point's nearest site by the rotated Chebyshev metric, and the two least distances."""
    turn, width = sample_at(angle, sites), sample_at(tile, sites)
    _, near = cKDTree(sites).query(points, k=6)
    away = points[:, None] - sites[near]
    sine, cosine = np.sin(turn)[near], np.cos(turn)[near]
    u = np.abs(away[..., 1] * cosine + away[..., 0] * sine)
    v = np.abs(-away[..., 1] * sine + away[..., 0] * cosine)
    far = np.maximum(u, v) / width[near]
    order = np.argsort(far, axis=1)[:, :2]
    return np.take_along_axis(near, order, 1)[:, 0], np.take_along_axis(far, order, 1)


def _relax(sites, angle, tile, size):
    """Relaxes the sites (Lloyd) by the metric of `_find_nearest`, on every third pixel."""
    y, x = (axis[::3, ::3].ravel() for axis in make_pixel_grid(size))
    points = np.stack([y, x], axis=-1).astype(float)
    for _ in range(RELAXATIONS):
        owner, _ = _find_nearest(points, sites, angle, tile)
        counts = np.bincount(owner, minlength=len(sites))
        means = np.stack([np.bincount(owner, points[:, i], len(sites)) for i in (0, 1)], axis=-1)
        sites = np.where(counts[:, None] > 0, means / np.maximum(counts, 1)[:, None], sites)
    return sites


def _lay_stones(rng, image, sites, angle, tile, unit):
    """Renders stones in grout, each of one color, chipped, tilted, with a rounded edge."""
    size = tile.shape
    y, x = make_pixel_grid(size)
    points = np.stack([y.ravel(), x.ravel()], axis=-1).astype(float)
    owner, far = _find_nearest(points, sites, angle, tile)
    owner, far = owner.reshape(size), far.reshape(*size, 2) * (tile / unit)[..., None]
    gap = (far[..., 1] - far[..., 0]) * 0.75 + 0.25 * make_noise(rng, size, 3 * unit)
    reach = tile / unit * 0.62 - far[..., 0] + 0.35 * make_noise(rng, size, 4 * unit)
    depth = np.minimum(gap, reach)
    stone = smoothstep(0.45, 1.35, depth)
    count = len(sites)
    colors = vary_colors(rng, sample_at(ndimage.gaussian_filter(image, (unit, unit, 0)), sites), 0.045, 0.014)
    offset = (np.stack([y, x], axis=-1) - sites[owner]) / (TILE * unit)
    tilt = (rng.normal(size=(count, 2)) * 0.22)[owner]
    glint = (rng.random(count) < 0.04)[owner] * 0.22
    light = 1 + (tilt * offset).sum(-1) + (rng.normal(size=count) * 0.06)[owner] + glint
    light += 0.05 * make_noise(rng, size, 2.5 * unit) + 0.03 * make_noise(rng, size, 6 * unit)
    grout = GROUT * (1 + 0.16 * make_noise(rng, size, 2 * unit))[..., None]
    relief = ndimage.gaussian_filter(np.minimum(depth, 2.2) * 1.3, 0.6)
    return shade_relief(blend(grout, colors[owner] * light[..., None], stone), relief, 0.26)
