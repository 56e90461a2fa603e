"""What the newer painters ask of the colours themselves: the photo's light and shade, the styles' palette."""

from __future__ import annotations

import numpy as np

from studio.core.objectives.terms import Objective, palette, shades
from studio.style.optimise.pyramid import resized
from studio.style.optimise.scene import Scene

LIGHT_SIDE = 32  # px of the longer side: as coarse as the areas that light and shade make of a picture
PALETTE_SIDE = 128  # px: up to this a stroke is about a pixel, and colours are those of whole strokes
_LINES = 12  # through the space of colours


def light(scene: Scene, size: int, share: float) -> Objective:
    """The photo's light and shade in the styles' colours, for a picture of LIGHT_SIDE px.

    Gram matrices know nothing of places, and content is compared after the network has divided much of the
    brightness away: without this, towers fade into their skies.

    Args:
        size: px, at which the photo is recoloured.
        share: from the photo's own colours, 0, to the styles', 1.
    """
    content_01 = scene.content_01(size)
    wanted = content_01 + share * (scene.recoloured_01(size) - content_01)
    return shades(resized(wanted.astype("float32"), scene.shape(LIGHT_SIDE)))


def colors(scene: Scene, size: int, share: float) -> Objective:
    """The colours that the styles have at a size, each as often: of several, the mean rank by rank.

    A Gram matrix tells the spread of colours, not that a painting has few bright yellows among many blues.

    Args:
        share: from the photo's own colours, 0, to the styles', 1.
    """
    _, height, width, _ = scene.shape(size)
    drawn = np.random.default_rng(0).standard_normal((3, _LINES))
    lines = (drawn / np.linalg.norm(drawn, axis=0)).astype("float32")
    own = _ranked(scene.content_01(size), lines, height * width)
    styles = [_ranked(style_01, lines, height * width) for style_01 in scene.styles_01(size)]
    mixed = sum(part * style for part, style in zip(scene.shares, styles, strict=True))
    return palette(lines, (own + share * (mixed - own)).astype("float32")[None, :, None])


def _ranked(images_01: np.ndarray, lines: np.ndarray, count: int) -> np.ndarray:
    """`(count, n)`: a picture's colours on every line, in order, as if it had so many pixels."""
    values = np.sort(images_01.reshape(-1, 3) @ lines, axis=0)  # np.quantile would select each rank anew
    places = (len(values) - 1) * ((np.arange(count) + 0.5) / count)
    below = places.astype("int64")
    above, share = np.minimum(below + 1, len(values) - 1), (places - below)[:, None]
    steps = values[above] - values[below]
    # From the nearer of both, as np.quantile does, to the last bit.
    return np.where(share < 0.5, values[below] + steps * share, values[above] - steps * (1.0 - share))
