"""Training avatars: random looks, of which only some parts are drawn.

Parts that are not drawn get a default form. So an unfinished drawing has one correct result, instead of many
that would average to a blur.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from training.drawings.avatars import looks
from training.drawings.avatars.canvas import ZOOM
from training.drawings.avatars.looks import Look
from training.drawings.sketches.scene import Scene

# Approximate order in which people draw the parts: the head first, accessories last.
_ORDER = {
    "head": 0.0,
    "eyes": 1.0,
    "mouth": 2.0,
    "nose": 2.5,
    "hair": 3.0,
    "brows": 3.5,
    "ears": 3.5,
    "glasses": 4.0,
    "hat": 4.0,
    "beard": 4.0,
    "neck": 4.5,
    "clothes": 5.0,
    "earrings": 5.5,
    "stripes": 6.0,
}
PARTS = frozenset(_ORDER)
_PART_OF = {"iris": "eyes", "pupil": "eyes", "strands": "hair"}
_COMPLETE_SHARE = 0.33  # of drawings
_RANDOM_ORDER_SHARE = 0.08  # of drawings
_DEFAULT_FORMS: dict[str, dict[str, Any]] = {
    "hair": {"style": "parted", "length": 0.24, "side": 1},
    "eyes": {
        "eye": (2.9, 3.0),
        "eye_gap": 0.46,
        "eye_level": 0.07,
        "gaze": (0.0, 0.0),
        "lashes": False,
        "turn": 0.0,
    },
    "mouth": {"smile": 0.6, "mouth_open": 0.0, "lips": 0.0},
    "nose": {"nose": "bow"},
    "brows": {"brow": 0.0},
    "clothes": {"collar": "crew"},
    "glasses": {"glasses": ""},
    "hat": {"hat": ""},
    "beard": {"beard": ""},
    "earrings": {"earrings": False},
    "stripes": {"stripes": False},
    "head": {"tilt": 0.0, "turn": 0.0, "jaw": 2.4, "taper": 0.15},
}
# Any of them defines position and size of the face.
_POSITIONING_PARTS = frozenset({"head", "hair", "ears", "clothes"})


def part_of(name: str) -> str:
    """Returns the part that a shape belongs to: the iris to the eyes."""
    return _PART_OF.get(name, name)


@dataclass(frozen=True)
class PartialAvatar:
    """An avatar and its drawn parts.

    Attributes:
        scene: the avatar; parts that are not drawn have their default form.
        parts: the drawn parts.
        night: whether it is night.
    """

    scene: Scene
    parts: frozenset[str]
    night: bool


def choose_avatar(seed: int, number: int, night_share: float) -> PartialAvatar:
    """Returns the n-th avatar of a seed."""
    rng = np.random.default_rng((seed, number))
    look, parts = _vary_look(looks.choose(rng), rng), _choose_parts(rng)
    zoom = min(rng.uniform(0.82, 1.25), 21 / look.height)
    aside = float(np.clip(rng.normal() * 2, -5, 5))
    for name in sorted(PARTS - parts):
        look = replace(look, **_DEFAULT_FORMS.get(name, {}))
    if "mouth" not in parts and "eyes" not in parts:
        look = replace(look, tilt=0.0)
    if not parts & _POSITIONING_PARTS:
        look, zoom, aside = replace(look, width=14.9, height=16.9), ZOOM, 0.0
    return PartialAvatar(Scene(look, number, zoom, aside), parts, bool(rng.random() < night_share))


def _vary_look(look: Look, rng: np.random.Generator) -> Look:
    """Returns a look with the more varied proportions of drawings, without details that lines cannot show."""
    return replace(
        look,
        style="buzz" if look.style == "bald" else look.style,
        beard="full" if look.beard == "stubble" else look.beard,
        freckles=False,
        lids=0.0,
        width=rng.uniform(11.8, 18),
        height=rng.uniform(13.5, 19.5),
        eye=(rng.uniform(2, 3.8), rng.uniform(1.9, 4)),
        eye_gap=rng.uniform(0.38, 0.52),
        eye_level=rng.uniform(0, 0.16),
    )


def _choose_parts(rng: np.random.Generator) -> frozenset[str]:
    """Chooses the drawn parts at random."""
    if rng.random() < _COMPLETE_SHARE:
        return PARTS
    spread = 6 if rng.random() < _RANDOM_ORDER_SHARE else 1.1
    order = sorted(_ORDER, key=lambda name: _ORDER[name] + spread * rng.normal())
    return frozenset(order[: rng.integers(0 if rng.random() < 0.1 else 1, len(order))])
