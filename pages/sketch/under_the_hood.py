"""Under the hood of painting from drawings: what such a network learns from, and how."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from pages.form import samples
from pages.widgets import assets, under_the_hood
from studio.core.imaging import image_io
from studio.core.settings import Settings

HANDS = 6  # avatars of the image that is shipped


def explain(settings: Settings | None) -> None:
    """The folded section, with an avatar as the network learns from it."""
    under_the_hood.show(
        lambda: _drawn(getattr(settings, "seed", 0)), assets.read(__file__, "under_the_hood.md")
    )


def _drawn(seed: int) -> None:
    sheet = image_io.read(samples.shipped("sketch-hands"))  # one below the other
    avatars = np.split(sheet, HANDS)
    st.image(
        Image.fromarray(avatars[seed % HANDS]),
        width="stretch",
        alt="An avatar as image, outline and parts, and in corrupted sketches",
    )
    st.caption(
        "Above: one avatar by day, by night, as an outline and as parts. Below: as four unsteady hands have "
        "drawn it so far. Another seed shows another one."
    )
