"""Avatars with sketches like those drawn with a mouse."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.sketch import palette
from studio.sketch.settings import Kind
from training.drawings.sketches import doodles
from training.drawings.sketches.partial_avatars import choose_avatar

SKETCHES_PER_AVATAR: dict[Kind, int] = {"outline": 7, "parts": 3, "light": 2}
NIGHT_SHARE = 0.35  # share of avatars at night


def describe_item(size: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Returns shape and dtype of the arrays of `draw_item`, for images that are `size` px wide."""
    sketches = {
        kind: ((each, size, size, 3) if kind == "parts" else (each, size, size), "uint8")
        for kind, each in SKETCHES_PER_AVATAR.items()
    }
    return {
        "images": ((size, size, 3), "uint8"),
        "roles": ((size, size), "uint8"),
        "colors": ((palette.ROLES + 1, 3), "float32"),
        "night": ((), "float32"),
        **sketches,
    }


def draw_item(seed: int, number: int, size: int) -> dict[str, Any]:
    """Draws an avatar of a data set with its sketches. See `training.drawings.data_sets.Kind`.

    Returns:
        The arrays of an item of `studio.sketch.learn.avatar_bank.AvatarBank`.
    """
    avatar = choose_avatar(seed, number, NIGHT_SHARE)
    arrays = {
        "images": avatar.scene.render(size, avatar.night),
        "roles": avatar.scene.render_roles(size),
        "colors": avatar.scene.make_color_table(avatar.night),
        "night": avatar.night,
    }
    rng = np.random.default_rng((seed, number, 1))
    for kind, each in SKETCHES_PER_AVATAR.items():
        sketches = np.stack([doodles.draw(avatar, kind, size, rng) for _ in range(each)])
        arrays[kind] = sketches if kind == "parts" else sketches[..., 0]
    return arrays
