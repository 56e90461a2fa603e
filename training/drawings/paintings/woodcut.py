"""Black lines carved along mountains, clouds and water: amplitude-modulated line screens, and one red sun."""

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
from training.drawings.paintings.pigment import blend, parse_palette, to_uint8

CREAM, INK, RED = parse_palette("#f3e7cc", "#1b1714", "#c8351f")
OVERSAMPLING = 2


def draw(seed: int, size: Shape) -> np.ndarray:
    """Prints the block. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    fine = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    unit = min(fine) / 512
    tone, phase, red = _draw_scene(rng, fine, unit)
    ink = _carve(rng, tone, phase, unit)
    return _print_blocks(rng, average_down(ink, OVERSAMPLING), average_down(red, OVERSAMPLING), size)


def _draw_scene(rng, size, unit):
    """Returns darkness in [0, 1], the line screen's phase in px, and the red block, each `(H, W)`."""
    y, x = make_pixel_grid(size)
    wobble = make_fractal_noise(rng, size, 70 * unit, 3) * 3.2 * unit
    sun = (size[0] * 0.27, size[1] * rng.uniform(0.56, 0.7))
    away = np.hypot(y - sun[0], x - sun[1])
    radius = 84 * unit
    turn = np.arctan2(y - sun[0], x - sun[1])
    red = smoothstep(1.5 * unit, -1.5 * unit, away - radius - 0.6 * wobble)
    tone, phase = _draw_sky(rng, size, unit, y, x, away, radius, turn)
    tone = np.where(red > 0.5, 0.16 + 0.2 * (y - sun[0] + radius) / radius, tone)
    phase = np.where(red > 0.5, y + wobble, phase)
    for index in range(3):
        tone, phase, red = _draw_range(rng, size, unit, y, x, index, tone, phase, red)
    return _draw_water(rng, size, unit, y, x, sun, tone, phase, red, wobble)


def _draw_sky(rng, size, unit, y, x, away, radius, turn):
    """Draws rays around the sun, and clouds whose lines follow their rims."""
    rays = np.sin(turn * 21 + 1.2 * np.sin(away / (60 * unit)))
    tone = 0.36 + 0.36 * smoothstep(-0.4, 0.5, rays) * smoothstep(radius, radius * 2.2, away)
    tone -= 0.3 * np.exp(-(((away - radius) / (24 * unit)) ** 2))
    phase = away + 2 * unit * make_noise(rng, size, 60 * unit)
    swell = make_fractal_noise(rng, size, 170 * unit, 3, 0.42) * 60 * unit
    puffs = 7 * unit * np.abs(np.sin(x / (19 * unit) + make_noise(rng, size, 60 * unit)))
    cloud = np.sin((y * 1.35 + swell + puffs) / (34 * unit))
    inside = (
        (cloud > 0.42)
        & (y < size[0] * 0.5)
        & (away > radius * 1.1 + 9 * unit * make_noise(rng, size, 25 * unit))
    )
    rim = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), 1.2 * unit) / unit
    tone = np.where(inside, 0.03 + 0.62 * smoothstep(4, 24, rim), tone)
    tone = np.where(inside & (rim < 2.6), 1.0, tone)
    return tone, np.where(inside, rim * unit, phase)


