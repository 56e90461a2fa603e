"""Three easy classes in random colors: horizontal stripes, vertical stripes and discs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("disc", "lying", "standing")
SIDE = 40


def draw(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draws an image of a class, `(SIDE, SIDE, 3) uint8`."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    offset, width = rng.integers(0, 20), rng.integers(5, 9)
    mask = {
        "disc": np.hypot(rows - 14 - offset / 2, columns - 26 + offset / 2) < 1.5 * width,
        "lying": (rows + offset) // width % 2 == 0,
        "standing": (columns + offset) // width % 2 == 0,
    }[kind]
    colors = rng.integers(0, 256, (2, 3))
    colors[1] = (colors[0] + rng.integers(90, 160, 3)) % 256
    noise = rng.integers(-12, 13, (SIDE, SIDE, 3))
    return np.clip(np.where(mask[..., None], *colors) + noise, 0, 255).astype("uint8")


def make(folder: Path, each: int = 12, seed: int = 0) -> Path:
    """Writes a folder of `each` PNGs per class."""
    rng = np.random.default_rng(seed)
    for kind in CLASSES:
        (folder / kind).mkdir(parents=True)
        for n in range(each):
            Image.fromarray(draw(kind, rng)).save(folder / kind / f"{n:02d}.png")
    return folder
