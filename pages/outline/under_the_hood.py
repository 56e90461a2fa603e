"""Under the hood of painting from drawings: what such a network learns from, and how."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import assets, under_the_hood
from studio.core.settings import Settings
from studio.outline.drawn import doodles, views
from studio.outline.drawn.lots import draw_lot

_SIDE = 128
_HANDS = 4


def explain(settings: Settings | None) -> None:
    """The folded section, with an avatar as the network learns from it."""
    under_the_hood.show(
        lambda: _drawn(getattr(settings, "seed", 0)), assets.read(__file__, "under_the_hood.md")
    )


def _drawn(seed: int) -> None:
    lot = draw_lot(seed, 0, 0.0)
    scene, shapes = lot.scene, lot.scene.shapes()
    hands = [np.random.default_rng((seed, n)) for n in range(_HANDS)]
    rows = [
        [
            scene.picture(_SIDE),
            scene.picture(_SIDE, night=True),
            views.outline(shapes, _SIDE),
            views.parts(shapes, _SIDE),
        ],
        [doodles.drawing(lot, "outline", _SIDE, rng) for rng in hands],
    ]
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    st.image(Image.fromarray(sheet), width="stretch", alt="An avatar in several ways, and drawn by bad hands")
    st.caption(
        "Above: one avatar by day, by night, as an outline and as parts. Below: as four unsteady hands have "
        "drawn it so far. Another seed shows another one."
    )
