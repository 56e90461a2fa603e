"""Under the hood of the whole studio: what a network sees of a picture, layer by layer."""

from __future__ import annotations

import streamlit as st

from pages.form.samples import SHIPPED
from pages.widgets import browser_pictures, under_the_hood

PHOTO = "chelsea"
# Layer -> what these maps of it answer to.
LAYERS = {
    "block1_conv2": "Edges, each map in a direction of its own, as fine as the photo.",
    "block2_conv2": "Lines and stripes: the whiskers, the fur, the rim of the face.",
    "block3_conv3": "Textures and small shapes: spots that may be eyes.",
    "block4_conv3": "Parts: the eyes and the brows; the fur is gone.",
    "block5_conv3": "The head as a whole; a square stands for 16 px of the photo.",
}

_WHAT = """
Everything here rests on one idea: a network that was trained to classify photos has learned features that
are useful for much else. VGG16 ([Simonyan and Zisserman, 2014](https://arxiv.org/abs/1409.1556)) has
thirteen convolutional layers, and three dense layers after them that name the class and are not used here.
Each convolution slides small filters over the feature maps of the layer before. Each filter gives one
channel, which is large where the input resembles what the filter responds to.

Style transfer uses the channels twice: *which ones are active together* is the style, *where* they are
active is the content. Below are the channels that responded most strongly to Chelsea the cat.
"""
_FORMULA = r"F^{\ell}_{c} = \max\!\Big(0,\; b_c + \sum_{k} w_{ck} * F^{\ell-1}_{k}\Big)"


def explain() -> None:
    """The folded section, with one strip of maps a layer."""
    with st.expander(under_the_hood.LABEL, icon=under_the_hood.ICON):
        st.markdown(_WHAT)
        st.latex(_FORMULA)
        for layer, what in LAYERS.items():
            picture = str(SHIPPED / f"layer-{layer}.webp")
            told = f"{layer.replace('_', ', ')}: {what}"
            browser_pictures.captioned(picture, width="stretch", caption=told, alt=what)
