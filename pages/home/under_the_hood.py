"""Under the hood of the home page: what a network detects in an image, layer by layer."""

from __future__ import annotations

import streamlit as st

from pages.form.samples import IMAGE_FOLDER
from pages.widgets import assets, browser_images, under_the_hood

PHOTO = "chelsea"
# Layer -> what its channels respond to.
LAYERS = {
    "block1_conv2": "Edges and colors, at the resolution of the photo.",
    "block2_conv2": "Lines and stripes: the whiskers, the fur, the rim of the face.",
    "block3_conv3": "Textures and small shapes: spots that may be eyes.",
    "block4_conv3": "Parts: the eyes and the brows; the fur is gone.",
    "block5_conv3": "The head as a whole: one square covers 16 px of the photo.",
}


def explain() -> None:
    """Draws the folded section with one strip of feature maps per layer."""
    with st.expander(under_the_hood.LABEL, icon=under_the_hood.ICON):
        st.markdown(assets.read(__file__, "under_the_hood.md"))
        for layer, description in LAYERS.items():
            image = str(IMAGE_FOLDER / f"layer-{layer}.webp")
            caption = f"{layer.replace('_', ', ')}: {description}"
            browser_images.show_with_caption(image, width="stretch", caption=caption, alt=description)
