"""Random looks of faces: colors, hair, accessories and expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.sketch import colors
from studio.sketch.colors import Color

SHORT = {"bald": 1, "buzz": 1, "parted": 2, "quiff": 1.5, "spikes": 1, "curls": 1.5, "bowl": 1, "mohawk": 0.6}
LONG = {
    "afro": 1.2,
    "bob": 1.6,
    "fringe": 1.6,
    "long": 2,
    "waves": 2,
    "bun": 1.2,
    "tail": 1.3,
    "bunches": 1.2,
}
UNDER_HATS = frozenset({"bald", "buzz", "parted", "curls", "bob", "fringe", "long", "waves", "bunches"})
# From the shortest to the longest of each style, as a share of the longest there is.
LENGTHS = {
    "bald": (0.0, 0.0),
    "buzz": (0.08, 0.12),
    "parted": (0.2, 0.28),
    "quiff": (0.24, 0.34),
    "spikes": (0.2, 0.3),
    "curls": (0.25, 0.38),
    "bowl": (0.32, 0.38),
    "mohawk": (0.24, 0.32),
    "afro": (0.4, 0.52),
    "bun": (0.5, 0.56),
    "bob": (0.5, 0.62),
    "fringe": (0.55, 0.85),
    "tail": (0.62, 0.72),
    "bunches": (0.6, 0.78),
    "long": (0.72, 1.0),
    "waves": (0.72, 1.0),
}
HATS = {"beanie": 1.2, "cap": 1.2, "beret": 0.8, "brim": 1, "cone": 0.7}
GLASSES = {"round": 1.3, "square": 1.2, "cat": 0.8, "dark": 0.7}
BEARDS = {"full": 1.2, "stubble": 1, "goatee": 1, "moustache": 1}
COLLARS = {"crew": 1.6, "vee": 1, "shirt": 1, "hood": 1, "roll": 1}
NOSES = {"bow": 1.2, "button": 1, "slope": 1, "dots": 0.6}


@dataclass(frozen=True)
class Look:
    """All attributes of a face; "" means none."""

    background: Color
    skin: Color
    hair: Color
    iris: Color
    cloth: Color
    trim: Color
    hat_color: Color
    frame: Color
    style: str
    length: float
    hat: str
    glasses: str
    beard: str
    collar: str
    stripes: bool
    nose: str
    lashes: bool
    lips: float
    freckles: bool
    earrings: bool
    side: int
    smile: float
    mouth_open: float
    gaze: tuple[float, float]
    lids: float
    brow: float
    turn: float
    tilt: float
    width: float
    height: float
    jaw: float
    taper: float
    eye: tuple[float, float]
    eye_gap: float
    eye_level: float


def choose(rng: np.random.Generator) -> Look:
    """Chooses a random look; all kinds are frequent enough for training."""
    has_makeup = rng.random() < 0.5
    hat = _sample_by_weight(rng, HATS) if rng.random() < 0.28 else ""
    weights = {k: w * (0.3 if has_makeup else 1) for k, w in SHORT.items()}
    weights |= {k: w * (1 if has_makeup else 0.35) for k, w in LONG.items()}
    style = _sample_by_weight(rng, {k: w for k, w in weights.items() if not hat or k in UNDER_HATS})
    beard = _sample_by_weight(rng, BEARDS) if not has_makeup and rng.random() < 0.56 else ""
    smile = 1 - 2 * rng.random() ** 1.25
    open_probability = min(max(1.5 * (smile - 0.1), 0.04), 0.9)
    return Look(
        **colors.choose_colors(rng),
        style=style,
        length=rng.uniform(*LENGTHS[style]),
        hat=hat,
        glasses=_sample_by_weight(rng, GLASSES) if rng.random() < 0.34 else "",
        beard=beard,
        collar=_sample_by_weight(rng, COLLARS),
        stripes=rng.random() < 0.25,
        nose=_sample_by_weight(rng, NOSES),
        lashes=has_makeup,
        lips=float(has_makeup and rng.random() < 0.7) * rng.uniform(0.5, 1),
        freckles=rng.random() < 0.16,
        earrings=rng.random() < (0.5 if has_makeup else 0.12),
        side=1 if rng.random() < 0.5 else -1,
        smile=smile,
        mouth_open=rng.uniform(0.6, 1) if rng.random() < open_probability else 0.0,
        gaze=(_sample_around_zero(rng, 0.75), _sample_around_zero(rng, 0.45)),
        lids=max(0.0, rng.uniform(-0.3, 0.32)),
        brow=_sample_around_zero(rng, 0.9),
        turn=_sample_around_zero(rng, 1),
        tilt=_sample_around_zero(rng, 0.09),
        width=rng.uniform(13.6, 16.2),
        height=rng.uniform(15.8, 18),
        jaw=rng.uniform(2, 2.9),
        taper=rng.uniform(0.05, 0.3),
        eye=(rng.uniform(2.5, 3.2), rng.uniform(2.4, 3.5)),
        eye_gap=rng.uniform(0.42, 0.5),
        eye_level=rng.uniform(0.02, 0.12),
    )


def _sample_by_weight(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Samples a name by weight."""
    index = np.searchsorted(np.cumsum(list(weights.values())), rng.random() * sum(weights.values()), "right")
    return list(weights)[index]


def _sample_around_zero(rng: np.random.Generator, limit: float) -> float:
    """Samples a value around 0 within `limit` (triangular distribution)."""
    return limit * (rng.random() + rng.random() - 1)
