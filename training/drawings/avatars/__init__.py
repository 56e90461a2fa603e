"""Cartoon faces drawn by code: a data set of any size, free of any license."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.core.progress import Progress
from training.drawings.avatars import clothes, crowns, features, glasses, hair, hats, head, looks
from training.drawings.avatars.canvas import Canvas

_Paint = Callable[[Canvas, looks.Look, head.Head, np.random.Generator], None]
FACTS = ("smile", "glasses", "hat", "beard", "hair_length")


def draw(rng: np.random.Generator, size: int = 64) -> tuple[np.ndarray, dict[str, float]]:
    """Draws one face.

    Args:
        rng: decides everything except the size.
        size: side in px.

    Returns:
        `(size, size, 3) uint8`, and its FACTS: smile from -1 (sad) to 1 (wide); glasses, hat and beard
        (or moustache) 0 or 1; hair_length from 0 (bald) to 1 (far over the shoulders).
    """
    look = looks.choose(rng)
    canvas = Canvas(size, look.background)
    draw_look(canvas, look, rng)
    return canvas.image(), _facts(look)


def draw_look(canvas: Canvas, look: looks.Look, rng: np.random.Generator) -> None:
    """Draws the face of a look from back to front."""
    shape = head.make_head(look)
    with canvas.frame(*head.CENTER, look.tilt), canvas.part("hair"):
        hair.draw_behind(canvas, look, shape)
    with canvas.part("clothes"):
        clothes.draw(canvas, look, shape)
    with canvas.frame(*head.CENTER, look.tilt):
        for part, paint in _PARTS:
            with canvas.part(part):
                paint(canvas, look, shape, rng)


def _plain(paint: Callable[[Canvas, looks.Look, head.Head], None]) -> _Paint:
    """Wraps a function that uses no randomness."""
    return lambda canvas, look, shape, rng: paint(canvas, look, shape)


# Parts of the head, from back to front.
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
    """Draws many faces, each with its own seed, so that larger collections start with the smaller ones.

    Args:
        count: number of faces.
        seed: of every random draw; the same one gives the same bytes.
        progress: receives every face.
        size: side in px.

    Returns:
        "images", `(count, size, size, 3) uint8`, and every fact as `(count,) float32`.

    Raises:
        Cancelled: if the user stopped the job.
    """
    images = np.empty((count, size, size, 3), "uint8")
    arrays = {"images": images, **{name: np.empty(count, "float32") for name in FACTS}}
    progress = progress or Progress()
    for n in range(count):
        images[n], facts = draw(np.random.default_rng((seed, n)), size)
        for name, value in facts.items():
            arrays[name][n] = value
        progress.report(n + 1, count, preview=images[n].copy)
    return arrays
