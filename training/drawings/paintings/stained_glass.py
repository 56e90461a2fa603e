"""A leaded window: Voronoi panes (one round of Lloyd relaxation), a rose round a low sun, wind and hills."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from training.drawings.paintings.noise import (
    Shape,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    make_stretched_noise,
    smoothstep,
)
from training.drawings.paintings.pigment import (
    interpolate_colors,
    parse_palette,
    shade_relief,
    to_uint8,
    vary_colors,
)

SUN = parse_palette("#fff0a8", "#ffd23a", "#ffaa14", "#f57612", "#dc3518", "#a90f2c", "#6d0c48")
SKY = parse_palette("#3b1a7a", "#2a2bb0", "#1546c4", "#0f6fd0", "#0c9ac4", "#22bdb4", "#8fe0c8")
HILLS = parse_palette("#0a4f8a", "#0b7a7d", "#0d7a4c", "#3f9a35", "#9bc038", "#0d5c4a")
LEAD = parse_palette("#17151b")[0]
RINGS = (1, 7, 12, 18, 24, 30)


def draw(seed: int, size: Shape) -> np.ndarray:
    """Draws the window. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    sun = np.array([size[0] * rng.uniform(0.34, 0.42), size[1] * rng.uniform(0.34, 0.66)])
    horizon = _make_horizon(rng, size)
    sites, ring = _place_sites(rng, size, sun, horizon, unit)
    panes = _assign_panes(size, sites)
    colors = _choose_colors(rng, size, sites, ring, sun, horizon, unit)
    glass = _render_glass(rng, size, panes, sites, colors, sun, unit)
    return to_uint8(_add_lead(rng, glass, panes, unit))


def _make_horizon(rng, size):
    """Returns the y of the hills' outline for each x."""
    x = np.arange(size[1]) / size[1]
    return size[0] * (
        0.7 + 0.055 * np.sin(x * 5.2 + rng.random() * 6) + 0.025 * np.sin(x * 13 + rng.random() * 6)
    )


def _place_sites(rng, size, sun, horizon, unit):
    """Returns the pane centers `(N, 2)`, and the ring around the sun of each, or -1."""
    rings, radius = [], 0.0
    for index, number in enumerate(RINGS):
        angles = (np.arange(number) + 0.5 * (index % 2)) / number * 2 * np.pi + rng.normal(
            size=number
        ) * 0.035
        radii = radius * (1 + rng.normal(size=number) * 0.025)
        spots = sun + radii[:, None] * np.stack([np.sin(angles), np.cos(angles)], axis=-1)
        rings.append(np.column_stack([spots, np.full(number, index)]))
        radius += (27 + 2.5 * index) * unit
    rose = np.concatenate(rings)
    border = _place_mirror_pairs(rng, size, horizon, unit)
    rose = rose[rose[:, 0] < np.interp(rose[:, 1], np.arange(size[1]), horizon) - 14 * unit]
    rows = _place_rows(rng, size, unit)
    rows = rows[np.linalg.norm(rows - sun, axis=1) > radius - 8 * unit]
    rows = rows[cKDTree(border).query(rows)[0] > 17 * unit]
    fixed = np.concatenate([rose[:, :2], border])
    sites = np.concatenate([fixed, _relax(size, fixed, rows)])
    ring = np.full(len(sites), -1)
    ring[: len(rose)] = rose[:, 2]
    return sites, ring


def _place_mirror_pairs(rng, size, horizon, unit):
    """Returns pairs of sites on both sides of the hills' outline, so that lead runs along it."""
    x = np.arange(-10 * unit, size[1] + 10 * unit, 27 * unit)
    x = x + rng.normal(size=len(x)) * 3 * unit
    y = np.interp(x, np.arange(size[1]), horizon)
    lean = np.interp(x, np.arange(size[1]), np.gradient(horizon))
    normal = np.stack([np.ones_like(lean), -lean], axis=-1) / np.hypot(1, lean)[:, None]
    spots = np.stack([y, x], axis=-1)
    return np.concatenate([spots - 11 * unit * normal, spots + 11 * unit * normal])


def _place_rows(rng, size, unit):
    """Returns sites of long panes: like wind in the sky, and like furrows below."""
    phase = rng.random(3) * 6
    rows = []
    for index, level in enumerate(np.arange(-40 * unit, size[0] + 60 * unit, 27 * unit)):
        step = rng.uniform(44, 66) * unit
        x = np.arange(-step, size[1] + step, step) + step * 0.5 * (index % 2) + rng.normal() * 6 * unit
        x = x + rng.normal(size=len(x)) * step * 0.14
        wave = 20 * np.sin(x / (95 * unit) + phase[0] + level / (150 * unit)) + 9 * np.sin(
            x / (41 * unit) + phase[1]
        )
        rows.append(np.stack([level + wave * unit + rng.normal(size=len(x)) * 3 * unit, x], axis=-1))
    return np.concatenate(rows)


def _relax(size, fixed, free):
    """Relaxes the free sites (Lloyd) on a coarse grid, in one round, so that panes stay irregular."""
    y, x = make_pixel_grid(size)
    pixels = np.stack([y[::5, ::5].ravel(), x[::5, ::5].ravel()], axis=-1)
    _, nearest = cKDTree(np.concatenate([fixed, free])).query(pixels)
    counts = np.bincount(nearest, minlength=len(fixed) + len(free))
    means = [np.bincount(nearest, pixels[:, axis], len(counts)) / np.maximum(counts, 1) for axis in (0, 1)]
    targets = np.stack(means, axis=-1)[len(fixed) :]
    return np.where(counts[len(fixed) :, None] > 0, (targets + free) / 2, free)


