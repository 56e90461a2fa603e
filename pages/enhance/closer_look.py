"""A magnified crop of the result where the network changed most."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.enhance.enhanced_image import EnhancedImage
from pages.widgets import browser_images
from pages.widgets.image_viewer import show_image_viewer
from studio.core.imaging import image_io
from studio.enhance.comparison import Comparison

CROP_SIZE = (213, 320)  # px of the result
MAGNIFICATION = 3  # magnification


def show(image: EnhancedImage | None) -> None:
    """Draws the folded section if there is an enhanced image."""
    if image is None:
        return
    icon, key = ":material/zoom_in:", "closer"
    section = st.expander("A closer look", icon=icon, key=key, on_change="rerun", bind="query-params")
    if not section.open:
        return
    with section:
        comparison = image.compare()
        before, after = _crop_pair(image, comparison)
        caption = (
            f"The part that changed most, magnified {MAGNIFICATION} times: each square is one pixel "
            f"of the result."
        )
        show_image_viewer(
            after,
            before,
            size=(MAGNIFICATION * CROP_SIZE[1], MAGNIFICATION * CROP_SIZE[0]),
            key="closer_slider",
            names=("Bicubic" if comparison.scale > 1 else "Before", "Result"),
            caption=caption,
        )


def _crop_pair(image: EnhancedImage, comparison: Comparison) -> tuple[bytes, bytes]:
    """Returns the crop before and after."""
    rows, columns = comparison.find_most_changed(*CROP_SIZE)
    pixels = image_io.read(image.data)
    down, right = comparison.offset
    crop = slice(down + rows.start, down + rows.stop), slice(right + columns.start, right + columns.stop)
    after = pixels[crop]
    if comparison.scale == 1:
        before = image_io.read(image.content.read(), image.content.name)[crop]
        return _magnify(before), _magnify(after)
    gray = comparison.plain[rows, columns]
    colors = after.astype("float32") - comparison.result[rows, columns][..., None]
    plain = np.rint(np.clip(colors + gray[..., None], 0, 255)).astype("uint8")
    return _magnify(plain), _magnify(after)


def _magnify(pixels: np.ndarray) -> bytes:
    magnified = np.kron(pixels, np.ones((MAGNIFICATION, MAGNIFICATION, 1), "uint8"))
    return browser_images.encode_webp(magnified, quality=92)
