"""A magnified crop of the result where the network changed most."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from pages.enhance.enhanced_image import EnhancedImage
from pages.widgets.ab_slider import ab_slider
from studio.core.imaging import image_io
from studio.enhance.comparison import Comparison

SIZE = (213, 320)  # px of the result
TIMES = 3  # magnification


@dataclass(frozen=True)
class _Pair:
    before: bytes
    after: bytes


def show(image: EnhancedImage | None) -> None:
    """Draws the folded section if there is an enhanced image."""
    if image is None:
        return
    icon, key = ":material/zoom_in:", "closer"
    section = st.expander("A closer look", icon=icon, key=key, on_change="rerun", bind="query-params")
    if not section.open:
        return
    with section:
        comparison = image.comparison()
        pair = _pair(image, comparison)
        caption = (
            f"The part that changed most, magnified {TIMES} times: each square is one pixel of the result."
        )
        ab_slider(
            pair.before,
            pair.after,
            ratio=SIZE[1] / SIZE[0],
            key="closer_slider",
            names=("Bicubic" if comparison.scale > 1 else "Before", "Result"),
            caption=caption,
        )


def _pair(image: EnhancedImage, comparison: Comparison) -> _Pair:
    rows, columns = comparison.most_changed(*SIZE)
    pixels = image_io.read(image.data)
    down, right = comparison.offset
    crop = slice(down + rows.start, down + rows.stop), slice(right + columns.start, right + columns.stop)
    after = pixels[crop]
    if comparison.scale == 1:
        before = image_io.read(image.content.read(), image.content.name)[crop]
        return _Pair(_large(np.ascontiguousarray(before)), _large(np.ascontiguousarray(after)))
    gray = comparison.plain[rows, columns]
    colors = after.astype("float32") - comparison.result[rows, columns][..., None]
    plain = np.rint(np.clip(colors + gray[..., None], 0, 255)).astype("uint8")
    return _Pair(_large(plain), _large(after))


def _large(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.kron(pixels, np.ones((TIMES, TIMES, 1), "uint8"))).save(buffer, "WEBP", quality=92)
    return buffer.getvalue()
