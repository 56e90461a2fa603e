"""What sets the painters apart, each kept for the recipes that name it; importing this loads no Keras."""

from __future__ import annotations

from typing import NamedTuple


class Painter(NamedTuple):
    """How a painter goes from coarse to fine.

    Attributes:
        content: weight of the content at 512 px, as a multiple of the first painters'.
        coarseness: how that weight grows towards coarse sizes: the power of 512 px over the size.
        lasting: the share of passes that each size gets of those of the size before.
        light: weight of the photo's light and shade, as a multiple of the content's at that size.
        palette: weight of the styles' colours, each as often as in the styles.
        smoothness: weight of the total variation, as a multiple of the one that the settings name.
        maxima: whether the network takes maxima over 2 by 2, as it was trained, at all sizes but the
            picture's own; else means.
        exposed: whether styles are first made as light as the photo's lights.
        margin: how far it paints beyond the border, as a share of the longer side; cut off at the end.
        toned: whether the finished picture is given the mean and covariance of the styles' colours.
    """

    content: float = 1.0
    coarseness: float = 1.0
    lasting: float = 0.5
    light: float = 0.0
    palette: float = 0.0
    smoothness: float = 2.0
    maxima: bool = False
    exposed: bool = False
    margin: float = 0.0
    toned: bool = False


PAINTERS = {
    1: Painter(),  # paints at full size alone, by itself (legacy_painter)
    2: Painter(),
    3: Painter(light=1.0, palette=1.0),
    5: Painter(light=0.5, palette=1.0, smoothness=1.0, maxima=True, exposed=True),
    6: Painter(
        content=1.7,
        coarseness=0.5,
        lasting=0.55,
        light=0.5,
        palette=1.0,
        smoothness=1.0,
        maxima=True,
        exposed=True,
        margin=1 / 32,
        toned=True,
    ),
}
