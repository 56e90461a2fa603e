"""The denoising steps of one image of a diffusion model, with a slider over them."""

from __future__ import annotations

import streamlit as st

from pages.faces import grid_view
from pages.jobs import live
from pages.widgets import browser_images, keys
from studio import engine
from studio.core.imaging import image_io
from studio.faces.settings import FacesSettings

IMAGE_SIDE = 224  # px: approximate side of an image on the page


@st.fragment
def show(settings: FacesSettings) -> None:
    """Shows a step of the selected image, or of the first: the noisy image and the predicted clean one.

    A fragment, so moving the slider redraws nothing else.
    """
    if engine.connect().status() != "ready":
        st.caption("Once the studio is ready, the denoising steps of an image appear here.")
        return
    number = settings.face or 1
    update = {"form": "denoising", "face": number, "n": number, "to": 0, "interpolate": 0}
    result = live.make_result(grid_view.TASK, settings.model_copy(update=update), {}, "denoising")
    if result is None:
        return
    steps = settings.steps
    step = st.slider("Denoising step", 0, steps, steps // 2, key=keys.part("denoising_step", steps))
    noisy, prediction = cut_step(result.data, step)
    left, right = st.columns(2)
    with left:
        caption = f"Image {number} at t = {step / steps:.2f}"
        browser_images.show_with_caption(noisy, width="stretch", caption=caption)
    with right:
        caption = "Clean image that the model predicts from it"
        browser_images.show_with_caption(prediction, width="stretch", caption=caption)
    st.caption("Choose another image on the grid, or change **Denoising steps**, **Class** or **Guidance**.")


@st.cache_data(max_entries=256, show_spinner=False)
def cut_step(sheet: bytes, step: int) -> tuple[bytes, bytes]:
    """Cuts the noisy image and the predicted clean one of a step from a sheet of all steps.

    Args:
        sheet: a PNG of the output format "denoising".
        step: 0 is the noise, the last one the result.

    Returns:
        Two PNGs, each pixel enlarged to a block.
    """
    image = image_io.read(sheet)
    side = image.shape[0] // 2
    column = image[:, step * side : (step + 1) * side]
    scale = max(1, IMAGE_SIDE // side)
    large = column.repeat(scale, axis=0).repeat(scale, axis=1)
    return image_io.encode_png(large[: side * scale]), image_io.encode_png(large[side * scale :])
