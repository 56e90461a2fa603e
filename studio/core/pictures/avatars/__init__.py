"""Cartoon faces drawn by our own code: a data set free of any licence, as large as one likes."""

from __future__ import annotations

import numpy as np

from studio.core.pictures.avatars import clothes, crowns, features, glasses, hair, hats, head, looks
from studio.core.pictures.avatars.pen import Pen
from studio.core.progress import Progress

FACTS = ("smile", "glasses", "hat", "beard", "hair_length")


def draw(rng: np.random.Generator, size: int = 64) -> tuple[np.ndarray, dict[str, float]]:
    """Draws one face.

    Args:
        rng: decides all about it; the size does not.
        size: of its sides, in px.

    Returns:
        `(size, size, 3) uint8`, and its FACTS: smile from -1 (sad) to 1 (wide); glasses, hat and beard
        (or moustache) 0 or 1; hair_length from 0 (bald) to 1 (far over the shoulders).
    """
    look = looks.choose(rng)
    shape = head.shaped(look)
    pen = Pen(size, look.background)
    with pen.placed(*head.CENTRE, look.tilt):
        hair.draw_behind(pen, look, shape)
    clothes.draw(pen, look, shape)
    with pen.placed(*head.CENTRE, look.tilt):
        hair.draw_strands(pen, look, shape)
        head.draw_ears(pen, look, shape)
        head.draw_skin(pen, look, shape)
        features.draw_beard(pen, look, shape)
        features.draw_mouth(pen, look, shape)
        features.draw_nose(pen, look, shape)
        features.draw_eyes(pen, look, shape)
        hair.draw_close(pen, look, shape)
        crowns.draw(pen, look, shape, rng)
        features.draw_brows(pen, look, shape)
        glasses.draw(pen, look, shape)
        hats.draw(pen, look, shape)
    return pen.picture(), _facts(look)


def _facts(look: looks.Look) -> dict[str, float]:
    return {
        "smile": look.smile,
        "glasses": float(bool(look.glasses)),
        "hat": float(bool(look.hat)),
        "beard": float(bool(look.beard)),
        "hair_length": look.length,
    }


def collection(
    count: int, seed: int, progress: Progress | None = None, size: int = 64
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws many faces, each from a seed of its own, so that a larger collection begins with a smaller one.

    Args:
        count: how many.
        seed: of every random draw; the same one gives the same bytes.
        progress: told of every face.
        size: of their sides, in px.

    Returns:
        `(count, size, size, 3) uint8`, and every fact as `(count,) float32`.

    Raises:
        Cancelled: if a person asked to stop.
    """
    images = np.empty((count, size, size, 3), "uint8")
    facts = {name: np.empty(count, "float32") for name in FACTS}
    progress = progress or Progress()
    for n in range(count):
        images[n], told = draw(np.random.default_rng((seed, n)), size)
        for name, value in told.items():
            facts[name][n] = value
        progress.report(n + 1, count, preview=images[n].copy)
    return images, facts
