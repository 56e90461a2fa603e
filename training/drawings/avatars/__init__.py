"""Cartoon faces drawn by our own code: a data set free of any license, as large as one likes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.progress import Progress
from training.drawings.avatars import clothes, crowns, features, glasses, hair, hats, head, looks
from training.drawings.avatars.pen import Pen

_Paint = Callable[[Pen, looks.Look, head.Head, np.random.Generator], None]
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
    pen = Pen(size, look.background)
    draw_look(pen, look, rng)
    return pen.image(), _facts(look)


def draw_look(pen: Pen, look: looks.Look, rng: np.random.Generator) -> None:
    """Draws the face of a look, from what is farthest away to what is nearest."""
    shape = head.shaped(look)
    with pen.placed(*head.CENTER, look.tilt), pen.part("hair"):
        hair.draw_behind(pen, look, shape)
    with pen.part("clothes"):
        clothes.draw(pen, look, shape)
    with pen.placed(*head.CENTER, look.tilt):
        for part, paint in _PARTS:
            with pen.part(part):
                paint(pen, look, shape, rng)


def _plain(paint: Callable[[Pen, looks.Look, head.Head], None]) -> _Paint:
    """What leaves nothing to chance."""
    return lambda pen, look, shape, rng: paint(pen, look, shape)


# Of the head, from the farthest to the nearest.
_PARTS: tuple[tuple[str, _Paint], ...] = (
    ("hair", _plain(hair.draw_strands)),
    ("ears", _plain(head.draw_ears)),
    ("head", _plain(head.draw_skin)),
    ("beard", _plain(features.draw_beard)),
    ("mouth", _plain(features.draw_mouth)),
    ("nose", _plain(features.draw_nose)),
    ("eyes", _plain(features.draw_eyes)),
    ("hair", _plain(hair.draw_close)),
    ("hair", crowns.draw),
    ("brows", _plain(features.draw_brows)),
    ("glasses", _plain(glasses.draw)),
    ("hat", _plain(hats.draw)),
)


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
) -> dict[str, np.ndarray]:
    """Draws many faces, each from a seed of its own, so that a larger collection begins with a smaller one.

    Args:
        count: how many.
        seed: of every random draw; the same one gives the same bytes.
        progress: told of every face.
        size: of their sides, in px.

    Returns:
        "images", `(count, size, size, 3) uint8`, and every fact as `(count,) float32`.

    Raises:
        Cancelled: if a user asked to stop.
    """
    images = np.empty((count, size, size, 3), "uint8")
    made = {"images": images, **{name: np.empty(count, "float32") for name in FACTS}}
    progress = progress or Progress()
    for n in range(count):
        images[n], facts = draw(np.random.default_rng((seed, n)), size)
        for name, value in facts.items():
            made[name][n] = value
        progress.report(n + 1, count, preview=images[n].copy)
    return made