def _assign_panes(size, sites):
    """Returns the index of the pane at each pixel, `(H, W) int`."""
    y, x = make_pixel_grid(size)
    _, nearest = cKDTree(sites).query(np.stack([y.ravel(), x.ravel()], axis=-1))
    return nearest.reshape(size)


def _choose_colors(rng, size, sites, ring, sun, horizon, unit):
    """Chooses one color per pane: rings of fire, a sky that cools with distance, rolling hills below."""
    y, x = sites.T
    count = len(sites)
    far = np.linalg.norm(sites - sun, axis=1) / (470 * unit)
    wind = np.sin(y / (34 * unit) + 1.3 * np.sin(x / (120 * unit)))
    colors = interpolate_colors(SKY, 0.95 - far * 0.85 + 0.16 * wind + rng.normal(size=count) * 0.07)
    under = y - np.interp(x, np.arange(size[1]), horizon)
    greens = interpolate_colors(
        HILLS, 0.75 - under / (size[0] * 0.36) + 0.16 * wind + rng.normal(size=count) * 0.1
    )
    colors = np.where((under > 0)[:, None], greens, colors)
    fire = interpolate_colors(
        SUN, ring / (len(RINGS) - 0.4) + 0.09 * (-1) ** np.arange(count) + rng.normal(size=count) * 0.03
    )
    colors = np.where((ring >= 0)[:, None], fire, colors)
    # A few panes of the other family, as a glazier uses up offcuts, tie sky, sun and hills together.
    odd = (rng.random(count) < 0.09) & (ring < 0)
    colors = np.where(odd[:, None], interpolate_colors(SUN, rng.random(count) * 0.75 + 0.2), colors)
    return vary_colors(rng, colors, 0.03, 0.012)


def _render_glass(rng, size, panes, sites, colors, sun, unit):
    """Renders light through the panes: a gradient in each, streaks of rolled glass, dirt near the lead."""
    count = len(colors)
    y, x = make_pixel_grid(size)
    angle = rng.random(count)[panes] * 2 * np.pi
    dy, dx = y - sites[:, 0][panes], x - sites[:, 1][panes]
    slope = (dy * np.sin(angle) + dx * np.cos(angle)) / (26 * unit)
    swirl = np.stack([_make_streaks(rng, size, unit, turned) for turned in (False, True, False)])
    streak = np.take_along_axis(swirl, rng.integers(0, 3, count)[panes][None], axis=0)[0]
    far = np.hypot(y - sun[0], x - sun[1]) / (430 * unit)
    light = 0.26 * np.clip(slope, -1.6, 1.6) + 0.2 * streak + 0.5 * np.exp(-((far * 1.6) ** 2)) - 0.06
    light -= 0.75 * (1 - smoothstep(0, 10 * unit, _compute_depth(panes)))
    # A factor keeps the hue pure where adding white would make milk of it.
    image = colors[panes] * np.exp(light)[..., None]
    image += np.clip(image.max(-1, keepdims=True) - 1, 0, 0.5) * 0.45
    relief = 0.9 * streak + 0.7 * make_fractal_noise(rng, size, 9 * unit, 2)
    image = shade_relief(np.clip(image, 0, 1), relief * unit, 0.16)
    glow = ndimage.gaussian_filter(image, (11 * unit, 11 * unit, 0))
    return 1 - (1 - image) * (1 - 0.16 * glow**2)


def _make_streaks(rng, size, unit, turned):
    """Returns the bent streaks of rolled glass."""
    cells = (55 * unit, 5 * unit) if turned else (5 * unit, 55 * unit)
    bend = make_noise(rng, size, 60 * unit) * 9 * unit
    y, x = make_pixel_grid(size)
    field = make_stretched_noise(rng, size, *cells)
    shift = (0 * bend, bend) if turned else (bend, 0 * bend)
    return ndimage.map_coordinates(field, [y + shift[0], x + shift[1]], order=1, mode="reflect")


def _compute_depth(panes):
    """Returns the smoothed distance in px from each pixel to the border of its pane."""
    border = ndimage.maximum_filter(panes, 2) != ndimage.minimum_filter(panes, 2)
    return ndimage.gaussian_filter(ndimage.distance_transform_edt(~border).astype("float32"), 0.8)


def _add_lead(rng, glass, panes, unit):
    """Draws rounded lead of uneven width along the borders, with solder where panes meet."""
    size = panes.shape
    depth = _compute_depth(panes)
    low, high = ndimage.minimum_filter(panes, 3), ndimage.maximum_filter(panes, 3)
    meeting = (low != high) & (panes != low) & (panes != high)
    solder = np.clip(ndimage.gaussian_filter(meeting.astype("float32"), 2.2 * unit) * 22 * unit**2, 0, 1)
    width = (2.5 + 0.45 * make_noise(rng, size, 45 * unit) + 1.7 * solder) * unit
    across = np.clip(depth / width, 0, 1)
    lead = 1 - smoothstep(0.75, 1.1, depth / width)
    metal = np.clip(LEAD + 0.025 * make_noise(rng, size, 5 * unit)[..., None], 0, 1)
    relief = ndimage.gaussian_filter(np.sqrt(1 - 0.98 * across**2) * width, 0.7)
    metal = shade_relief(np.broadcast_to(metal, glass.shape), relief, 0.42)
    return glass + (metal - glass) * lead[..., None]