def _draw_range(rng, size, unit, y, x, index, tone, phase, red):
    """Draws a mountain range with spurs, one side lit and the other in shade."""
    base = size[0] * (0.53 + 0.07 * index)
    columns = np.arange(size[1])
    swing = make_fractal_noise(rng, (1, size[1]), (210 - 40 * index) * unit, 3, 0.4)[0]
    peaks = 1 - np.abs((columns / ((150 - 25 * index) * unit) + 0.45 * index + rng.random()) % 2 - 1)
    top = base - (34 - 6 * index) * unit * swing - (95 - 38 * index) * unit * peaks**1.3
    below = y - top[None]
    inside = below > 0
    # Spurs: ridges that wander sideways as they descend, so that each face leans left or right.
    wander = make_fractal_noise(rng, size, 70 * unit, 3, 0.45) * (
        8 * unit + 0.2 * np.clip(below, 0, 90 * unit)
    )
    across = (columns[None] + wander) / ((44 - 7 * index) * unit) + 0.35 * index
    face = np.abs(across % 2 - 1)
    lit_side = across % 2 < 1
    shade = np.where(lit_side, 0.08 + 0.3 * (1 - face), 0.86 - 0.3 * face)
    shade = shade - 0.22 * smoothstep(20 * unit, 120 * unit, below) + 0.06 * index
    lines = np.where(lit_side, below * 0.75 + x * 0.55, below * 0.75 - x * 0.55) + wander * 0.35
    crest = smoothstep(3.4 * unit, 2.2 * unit, below)
    tone = np.where(inside, np.maximum(crest, shade), tone)
    return tone, np.where(inside, lines, phase), np.where(inside, 0, red)


def _draw_water(rng, size, unit, y, x, sun, tone, phase, red, wobble):
    """Draws a lake of long ripples, with the sun's red reflection between the lines."""
    top = size[0] * 0.8 + 4 * unit * np.sin(x / (45 * unit))
    inside = y > top
    depth = np.maximum(y - top, 0) / unit
    swing = np.sin(x / ((18 + 0.25 * depth) * unit) + 1.6 * make_noise(rng, size, 70 * unit))
    ripple = swing * (1.2 + 0.045 * depth) * unit + 0.5 * wobble
    glint = np.exp(-(((x - sun[1]) / ((48 + 0.3 * depth) * unit)) ** 2))
    shade = 0.66 - 0.42 * glint + 0.2 * make_fractal_noise(rng, size, 45 * unit, 3)
    red = np.where(
        inside, smoothstep(0.35, 0.6, glint + 0.14 * make_fractal_noise(rng, size, 16 * unit, 2)), red
    )
    tone = np.where(inside, np.where(y - top < 2.2 * unit, 1, shade), tone)
    return tone, np.where(inside, y + ripple, phase), red


def _carve(rng, tone, phase, unit):
    """Returns the ink where the line screen is lower than the tone, with trembling lines of varying depth."""
    size = tone.shape
    period = 6.4 * unit
    tremble = make_noise(rng, size, 9 * unit) * 0.5 * unit + make_noise(rng, size, 30 * unit) * 0.7 * unit
    wave = np.abs(((phase + tremble) / period) % 1 - 0.5) * 2
    tone = np.clip(
        tone + 0.09 * make_noise(rng, size, 14 * unit) + 0.05 * make_noise(rng, size, 4 * unit), 0, 1.2
    )
    tone = np.where(tone < 0.1, tone * 0.3, tone)
    return smoothstep(-0.08, 0.08, tone - wave)


def _print_blocks(rng, ink, red, size):
    """Prints two blocks on cream paper, with wood grain and dry spots."""
    unit = min(size) / 512
    grain = make_stretched_noise(rng, size, 2.2 * unit, 70 * unit) + 0.6 * make_noise(rng, size, 1.6 * unit)
    thin = 1 - 0.5 * smoothstep(1.1, 2.6, grain)
    fibre = 1 + 0.018 * make_noise(rng, size, 2 * unit) + 0.025 * make_noise(rng, size, 90 * unit)
    sheet = CREAM * fibre[..., None]
    shifted = np.roll(red, (1, -1), (0, 1))  # the red block is never laid quite in register
    sheet = blend(sheet, RED * (1 + 0.05 * grain[..., None]), shifted * thin * 0.94)
    return to_uint8(
        blend(sheet, INK * (1 + 0.25 * grain[..., None]), ink * (1 - 0.16 * smoothstep(1.3, 2.8, grain)))
    )
