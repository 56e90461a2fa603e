"""Under the hood of colouring: how sure the network was, and which colours it chose among."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import under_the_hood

_WHAT = """
A gray photo has lost its colors for good: a gray dress may have been red or green. The network can only say
what is **likely**. It was trained on thousands of photos in gray together with their colors. It knows lawns
and skies, and guesses at dresses.

A network trained to output one color per place by squared error learns the mean of all that it saw there,
and the mean of red and green is brown. So it outputs a **probability** for each of 123 colors instead. The
result is their mean after the distribution is sharpened by a temperature $T$ below 1 (**annealed mean**),
which keeps likely colors and drops the rest:
"""
_FORMULA = r"""\begin{aligned}
p_q &\propto \exp\!\Big(\tfrac{z_q + (v - v_0)\log w_q}{T}\Big) \\
(a^*, b^*) &= \sum\nolimits_q p_q \, c_q
\end{aligned}"""
_MORE = """
Vividness is *v*. The higher it is, the more a rare color counts (its weight *w*), since photos are mostly
gray and brown. A dab of the brush gives the network the color of a place. An example photo raises the
probability of the colors that it has at places of similar lightness, and another *variant* raises some at
random. Lightness is not changed: only *a*\\* and *b*\\* are new, and they follow the edges of the photo.
"""
_PAPERS = (
    "Zhang, Isola and Efros, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511), 2016. Zhang et "
    "al., [Real-Time User-Guided Image Colorization with Learned Deep Priors]"
    "(https://arxiv.org/abs/1705.02999), 2017. He, Sun and Tang, Guided Image Filtering, 2010."
)


def explain(figures: Mapping[str, Any] | None) -> None:
    """The folded section; with the figures of a result, drawn from its own numbers."""
    parts = ((st.markdown, _WHAT), (st.latex, _FORMULA), (st.markdown, _MORE), (st.caption, _PAPERS))
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _of_this_run(figures))


def _of_this_run(figures: Mapping[str, Any] | None) -> None:
    if not figures or "sure" not in figures:
        st.caption("Once there is a result, what the network was sure of is drawn here.")
        return
    st.image(sure_map(figures["sure"]), width="stretch", alt="How sure the network was, place by place")
    st.caption(
        "How sure the network was: white where hardly more than one colour came into question, dark where "
        "many did. A dark place is a guess, and another colouring will differ most there."
    )
    left, right = st.columns(2, wrap=False)
    left.metric("Sure, in the mean", f"{np.mean(figures['sure']):.0f} %")
    right.metric("Colourfulness", f"{figures['colourfulness']:.0f}", help="The mean distance from grey")


def sure_map(sure: list[list[int]]) -> np.ndarray:
    """`(H, W) uint8`, large enough to look at, of the per cents that a run gave."""
    small = np.asarray(sure, "float32")
    small = np.rint(255 * np.clip(small / 100, 0, 1)).astype("uint8")
    height, width = (16 * side for side in small.shape)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
