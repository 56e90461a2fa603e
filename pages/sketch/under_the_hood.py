"""Under the hood of Sketch: the training images of the network."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from pages.form import samples
from pages.widgets import assets, under_the_hood
from studio.core.imaging import image_io
from studio.core.settings import Settings

AVATARS = 6  # in the shipped image


def explain(settings: Settings | None) -> None:
    """Draws the folded section with an avatar and the sketches that are generated from it."""
    under_the_hood.show_section(
        lambda: _draw_training_images(getattr(settings, "seed", 0)),
        assets.read(__file__, "under_the_hood.md"),
    )


def _draw_training_images(seed: int) -> None:
    sheet = image_io.read(samples.load_thumbnail("sketch-hands"))  # avatars from top to bottom
    avatars = np.split(sheet, AVATARS)
    st.image(
        Image.fromarray(avatars[seed % AVATARS]),
        width="stretch",
        alt="An avatar as image, outline and parts, and in corrupted sketches",
    )
    st.caption(
        "Above: one avatar by day, by night, as an outline and as parts. Below: as four unsteady hands have "
        "drawn it so far. Another seed shows another one."
    )
