"""The sample paintings of the studio, each with its own strokes, palette and texture."""

from __future__ import annotations

from importlib import import_module

import numpy as np

SIZE = (512, 640)


def draw(name: str, seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Draws a painting.

    Args:
        name: one of `studio.core.imaging.paintings.list_paintings()`; the module of this name draws it.
        seed: of every random draw; the same one gives the same bytes.
        size: `(H, W)` in px.

    Returns:
        `(H, W, 3) uint8`.
    """
    return import_module(f"training.drawings.paintings.{name}").draw(seed, size)
