"""Under the hood of painting from drawings: what such a network learns from, and how."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from pages.form import samples
from pages.widgets import under_the_hood
from studio.core.pictures import images
from studio.core.settings import Settings

_TEXT = """
Avatars are drawn by code. So there is not only the image of each one, but its lines, its parts and
its light, and as many training pairs as are needed. In each pair the drawing is done by an **unsteady
hand**: lines wobble and break, parts are out of place or missing. The target image is complete. That is why
half a drawing gives a whole face.

The network is a **U-Net**. Its encoder makes the feature maps smaller and smaller, until one place depends
on the whole drawing, and its decoder makes them larger again. **Skip connections** hand each size of the
encoder to the decoder, so that lines stay where you drew them. Its output says which of 14 **roles** each
pixel has (skin, hair, cloth, ...), and how deep in the shade $d_p$ it is. Colors $c_k$ come last. So another
seed recolors the same face.

A **discriminator** sees a drawing with its true image or with a generated one, and learns to tell them
apart, patch by patch, with a hinge loss. The generator learns to come near the truth and to raise the
discriminator's output.
"""
_FORMULA = r"""\begin{aligned}
\hat{y}_p &= (1 - d_p\,\ell) \sum_k \mathrm{softmax}(m_p)_k \, c_k \\
\mathcal{L}_G &= \lambda \lVert \hat{y} - y \rVert_1 + \mu\,\mathrm{CE}(m, r) \\
&\quad - D(x, \hat{y}) \\
\mathcal{L}_D &= \max(0, 1 - D(x, y)) \\
&\quad + \max(0, 1 + D(x, \hat{y}))
\end{aligned}"""
_PAPERS = (
    "Isola et al., [Image-to-image translation with conditional adversarial "
    "networks](https://arxiv.org/abs/1611.07004), 2016. Ronneberger et al., "
    "[U-Net](https://arxiv.org/abs/1505.04597), 2015."
)
HANDS = 6  # avatars of the picture that is shipped


def explain(settings: Settings | None) -> None:
    """The folded section, with an avatar as the network learns from it."""
    parts = ((st.markdown, _TEXT), (st.latex, _FORMULA), (st.caption, _PAPERS))
    section = under_the_hood.section()
    with section:
        if section.open:
            under_the_hood.beside(parts, lambda: _drawn(getattr(settings, "seed", 0)))


def _drawn(seed: int) -> None:
    sheet = images.read(samples.shipped("sketch-hands"))  # one below the other
    avatars = np.split(sheet, HANDS)
    st.image(
        Image.fromarray(avatars[seed % HANDS]),
        width="stretch",
        alt="An avatar in several ways, and drawn by bad hands",
    )
    st.caption(
        "Above: one avatar by day, by night, as an outline and as parts. Below: as four unsteady hands have "
        "drawn it so far. Another seed shows another one."
    )
