"""Avatars with sketches like those drawn with a mouse."""

from __future__ import annotations

import numpy as np

from studio.core.progress import Progress
from studio.sketch import palette
from studio.sketch.settings import Kind
from training.drawings.sketches import doodles
from training.drawings.sketches.lots import draw_lot

EACH: dict[Kind, int] = {"outline": 7, "parts": 3, "light": 2}  # sketches of each avatar
BY_NIGHT = 0.35  # share of avatars at night


def collection(
    count: int, seed: int, progress: Progress | None = None, size: int = 96
) -> dict[str, np.ndarray]:
    """Draws avatars with sketches; larger collections start with the smaller ones.

    Args:
        count: number of avatars.
        seed: of every random draw; the same one gives the same bytes.
        progress: receives every avatar.
        size: side in px, a multiple of four.

    Returns:
        The arrays of `studio.sketch.learn.bank.Bank`.

    Raises:
        Cancelled: if the user stopped the job.
    """
    arrays = {
        "images": np.empty((count, size, size, 3), "uint8"),
        "roles": np.empty((count, size, size), "uint8"),
        "colors": np.empty((count, palette.ROLES + 1, 3), "float32"),
        "night": np.empty(count, "float32"),
    }
    for kind, each in EACH.items():
        colored = (3,) if kind == "parts" else ()
        arrays[kind] = np.empty((count, each, size, size, *colored), "uint8")
    progress = progress or Progress()
    for n in range(count):
        lot = draw_lot(seed, n, BY_NIGHT)
        arrays["images"][n] = lot.scene.image(size, lot.night)
        arrays["roles"][n] = lot.scene.roles(size)
        arrays["colors"][n] = lot.scene.colors(lot.night)
        arrays["night"][n] = lot.night
        rng = np.random.default_rng((seed, n, 1))
        for kind, each in EACH.items():
            for which in range(each):
                sketch = doodles.drawing(lot, kind, size, rng)
                arrays[kind][n, which] = sketch if kind == "parts" else sketch[..., 0]
        progress.report(n + 1, count, preview=arrays["images"][n].copy)
    return arrays
