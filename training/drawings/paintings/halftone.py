"""Pop art: bold shapes with thick outlines, printed in turned CMYK dot screens slightly out of register."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.drawings.paintings.noise import (
    Shape,
    average_down,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    smoothstep,
)
from training.drawings.paintings.pigment import blend, parse_palette, to_uint8

INKS = parse_palette("#009fd6", "#e5127d", "#ffe600", "#15130f")
PAPER = parse_palette("#fbf3df")[0]
ANGLES = (15, 75, 0, 45)  # degrees of the four screens, the printers' usual ones
OVERSAMPLING = 2
CELL = 9.0


def draw(seed: int, size: Shape) -> np.ndarray:
    """Prints the page. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    fine = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    unit = min(fine) / 512
    plates, line = _draw_scene(rng, fine, unit)
    sheet = np.ones((*size, 3)) * PAPER * (1 + 0.02 * make_noise(rng, size, 2))[..., None]
    for index, plate in enumerate(plates):
        dots = _render_screen(rng, plate, ANGLES[index], unit)
        sheet = _print_ink(rng, sheet, average_down(dots, OVERSAMPLING), INKS[index])
    return to_uint8(_print_ink(rng, sheet, average_down(line, OVERSAMPLING), INKS[3]))


def _draw_scene(rng, size, unit):
    """Returns the plates cyan, magenta, yellow and black, `(4, H, W)` in [0, 1], and the black lines."""
    y, x = make_pixel_grid(size)
    plates = np.zeros((4, *size), "float32")
    shapes = np.zeros(size, int)
    center = np.array([size[0] * 0.44, size[1] * rng.uniform(0.4, 0.6)])
    away = np.hypot(y - center[0], (x - center[1]) * 0.92)
    turn = np.arctan2(y - center[0], x - center[1])
    ray = np.floor((turn / (2 * np.pi) * 28) % 28).astype(int)
    _fill_plates(plates, ray % 2 == 0, (0.75 - away / (700 * unit), 0.0, 0.0, 0))
    _fill_plates(plates, ray % 2 == 1, (0.0, 0.2 + away / (600 * unit), 0.9, 0))
    shapes += ray + 1
    for index, (radius, points, depth, inks) in enumerate(_list_bursts(rng, unit)):
        spikes = np.abs((turn / (2 * np.pi) * points + 0.37 * index) % 1 - 0.5) * 2
        edge = radius * (1 - depth * spikes) * (1 + 0.12 * np.sin(turn * 3 + index) + 0.05 * np.sin(turn * 7))
        inside = away < edge
        _fill_plates(plates, inside, tuple(ink(away / edge) for ink in inks))
        shapes = np.where(inside, 40 + index, shapes)
    shapes = _draw_clouds(rng, size, unit, y, x, plates, shapes)
    line = _draw_outlines(rng, shapes, unit)
    return plates, line


def _fill_plates(plates, mask, inks):
    for plate, ink in zip(plates, inks, strict=True):
        plate[mask] = np.broadcast_to(np.clip(ink, 0, 1), mask.shape)[mask]


def _list_bursts(rng, unit):
    """Returns the nested stars: outer radius, points, their depth, and the four inks by radius."""
    return (
        (
            225 * unit,
            15,
            0.3,
            (lambda r: 0 * r, lambda r: 0.95 + 0 * r, lambda r: 0.75 - 0.4 * r, lambda r: 0 * r),
        ),
        (178 * unit, 15, 0.32, (lambda r: 0 * r, lambda r: 0.5 * r**2, lambda r: 1 + 0 * r, lambda r: 0 * r)),
        (118 * unit, 11, 0.36, (lambda r: 0.2 + 0.75 * r, lambda r: 0 * r, lambda r: 0 * r, lambda r: 0 * r)),
        (
            72 * unit,
            9,
            0.4,
            (lambda r: 0 * r, lambda r: 0.7 - 0.75 * r, lambda r: 0.3 + 0.5 * r, lambda r: 0 * r),
        ),
    )


def _draw_clouds(rng, size, unit, y, x, plates, shapes):
    """Draws clouds along the lower edge and in two corners, shaded in magenta and cyan dots."""
    rows = [(0.98, 62, 9), (1.06, 80, 7)]
    for index, (level, radius, number) in enumerate(rows):
        for k in range(number):
            middle = (
                (level + rng.normal() * 0.025) * size[0],
                (k + 0.5 + rng.normal() * 0.12) / number * size[1],
            )
            r = radius * unit * rng.uniform(0.8, 1.25)
            away = np.hypot(y - middle[0], x - middle[1])
            inside = away < r
            shade = np.clip((y - middle[0] + (x - middle[1]) * 0.5) / r * 0.55 + 0.52, 0, 0.85)
            _fill_plates(
                plates,
                inside,
                (shade * (0.9 if index else 0.5), shade * (0.1 if index else 0.7), 0 * shade, 0 * shade),
            )
            shapes = np.where(inside, 60 + 20 * index + k, shapes)
    return shapes


def _draw_outlines(rng, shapes, unit):
    """Draws a brush line of varying width along every border."""
    border = ndimage.maximum_filter(shapes, 3) != ndimage.minimum_filter(shapes, 3)
    away = ndimage.distance_transform_edt(~border)
    minor = (shapes < 40) & (ndimage.maximum_filter(shapes, int(12 * unit)) < 40)
    width = np.where(minor, 0.9, 2.6) * unit * (1 + 0.35 * make_noise(rng, shapes.shape, 50 * unit))
    return smoothstep(1, -1, away - width)


def _render_screen(rng, tone, angle, unit):
    """Renders a dot screen: round dots that grow with the tone until they merge."""
    y, x = make_pixel_grid(tone.shape)
    turn = np.deg2rad(angle)
    cell = CELL * unit
    u = (x * np.cos(turn) + y * np.sin(turn)) / cell
    v = (-x * np.sin(turn) + y * np.cos(turn)) / cell
    spot = (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)) / 4 + 0.5
    tone = ndimage.gaussian_filter(tone, 0.8 * unit)
    return smoothstep(-0.07, 0.07, tone - (1 - spot)) * smoothstep(0.02, 0.06, tone)


def _print_ink(rng, sheet, mask, ink):
    """Prints an ink: it multiplies, is uneven, and is out of register by up to 1.5 px."""
    size = mask.shape
    mask = ndimage.shift(mask, rng.uniform(-1.5, 1.5, 2), order=1, mode="nearest")
    patchy = 0.93 + 0.05 * make_noise(rng, size, 3) + 0.04 * make_fractal_noise(rng, size, 40, 3)
    return blend(sheet, sheet * ink, np.clip(mask * patchy, 0, 1))
