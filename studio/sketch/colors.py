"""Random colors of an avatar that contrast where they meet."""

from __future__ import annotations

import numpy as np

Color = tuple[int, int, int]


def mix(first: Color, second: Color, share: float) -> Color:
    """Mixes `first` with a share of `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _parse_colors(*codes: str) -> tuple[Color, ...]:
    return tuple(_parse_color(code) for text in codes for code in text.split())


def _parse_color(code: str) -> Color:
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


BACKGROUNDS = _parse_colors(
    "f6c6bf f9d9ae f7e8b4 cfe5b8 b5e0cf aadbe6 b3cdf0 c9c2ee e6c3e6 f3cbdb e9e2d6 a3d3cf 9dbbe6 f5b9a8 b7abe0"
)
SKINS = _parse_colors("fbe0cd f6cfb2 f0bd96 e3a679 cf8f63 b4764c 94593a 714229 54301f")
FANTASY_SKINS = _parse_colors("a5dc9f 92c9ee c8aef0 f5a5bd f4de7c")
HAIR = _parse_colors("1e1a1f 38251d 593521 80502d a8703c d6a04f efd08a b5472a 7c2d23 b3b1b4 eae7e2")
DYED_HAIR = _parse_colors("e86a92 5b8fd9 4fb79b 8a63c9 f0813f")
EYES = _parse_colors("4a2f1d 6e4826 3f7a4b 3b78b5 6c8791 2c2426")
CLOTHES = _parse_colors("d9534f f0934a f2c14e 6fae63 3e9a92 4a86c8 3b4a7a 8b62b4 d9709c f3efe6 52565e 2b2d35")


def choose_colors(rng: np.random.Generator) -> dict[str, Color]:
    """Chooses a random color for each of `palette.COLOR_ROLES`."""
    skin_colors = FANTASY_SKINS if rng.random() < 0.1 else SKINS
    skin = mix(_pick_color(rng, skin_colors), _pick_color(rng, skin_colors), 0.18)
    hair = _pick_contrasting_color(rng, DYED_HAIR if rng.random() < 0.16 else HAIR, (skin,))
    clothes = _pick_contrasting_color(rng, CLOTHES, (skin, hair))
    return {
        "background": _pick_contrasting_color(rng, BACKGROUNDS, (skin, hair, clothes)),
        "skin": skin,
        "hair": hair,
        "iris": _pick_color(rng, EYES),
        "cloth": clothes,
        "trim": _pick_contrasting_color(rng, CLOTHES, (clothes, skin)),
        "hat_color": _pick_contrasting_color(rng, CLOTHES, (hair, skin)),
        "frame": _pick_contrasting_color(rng, CLOTHES[-2:] + CLOTHES[:1] + CLOTHES[6:8] + HAIR[3:4], (skin,)),
    }


def _pick_contrasting_color(
    rng: np.random.Generator, colors: tuple[Color, ...], neighbors: tuple[Color, ...]
) -> Color:
    """Picks a color that differs from its neighbors; if none does, the farthest of a few."""
    candidates = [_pick_color(rng, colors) for _ in range(6)]
    distances = [
        min(sum(abs(a - b) for a, b in zip(color, c, strict=True)) for c in neighbors) for color in candidates
    ]
    return next(
        (color for color, distance in zip(candidates, distances, strict=True) if distance > 90),
        candidates[int(np.argmax(distances))],
    )


def _pick_color(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    return colors[int(rng.random() * len(colors))]
