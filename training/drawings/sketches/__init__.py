"""Avatars with sketches of each, as people make them with a mouse."""

from __future__ import annotations

import numpy as np

from studio.core.progress import Progress
from studio.sketch import palette
from studio.sketch.settings import Kind
from training.drawings.sketches import doodles
from training.drawings.sketches.lots import draw_lot

EACH: dict[Kind, int] = {"outline": 7, "parts": 3, "light": 2}  # sketches of each avatar
BY_NIGHT = 0.35  # the share that is painted by night


def collection(
    count: int, seed: int, progress: Progress | None = None, size: int = 96
) -> dict[str, np.ndarray]:
    """Draws avatars and sketches of each; a larger collection begins with a smaller one.

    Args:
        count: how many avatars.
        seed: of every random draw; the same one gives the same bytes.
        progress: told of every avatar.
        size: of their sides, in px, a multiple of four.

    Returns:
        The arrays that `studio.sketch.learn.bank.Bank` takes.

    Raises:
        Cancelled: if a user asked to stop.
    """
    made = {
        "images": np.empty((count, size, size, 3), "uint8"),
        "roles": np.empty((count, size, size), "uint8"),
        "colors": np.empty((count, palette.ROLES + 1, 3), "float32"),
        "night": np.empty(count, "float32"),
    }
    for kind, each in EACH.items():
        colored = (3,) if kind == "parts" else ()
        made[kind] = np.empty((count, each, size, size, *colored), "uint8")
    progress = progress or Progress()
    for n in range(count):
        lot = draw_lot(seed, n, BY_NIGHT)
        made["images"][n] = lot.scene.image(size, lot.night)
        made["roles"][n] = lot.scene.roles(size)
        made["colors"][n] = lot.scene.colors(lot.night)
        made["night"][n] = lot.night
        rng = np.random.default_rng((seed, n, 1))
        for kind, each in EACH.items():
            for which in range(each):
                sketch = doodles.drawing(lot, kind, size, rng)
                made[kind][n, which] = sketch if kind == "parts" else sketch[..., 0]
        progress.report(n + 1, count, preview=made["images"][n].copy)
    return made
