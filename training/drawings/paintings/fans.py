"""Art deco: overlapping fans (the seigaiha pattern) of enamel, each with its own motif, drawn in gold."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.drawings.paintings.noise import (
    Shape,
    average_down,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    make_stretched_noise,
    smoothstep,
)
from training.drawings.paintings.pigment import (
    blend,
    interpolate_colors,
    parse_palette,
    shade_relief,
    to_uint8,
)

ENAMELS = (
    parse_palette("#04231f", "#0b4a3c", "#157a5c", "#3fb58a"),
    parse_palette("#0a0f2a", "#14235a", "#24489a", "#5f8fd0"),
    parse_palette("#200a1e", "#541238", "#94224c", "#dc5f6a"),
    parse_palette("#07222c", "#0d4f5e", "#148a92", "#7ad0c4"),
    parse_palette("#14110f", "#2b2622", "#4a4038", "#8a7458"),
)
IVORY = parse_palette("#f3e6c8")[0]
GOLD = parse_palette("#5a3a0c", "#a8741c", "#e0b040", "#fbe39a", "#c99328")
OVERSAMPLING = 2
RADIUS = 84.0


def draw(seed: int, size: Shape) -> np.ndarray:
    """Draws the screen of fans. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    fine = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    unit = min(fine) / 512
    away, turn, tile = _locate_fans(rng, fine, unit)
    enamel, gold = _draw_motifs(rng, fine, away, turn, tile, unit)
    return to_uint8(
        _gild(rng, average_down(enamel, OVERSAMPLING), average_down(gold, OVERSAMPLING), min(size) / 512)
    )


def _locate_fans(rng, size, unit):
    """Returns for each pixel its distance in radii and angle from the foot of its front fan, and that fan."""
    y, x = make_pixel_grid(size)
    # Hand-drawn: the grid is bent a little, as no two fans are cut alike.
    y, x = (axis + 5 * unit * make_fractal_noise(rng, size, 190 * unit, 2, 0.4) for axis in (y, x))
    radius = RADIUS * unit
    rise = radius * 0.5
    shift = rng.random() * radius
    away, turn = np.full(size, 9.0), np.zeros(size)
    tile = np.zeros(size, int)
    rows = int(size[0] / rise) + 4
    for row in range(rows):  # from the top down: a lower fan lies over those above it
        foot = row * rise
        column = np.round((x - shift) / (2 * radius) - 0.5 * (row % 2))
        across = x - shift - (column + 0.5 * (row % 2)) * 2 * radius
        far = np.hypot(y - foot, across) / radius
        front = (far < 1) & (y < foot + 0.02 * radius)
        away = np.where(front, far, away)
        turn = np.where(front, np.arctan2(across, foot - y), turn)
        tile = np.where(front, row * 64 + column.astype(int) + 8, tile)
    return away, turn, tile


def _draw_motifs(rng, size, away, turn, tile, unit):
    """Returns the colors of the enamel `(H, W, 3)` and the mask of gold `(H, W)`, in four motifs."""
    kinds = rng.integers(0, 4, tile.max() + 1)[tile]
    families = rng.choice(len(ENAMELS), tile.max() + 1, p=(0.31, 0.3, 0.18, 0.12, 0.09))[tile]
    width = 1.15 * unit / (RADIUS * unit)
    rays = np.abs((turn / np.pi * 14) % 1 - 0.5) * 2
    petals = np.abs((turn / np.pi * 7) % 1 - 0.5) * 2
    tone = np.select(
        [kinds == 0, kinds == 1, kinds == 2],
        [
            0.15 + 0.75 * ((away * 6) % 1),
            0.15 + 0.7 * (rays > 0.5) * away + 0.2 * away,
            0.2 + 0.75 * smoothstep(0.2, -0.25, away - 0.42 - 0.42 * np.sqrt(1 - petals**2)),
        ],
        0.2 + 0.65 * ((np.abs(turn) * 2.2 + away * 5) % 1),
    )
    lines = np.select(
        [kinds == 0, kinds == 1, kinds == 2],
        [
            np.abs((away * 6 + 0.5) % 1 - 0.5) / 6,
            np.abs(rays - 0.5) * away * 0.11,
            np.minimum(np.abs(away - 0.42 - 0.42 * np.sqrt(1 - petals**2)) * 0.7, (1 - petals) * away * 0.2),
        ],
        np.abs((np.abs(turn) * 2.2 + away * 5 + 0.5) % 1 - 0.5) / 5.5,
    )
    tone = tone + 0.06 * make_noise(rng, size, 18 * unit) - 0.3 * smoothstep(0.55, 0, away)
    enamel = np.zeros((*size, 3))
    for index, family in enumerate(ENAMELS):
        selected = families == index
        enamel[selected] = interpolate_colors(family, tone[selected])
    enamel = blend(enamel, IVORY, 0.92 * ((away > 0.86) & (away < 0.93)) * (kinds != 0))
    tremble = np.clip(1 + 0.3 * make_noise(rng, size, 14 * unit), 0.5, 1.6)
    frame = np.minimum.reduce(
        [np.abs(away - 0.985) * 0.55, np.abs(away - 0.93), np.abs(away - 0.86), np.abs(away - 0.13)]
    )
    beads = np.hypot(((turn / np.pi * 30) % 1 - 0.5) * 0.105, away - 0.895)
    near = np.minimum(np.where(away < 0.86, lines, 9), frame)
    gold = np.maximum(smoothstep(width * 1.35, width * 0.65, near / tremble), beads < 0.019)
    return enamel, np.maximum(gold, away < 0.13)


def _gild(rng, enamel, gold, unit):
    """Renders cloudy enamel, and worn, raised gold leaf that catches light."""
    size = gold.shape
    cloud = 1 + 0.08 * make_fractal_noise(rng, size, 60 * unit, 4) + 0.035 * make_noise(rng, size, 2 * unit)
    enamel = enamel * cloud[..., None]
    sweep = (
        0.5
        + 0.2 * make_fractal_noise(rng, size, 110 * unit, 3)
        + 0.09 * make_stretched_noise(rng, size, 2 * unit, 14 * unit)
    )
    wear = smoothstep(3.0, 2.0, make_fractal_noise(rng, size, 26 * unit, 4, 0.75))
    leaf = interpolate_colors(GOLD, sweep)
    relief = ndimage.gaussian_filter(gold, 0.7) * 2.2 + 0.12 * make_noise(rng, size, 3 * unit)
    return shade_relief(blend(enamel, leaf, gold * (0.25 + 0.75 * wear)), relief, 0.3)
