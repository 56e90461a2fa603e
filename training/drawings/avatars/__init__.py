"""Cartoon faces drawn by code: a data set of any size, free of any license."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
    return canvas.render(), _list_facts(look)


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


def _ignore_rng(paint: Callable[[Canvas, looks.Look, head.Head], None]) -> _Paint:
    """Returns a function that ignores its random generator and calls `paint` without one."""
    return lambda canvas, look, shape, rng: paint(canvas, look, shape)


# Parts of the head, from back to front.
_PARTS: tuple[tuple[str, _Paint], ...] = (
    ("hair", _ignore_rng(hair.draw_strands)),
    ("ears", _ignore_rng(head.draw_ears)),
    ("head", _ignore_rng(head.draw_skin)),
    ("beard", _ignore_rng(features.draw_beard)),
    ("mouth", _ignore_rng(features.draw_mouth)),
    ("nose", _ignore_rng(features.draw_nose)),
    ("eyes", _ignore_rng(features.draw_eyes)),
    ("hair", _ignore_rng(hair.draw_close)),
    ("hair", crowns.draw),
    ("brows", _ignore_rng(features.draw_brows)),
    ("glasses", _ignore_rng(glasses.draw)),
    ("hat", _ignore_rng(hats.draw)),
)


def _list_facts(look: looks.Look) -> dict[str, float]:
    return {
        "smile": look.smile,
        "glasses": float(bool(look.glasses)),
        "hat": float(bool(look.hat)),
        "beard": float(bool(look.beard)),
        "hair_length": look.length,
    }


def describe_item(size: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Returns shape and dtype of a face, `size` px wide, and of its FACTS."""
    return {"images": ((size, size, 3), "uint8"), **dict.fromkeys(FACTS, ((), "float32"))}


def draw_item(seed: int, number: int, size: int) -> dict[str, Any]:
    """Draws a face of a data set, with its FACTS. See `training.drawings.data_sets.Kind`."""
    image, facts = draw(np.random.default_rng((seed, number)), size)
    return {"images": image, **facts}
