"""Black lines carved along mountains, clouds and water: amplitude-modulated line screens, and one red sun."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from studio.style.paintings.noise import Shape, fractal, grid, smooth, smoothstep, stretched
from studio.style.paintings.pigment import finished, over, palette

CREAM, INK, RED = palette("#f3e7cc", "#1b1714", "#c8351f")
OVERSAMPLING = 2


def draw(seed: int, size: Shape) -> np.ndarray:
    """Prints the block. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    fine = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    unit = min(fine) / 512
    tone, phase, red = _scene(rng, fine, unit)
    ink = _carved(rng, tone, phase, unit)
    return _printed(rng, _averaged(ink), _averaged(red), size)


def _scene(rng, size, unit):
    """Darkness in [0, 1], the line screen's phase in px, and the red block, each `(H, W)`."""
    y, x = grid(size)
    wobble = fractal(rng, size, 70 * unit, 3) * 3.2 * unit
    sun = (size[0] * 0.3, size[1] * rng.uniform(0.56, 0.7))
    away = np.hypot(y - sun[0], x - sun[1])
    radius = 84 * unit
    turn = np.arctan2(y - sun[0], x - sun[1])
    red = smoothstep(1.5 * unit, -1.5 * unit, away - radius - 0.6 * wobble)
    tone, phase = _sky(rng, size, unit, y, x, away, radius, turn)
    tone = np.where(red > 0.5, 0.16 + 0.2 * (y - sun[0] + radius) / radius, tone)
    phase = np.where(red > 0.5, y + wobble, phase)
    for index in range(4):
        tone, phase, red = _range(rng, size, unit, y, x, index, tone, phase, red)
    return _water(rng, size, unit, y, x, sun, tone, phase, red, wobble)


def _sky(rng, size, unit, y, x, away, radius, turn):
    rays = np.sin(turn * 23 + 1.2 * np.sin(away / (60 * unit)))
    tone = 0.34 + 0.34 * smoothstep(-0.4, 0.5, rays) * smoothstep(radius, radius * 2.2, away)
    tone -= 0.22 * np.exp(-(((away - radius) / (26 * unit)) ** 2))
    phase = away + 2 * unit * smooth(rng, size, 60 * unit)
    swell = fractal(rng, size, 150 * unit, 3) * 55 * unit
    cloud = np.sin((y * 1.35 + swell) / (34 * unit))
    inside = (cloud > 0.45) & (y < size[0] * 0.42) & (away > radius * 1.12)
    rim = ndimage.distance_transform_edt(inside) / unit
    tone = np.where(inside, 0.06 + 0.5 * smoothstep(3, 26, rim), tone)
    tone = np.where(inside & (rim < 2.4), 1.0, tone)
    return tone, np.where(inside, rim * unit, phase)


def _range(rng, size, unit, y, x, index, tone, phase, red):
    """A range of mountains: ridges catch light on one side, lines fall down the slopes."""
    base = size[0] * (0.44 + 0.075 * index)
    jag = fractal(rng, (1, size[1]), (150 - 22 * index) * unit, 5, 0.55)[0]
    top = (
        base
        - (58 - 9 * index) * unit * np.abs(jag) ** 1.1
        + 30 * unit * np.sin(np.arange(size[1]) / (120 * unit) + index * 2)
    )
    below = y - top[None]
    inside = below > 0
    fold = fractal(rng, size, 60 * unit, 4)
    lean = ndimage.gaussian_filter1d(np.gradient(top), 5 * unit)[None]
    side = smoothstep(-0.35, 0.35, lean * 1.5 + 0.55 * fold)
    shade = 0.16 + 0.68 * side - 0.25 * smoothstep(0, 110 * unit, below)
    lines = x * 0.8 + below * (0.9 * np.sign(lean)) * 0.6 + fold * 7 * unit
    edge = below < 3.0 * unit
    tone = np.where(inside, np.where(edge, 1.0, shade), tone)
    return tone, np.where(inside, lines, phase), np.where(inside, 0, red)


def _water(rng, size, unit, y, x, sun, tone, phase, red, wobble):
    top = size[0] * 0.8 + 4 * unit * np.sin(x / (45 * unit))
    inside = y > top
    depth = (y - top) / unit
    ripple = (
        np.sin(x / ((16 + 0.22 * depth) * unit) + 2.2 * smooth(rng, size, 50 * unit))
        * (1.5 + 0.05 * depth)
        * unit
    )
    glint = np.exp(-(((x - sun[1]) / (60 * unit)) ** 2))
    shade = 0.72 - 0.5 * glint + 0.2 * fractal(rng, size, 40 * unit, 3)
    streak = smoothstep(0.2, 0.9, np.sin((y + ripple) / (2.6 * unit)))
    red = np.where(inside, glint * streak * 0.95, red)
    return (
        np.where(inside, np.where(depth < 2, 1, shade), tone),
        np.where(inside, y + ripple * 1.4, phase),
        red,
    )


def _carved(rng, tone, phase, unit):
    """Ink where the screen's ridge is lower than the tone; the gouge trembles and its depth varies."""
    size = tone.shape
    period = 6.4 * unit
    tremble = smooth(rng, size, 9 * unit) * 0.5 * unit + smooth(rng, size, 30 * unit) * 0.7 * unit
    wave = np.abs(((phase + tremble) / period) % 1 - 0.5) * 2
    tone = np.clip(tone + 0.09 * smooth(rng, size, 14 * unit) + 0.05 * smooth(rng, size, 4 * unit), 0, 1.2)
    tone = np.where(tone < 0.1, tone * 0.3, tone)
    return smoothstep(-0.08, 0.08, tone - wave)


def _averaged(fine):
    rows, columns = fine.shape
    return fine.reshape(rows // OVERSAMPLING, OVERSAMPLING, columns // OVERSAMPLING, OVERSAMPLING).mean(
        (1, 3)
    )


def _printed(rng, ink, red, size):
    """Two impressions on cream paper: wood grain and dry spots show where the ink is thin."""
    unit = min(size) / 512
    grain = stretched(rng, size, 2.2 * unit, 70 * unit) + 0.6 * smooth(rng, size, 1.6 * unit)
    thin = 1 - 0.5 * smoothstep(1.1, 2.6, grain)
    fibre = 1 + 0.018 * smooth(rng, size, 2 * unit) + 0.025 * smooth(rng, size, 90 * unit)
    sheet = CREAM * fibre[..., None]
    shifted = np.roll(red, (1, -1), (0, 1))  # the red block is never laid quite in register
    sheet = over(sheet, RED * (1 + 0.05 * grain[..., None]), shifted * thin * 0.94)
    return finished(
        over(sheet, INK * (1 + 0.25 * grain[..., None]), ink * (1 - 0.16 * smoothstep(1.3, 2.8, grain)))
    )
